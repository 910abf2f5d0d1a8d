/** Four figures of the span, each with its change against as long before. Each is a way to its lines. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { usePreferences } from '../app/preferences';
import { Moment } from '../design/moment';
import { exact, percent, short } from '../design/numbers';
import { Failed, Note } from '../design/states';
import type { Asked } from '../explore/time/span';
import { betweenWords } from '../explore/time/words';
import { spanBefore } from './asked';
import { difference, growth, pointsBetween } from './change';
import { type Figures, figures } from './figures';
import css from './home.module.css';
import { toExplore } from './toexplore';

interface Tile {
  name: string;
  value: string;
  exactly: string;
  change: string;
  q: string;
}

export function tilesOf({ now, before, services }: Figures): Tile[] {
  const errors = 'level>=error';
  return [
    {
      name: 'Lines',
      value: short(now.total),
      exactly: exact(now.total),
      change: growth(now.total, before.total),
      q: '',
    },
    {
      name: 'Errors',
      value: short(now.errors),
      exactly: exact(now.errors),
      change: growth(now.errors, before.errors),
      q: errors,
    },
    {
      name: 'Error share',
      value: percent(now.error_rate),
      exactly: `${exact(now.errors)} of ${exact(now.total)}`,
      change: pointsBetween(now.error_rate, before.error_rate),
      q: errors,
    },
    {
      name: 'Services',
      value: short(services.now),
      exactly: exact(services.now),
      change: difference(services.now, services.before),
      q: '| stats count() as lines by service | sort -lines',
    },
  ];
}

export function Tiles({ asked }: { asked: Asked }) {
  const { data, error, isPlaceholderData, refetch } = useQuery(figures(asked));
  if (error && !data)
    return <Failed what="The figures could not be read" error={error} onRetry={() => void refetch()} />;
  const tiles = data ? tilesOf(data) : NO_TILES;
  const isCompared = data?.base.name === 'whole';
  const warnings = [...new Set([...(data?.now.warnings ?? []), ...(data?.before.warnings ?? [])])];
  return (
    <section
      aria-label="Figures"
      aria-busy={!data}
      className={css.figures}
      data-old={isPlaceholderData || undefined}
    >
      <ul className={css.tiles}>
        {tiles.map(({ name, value, exactly, change, q }) => (
          <li key={name}>
            <Link to="/explore" search={toExplore(asked, { q }) as never} className={css.tile}>
              <span className={css.label}>{name}</span>
              <span className={css.value} title={exactly}>
                {value}
              </span>
              {isCompared && <span className={css.change}>{change}</span>}
            </Link>
          </li>
        ))}
      </ul>
      <p className={css.base}>{data ? <BaseWords base={data.base} span={data.span} /> : '\u00a0'}</p>
      {(data?.now.partial || data?.before.partial) && <Note>In part: {warnings.join(' ')}</Note>}
      {error && data && <Note kind="error">These figures are old: they could not be read again.</Note>}
    </section>
  );
}

const NO_TILES: Tile[] = ['Lines', 'Errors', 'Error share', 'Services'].map((name) => ({
  name,
  value: '–',
  exactly: 'Being counted',
  change: '',
  q: '',
}));

function BaseWords({ base, span }: Pick<Figures, 'base' | 'span'>) {
  const zone = usePreferences((state) => state.zone);
  const earlier = spanBefore(span);
  switch (base.name) {
    case 'whole':
      return `Changes are against ${betweenWords(earlier.from.getTime(), earlier.to.getTime() + 1, zone)}.`;
    case 'short':
      return (
        <>
          No changes are shown: the first line is from <Moment at={base.earliest} />, so there is no time
          before that is as long.
        </>
      );
    case 'none':
      return '\u00a0';
  }
}
