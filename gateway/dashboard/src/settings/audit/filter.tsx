/** The conditions of the audit. What was typed counts when it is sent; what the server refuses stays, with the reason. */
import { useState } from 'react';
import { fieldOf, reasonOf } from '../../app/sending';
import { Button, Choice, TextField } from '../../design/controls';
import type { Named } from '../parts/names';
import css from '../parts/parts.module.css';
import { FILTERS, type Filter, type Filters, isFiltered } from './asked';
import own from './audit.module.css';

const KINDS = ['person', 'key', 'operator', 'visitor', 'system'];

interface FilterProps {
  filters: Filters;
  named: Named[];
  error: unknown;
  /** Of the entries that are shown. */
  actions: string[];
  onFilter: (filters: Filters) => void;
}

export function FilterForm({ filters, named, error, actions, onFilter }: FilterProps) {
  const [typed, setTyped] = useState(filters);
  const [shown, setShown] = useState(filters);
  // The address has other filters than what was typed from.
  if (FILTERS.some((name) => filters[name] !== shown[name])) {
    setShown(filters);
    setTyped(filters);
  }
  const field = (name: Filter) => ({
    name,
    value: typed[name],
    wrong: fieldOf(error) === name ? reasonOf(error) : undefined,
    autoComplete: 'off',
    onChange: ({ target }: { target: { value: string } }) => setTyped({ ...typed, [name]: target.value }),
  });
  const known = [...KINDS, ...named.map(({ id }) => id)];
  const none = Object.fromEntries(Object.keys(filters).map((name) => [name, ''])) as Filters;
  return (
    <search>
      <form
        className={own.filters}
        aria-label="Conditions"
        onSubmit={(event) => {
          event.preventDefault();
          onFilter(typed);
        }}
      >
        <TextField label="From" placeholder="now-7d" list="audit-times" {...field('from')} />
        <TextField label="To" placeholder="now" {...field('to')} />
        <datalist id="audit-times">
          {['now-1h', 'now-24h', 'now-7d', 'now-30d'].map((time) => (
            <option key={time} value={time} />
          ))}
        </datalist>
        <Choice label="Who" {...field('actor')}>
          <option value="">anybody</option>
          {KINDS.map((kind) => (
            <option key={kind}>{kind}</option>
          ))}
          {named.map(({ id, name, kind }) => (
            <option key={id} value={id}>
              {name} ({kind})
            </option>
          ))}
          {typed.actor !== '' && !known.includes(typed.actor) && <option>{typed.actor}</option>}
        </Choice>
        <TextField label="What" placeholder="key_created" list="audit-actions" {...field('action')} />
        <datalist id="audit-actions">
          {actions.map((action) => (
            <option key={action} value={action} />
          ))}
        </datalist>
        <TextField label="To which thing" placeholder="key, or key/ID" {...field('object')} />
        <TextField label="From address" placeholder="192.0.2.7" {...field('address')} />
        <TextField label="Request" placeholder="X-Request-Id" {...field('request_id')} />
        <div className={css.row}>
          <Button type="submit" kind="main">
            Show
          </Button>
          {isFiltered(filters) && <Button onClick={() => onFilter(none)}>Show all</Button>}
        </div>
      </form>
    </search>
  );
}
