/** One field: its name, and once it is open its values, their numbers, and whether it is a column. */
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useDeferredValue, useState } from 'react';
import { question } from '../../api/questions';
import type { ValueCount } from '../../api/schema';
import { exact, short } from '../../design/numbers';
import { readable } from '../../design/readable';
import { sentence } from '../../design/states';
import css from './fields.module.css';
import { Statistics } from './statistics';
import { Value } from './value';

export interface FieldProps {
  name: string;
  /** Beside the name: how many lines or values there are. */
  about: string;
  types: string[];
  isColumn: boolean;
  isOpen: boolean;
  /** Values that are known without asking. */
  known?: { values: ValueCount[]; others: number } | undefined;
  filter: string;
  from: string | undefined;
  to: string | undefined;
  onToggle(name: string): void;
  onInclude(field: string, value: string): void;
  onExclude(field: string, value: string): void;
  onColumn(field: string): void;
}

const SHOWN = 10;
const MORE = 100;

export function Field(props: FieldProps) {
  const { name, about, isColumn, isOpen, onToggle, onColumn } = props;
  return (
    <li>
      <div className={css.head}>
        <h3>
          <button type="button" className={css.name} aria-expanded={isOpen} onClick={() => onToggle(name)}>
            <span className={css.fold} aria-hidden>
              {isOpen ? '▾' : '▸'}
            </span>
            <span className={css.text} title={readable(name)}>
              {readable(name)}
            </span>
          </button>
        </h3>
        <button
          type="button"
          className={css.column}
          aria-pressed={isColumn}
          aria-label={`Column ${readable(name)}`}
          title={isColumn ? 'Take the column away' : 'Show as a column'}
          onClick={() => onColumn(name)}
        >
          {isColumn ? 'column' : '+ column'}
        </button>
        <span className={css.count}>{about}</span>
      </div>
      {isOpen && <Opened {...props} />}
    </li>
  );
}

function Opened(props: FieldProps) {
  const { name, types, known, filter, from, to } = props;
  const [typed, setTyped] = useState('');
  const [isLong, setIsLong] = useState(false);
  const contains = useDeferredValue(typed.trim());
  const needsMore = isLong || contains !== '';
  const { data, error, isPlaceholderData } = useQuery({
    ...question('GET /api/logs/fields/{name}/values', {
      path: { name },
      query: { q: filter, from, to, size: needsMore ? MORE : SHOWN, contains: contains || undefined },
    }),
    enabled: !known || needsMore,
  });
  const found = !needsMore && known ? known : data && { values: data.results, others: data.others };
  const isNumber = types.includes('number');
  return (
    <div className={css.opened}>
      {isNumber && <Statistics filter={filter} field={name} from={from} to={to} />}
      {(typed !== '' || isLong) && (
        <input
          className={css.find}
          aria-label={`Find a value of ${readable(name)}`}
          placeholder="Find a value"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
      {error ? (
        <p className={css.quiet}>{sentence(error)}</p>
      ) : !found ? (
        <p className={css.quiet} role="status">
          Counting …
        </p>
      ) : (
        <Values {...props} {...found} isLong={isLong} isOld={isPlaceholderData} />
      )}
      {found && found.others > 0 && !isLong && (
        <button type="button" className={css.more} onClick={() => setIsLong(true)}>
          {short(found.others)} lines have others
        </button>
      )}
    </div>
  );
}

interface ValuesProps extends FieldProps {
  isLong: boolean;
  values: ValueCount[];
  others: number;
  isOld: boolean;
}

function Values({ name, values, others, isLong, isOld, onInclude, onExclude }: ValuesProps): ReactNode {
  if (values.length === 0) return <p className={css.quiet}>No line found has such a value.</p>;
  const all = values.reduce((sum, { count }) => sum + count, others);
  return (
    <>
      <ul className={css.values} data-old={isOld || undefined}>
        {values.map(({ value, count }) => (
          <Value
            key={value}
            field={name}
            value={value}
            count={count}
            share={count / all}
            onInclude={onInclude}
            onExclude={onExclude}
          />
        ))}
      </ul>
      {others > 0 && isLong && (
        <p className={css.quiet} title={`${exact(others)} lines`}>
          {short(others)} lines have others
        </p>
      )}
    </>
  );
}
