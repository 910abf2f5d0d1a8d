/**
 * The fields of what was found, with their most frequent values.
 *
 * Invariant: counts are those of the query without its pipes; names are of all lines in the span, so that a field can be
 * found that no line here has. Which fields are open is kept while the panel is shown.
 */
import { useQuery } from '@tanstack/react-query';
import { memo, useDeferredValue, useMemo, useState } from 'react';
import { Failure } from '../../api/client';
import { question } from '../../api/questions';
import { exact, short } from '../../design/numbers';
import { Failed, Waiting } from '../../design/states';
import { filterOf } from '../editor/tokens';
import { Field, type FieldProps } from './field';
import css from './fields.module.css';
import { FACETS, type Listed, listed, matching, OPEN_FACETS } from './listing';
import { useSteady } from './steady';

interface Does {
  onInclude(field: string, value: string): void;
  onExclude(field: string, value: string): void;
  onColumn(field: string): void;
}

interface FieldsProps extends Does {
  q: string;
  from?: string;
  to?: string;
  columns: string[];
}

interface PanelProps {
  filter: string;
  from: string | undefined;
  to: string | undefined;
  /** Joined. */
  columns: string;
  does: Does;
}

const VALUES_SHOWN = 10;
const FIELDS_MAX = 2000;
/** More are drawn when they are asked for. */
const FIELDS_SHOWN = 200;

export function Fields({ q, from, to, columns, onInclude, onExclude, onColumn }: FieldsProps) {
  const does = useSteady({ onInclude, onExclude, onColumn });
  const filter = useMemo(() => filterOf(q), [q]);
  return <Panel filter={filter} from={from} to={to} columns={columns.join('\n')} does={does} />;
}

/** It is drawn again for what it shows only, not for each key that is typed elsewhere. */
const Panel = memo(function Panel({ filter, from, to, columns, does }: PanelProps) {
  const [typed, setTyped] = useState('');
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(FACETS.slice(0, OPEN_FACETS)));
  const [isLong, setIsLong] = useState(false);
  const wanted = useDeferredValue(typed);
  const names = useQuery(question('GET /api/logs/fields', { query: { from, to, size: FIELDS_MAX } }));
  const facets = useQuery(
    question('GET /api/logs/facets', { query: { fields: FACETS, q: filter, from, to, size: VALUES_SHOWN } }),
  );
  const all = useMemo(() => listed(names.data?.results ?? []), [names.data]);
  const chosen = columns.split('\n');
  const onToggle = (name: string) => {
    const next = new Set(open);
    if (!next.delete(name)) next.add(name);
    setOpen(next);
  };
  const field = ({ name, types, count }: Listed, known?: FieldProps['known']) => (
    <Field
      key={name}
      name={name}
      types={types}
      about={known ? `${known.values.length}${known.others > 0 ? '+' : ''}` : short(count)}
      isColumn={chosen.includes(name)}
      isOpen={open.has(name)}
      known={known}
      filter={filter}
      from={from}
      to={to}
      onToggle={onToggle}
      {...does}
    />
  );
  const isQueryWrong = facets.error instanceof Failure && facets.error.code === 'invalid_query';
  const counted = (facets.data?.facets ?? []).filter(({ values }) => values.length > 0);
  const others = all.filter(({ name }) => !FACETS.includes(name));
  const found = matching(others, wanted);
  return (
    <div className={css.fields}>
      <input
        type="search"
        className={css.find}
        aria-label="Find a field"
        placeholder="Find a field"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <h2 className="unseen">Most frequent values</h2>
      {isQueryWrong ? (
        <p className={css.quiet}>Values are counted once the query can be read.</p>
      ) : facets.error ? (
        <Failed what="Values were not counted" error={facets.error} onRetry={() => void facets.refetch()} />
      ) : !facets.data ? (
        <Waiting what="Counting values" />
      ) : counted.length === 0 ? (
        <p className={css.quiet}>No line was found whose values could be counted.</p>
      ) : (
        <ul data-old={facets.isPlaceholderData || undefined}>
          {matching(
            counted.map((one) => ({ ...one, name: one.field })),
            wanted,
          ).map(({ name, values, others }) =>
            field(all.find((one) => one.name === name) ?? { name, types: [], count: 0 }, { values, others }),
          )}
        </ul>
      )}
      {facets.data?.partial && <p className={css.quiet}>{facets.data.warnings.join(' ')}</p>}
      <h2 className={css.title}>Other fields</h2>
      {names.error ? (
        <Failed what="The fields were not read" error={names.error} onRetry={() => void names.refetch()} />
      ) : !names.data ? (
        <Waiting what="Reading fields" />
      ) : found.length > 0 ? (
        <ul>{(isLong ? found : found.slice(0, FIELDS_SHOWN)).map((one) => field(one))}</ul>
      ) : (
        <p className={css.quiet}>
          {others.length === 0
            ? 'No line in this span has a field.'
            : `No other field has “${wanted}” in its name.`}
        </p>
      )}
      {found.length > FIELDS_SHOWN && !isLong && (
        <button type="button" className={css.more} onClick={() => setIsLong(true)}>
          Show {exact(found.length - FIELDS_SHOWN)} more
        </button>
      )}
    </div>
  );
});
