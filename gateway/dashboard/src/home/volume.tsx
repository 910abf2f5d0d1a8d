/** How many lines there were over time, by level. What is pointed at is said in words above; a click opens its lines. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useId, useState } from 'react';
import { usePreferences } from '../app/preferences';
import { levelColour } from '../design/level';
import { exact, short } from '../design/numbers';
import { Section } from '../design/page';
import { Failed, Note } from '../design/states';
import { useWidth } from '../design/width';
import { type Column, columnsOf, errorsOf, pathOf, STACK, ticksOf } from '../explore/histogram/bars';
import { type Asked, between } from '../explore/time/span';
import { betweenWords, type Zone } from '../explore/time/words';
import { type Volume, volume } from './figures';
import { toExplore } from './toexplore';
import css from './volume.module.css';

const HEIGHT = 120;
const TICK_ROOM = 110;

export function VolumePanel({ asked }: { asked: Asked }) {
  const { data, error, isPlaceholderData, refetch } = useQuery(volume(asked));
  return (
    <Section title="Lines by level">
      {error && !data ? (
        <Failed what="The volume could not be read" error={error} onRetry={() => void refetch()} />
      ) : (
        <Chart volume={data} isOld={isPlaceholderData} />
      )}
      {data?.histogram.partial && <Note>In part: {data.histogram.warnings.join(' ')}</Note>}
    </Section>
  );
}

/** Its room is the same before there is anything. */
function Chart({ volume, isOld }: { volume: Volume | undefined; isOld: boolean }) {
  const zone = usePreferences((state) => state.zone);
  const navigate = useNavigate();
  const { frame, width } = useWidth();
  const [pointed, setPointed] = useState<number | null>(null);
  const { from, to } = volume?.span ?? { from: new Date(0), to: new Date(0) };
  const columns = volume
    ? columnsOf(volume.histogram.buckets, volume.step, from.getTime(), to.getTime())
    : [];
  const column = pointed === null ? undefined : columns[pointed];
  const open = ({ start, end }: Column) =>
    void navigate({ to: '/explore', search: toExplore(between(start, end), {}) } as never);
  return (
    <div>
      <p className={css.words}>
        {volume ? (column ? said(column, zone) : summary(columns, zone)) : 'Counting …'}
      </p>
      <div ref={frame} className={css.chart} data-old={isOld || undefined} aria-busy={!volume || isOld}>
        {volume && width > 0 && (
          <>
            <Bars columns={columns} width={width} zone={zone} />
            <Buckets columns={columns} pointed={pointed} zone={zone} onPoint={setPointed} onOpen={open} />
          </>
        )}
      </div>
    </div>
  );
}

function Bars({ columns, width, zone }: { columns: Column[]; width: number; zone: Zone }) {
  const [first, last] = [columns.at(0)?.start ?? 0, columns.at(-1)?.end ?? 0];
  const most = Math.max(...columns.map(({ count }) => count), 0);
  const ticks = ticksOf(first, last, Math.max(2, Math.floor(width / TICK_ROOM)), zone);
  return (
    <svg width={width} height={HEIGHT + 20} aria-hidden="true" className={css.svg}>
      <text x="0" y="12" className={css.tick}>
        {short(most)}
      </text>
      <g transform="translate(0 16)">
        {STACK.map((layer) => (
          <path
            key={layer}
            style={{ fill: levelColour(layer) }}
            d={pathOf(layer, columns, width, HEIGHT - 16)}
          />
        ))}
      </g>
      <line x1="0" x2={width} y1={HEIGHT + 0.5} y2={HEIGHT + 0.5} className={css.axis} />
      {ticks.map(({ at, label }) => {
        const x = ((at - first) / Math.max(last - first, 1)) * width;
        const isNearEnd = x > width - 40;
        return (
          <text
            key={at}
            x={isNearEnd ? width : x}
            y={HEIGHT + 16}
            textAnchor={isNearEnd ? 'end' : x < 20 ? 'start' : 'middle'}
            className={css.tick}
          >
            {label}
          </text>
        );
      })}
    </svg>
  );
}

interface BucketsProps {
  columns: Column[];
  pointed: number | null;
  zone: Zone;
  onPoint: (at: number | null) => void;
  onOpen: (column: Column) => void;
}

/** One after the other by arrow keys, opened by Enter. */
function Buckets({ columns, pointed, zone, onPoint, onOpen }: BucketsProps) {
  const id = useId();
  const hear = (event: KeyboardEvent) => {
    const next = stepped(event.key, pointed, columns.length);
    const chosen = pointed === null ? undefined : columns[pointed];
    if (next !== undefined) onPoint(next);
    else if ((event.key === 'Enter' || event.key === ' ') && chosen) onOpen(chosen);
    else return;
    event.preventDefault();
  };
  return (
    <div
      className={css.buckets}
      role="listbox"
      tabIndex={0}
      aria-label="Lines by level: arrow keys move, Enter opens the lines"
      aria-activedescendant={pointed === null ? undefined : `${id}-${pointed}`}
      onKeyDown={hear}
      onFocus={(event) => event.target.matches(':focus-visible') && onPoint(pointed ?? columns.length - 1)}
      onBlur={() => onPoint(null)}
      onPointerLeave={() => onPoint(null)}
    >
      {columns.map((column, at) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: keys are heard by the list
        <div
          key={column.start}
          id={`${id}-${at}`}
          role="option"
          tabIndex={-1}
          aria-selected={at === pointed}
          aria-label={said(column, zone)}
          className={css.bucket}
          onPointerEnter={() => onPoint(at)}
          onClick={() => onOpen(column)}
        />
      ))}
    </div>
  );
}

/** Where a key leads; undefined if it leads nowhere. */
export function stepped(key: string, at: number | null, count: number): number | null | undefined {
  const last = count - 1;
  switch (key) {
    case 'ArrowLeft':
      return Math.max((at ?? count) - 1, 0);
    case 'ArrowRight':
      return Math.min((at ?? -1) + 1, last);
    case 'Home':
      return 0;
    case 'End':
      return last;
    case 'Escape':
      return null;
    default:
      return undefined;
  }
}

function said(column: Column, zone: Zone): string {
  const errors = errorsOf(column);
  const warnings = column.levels.warning ?? 0;
  const parts = [
    betweenWords(column.start, column.end, zone),
    counted(column.count, 'line'),
    ...(errors > 0 ? [counted(errors, 'error')] : []),
    ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
  ];
  return parts.join(' · ');
}

function summary(columns: Column[], zone: Zone): string {
  const most = columns.reduce<Column | null>(
    (best, one) => (one.count > (best?.count ?? 0) ? one : best),
    null,
  );
  if (!most) return 'There are no lines in this time.';
  return `Most: ${exact(most.count)}, ${betweenWords(most.start, most.end, zone)}`;
}

function counted(count: number, what: string): string {
  return `${exact(count)} ${what}${count === 1 ? '' : 's'}`;
}
