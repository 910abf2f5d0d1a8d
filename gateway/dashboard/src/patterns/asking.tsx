/** The form above the patterns: which lines are looked at, and in which order they come. It keeps what was typed. */
import { useState } from 'react';
import type { Search } from '../app/address';
import { Button, Check, Choice, TextField } from '../design/controls';
import { sentence } from '../design/states';
import { problemOf } from '../explore/problem';
import { TimePicker } from '../explore/time/picker';
import { writtenAsked } from '../home/asked';
import { type PatternsAsked, SORTS, USUAL } from './asked';
import css from './patterns.module.css';

interface AskingProps {
  asked: PatternsAsked;
  error: unknown;
  say: (change: Search) => void;
}

export function Asking({ asked, error, say }: AskingProps) {
  const [typed, setTyped] = useState(asked.q);
  const problem = typed === asked.q ? problemOf(error) : null;
  const mended = problem?.suggestion
    ? asked.q.slice(0, problem.start) + problem.suggestion + asked.q.slice(problem.end)
    : null;
  return (
    <form
      className={css.asking}
      onSubmit={(event) => {
        event.preventDefault();
        say({ q: typed.trim() || undefined, size: undefined });
      }}
    >
      <div className={css.row}>
        <div className={css.query}>
          <TextField
            label="Query"
            placeholder="All lines; such as service:shop and level>=warning"
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            wrong={problem && sentence(problem.message)}
          />
        </div>
        <Button type="submit" kind="main">
          Run
        </Button>
        <div className={css.time}>
          <TimePicker
            asked={asked.asked}
            onChange={(to) => say({ ...writtenAsked(to, USUAL), size: undefined })}
          />
        </div>
      </div>
      {mended !== null && (
        <Button
          onClick={() => {
            setTyped(mended);
            say({ q: mended, size: undefined });
          }}
        >
          Use <code>{mended}</code>
        </Button>
      )}
      <div className={css.row}>
        <Choice
          label="Order"
          className={css.order}
          value={asked.sort}
          onChange={({ target }) => say({ sort: target.value === 'frequent' ? undefined : target.value })}
        >
          {Object.entries(SORTS).map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </Choice>
        <Check
          label="Only new ones"
          checked={asked.onlyNew}
          onChange={({ target }) => say({ new: target.checked ? '1' : undefined, size: undefined })}
        />
      </div>
    </form>
  );
}
