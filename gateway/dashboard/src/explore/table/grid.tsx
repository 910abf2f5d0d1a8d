/** The table itself. Rows that cannot be seen are room: the table is as high as all of them. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useRef } from 'react';
import { usePreferences } from '../../app/preferences';
import { exact, short } from '../../design/numbers';
import { readable } from '../../design/readable';
import { instantWords, type Zone } from '../time/words';
import css from './results.module.css';
import { type Kind, named, type Order } from './shape';

interface GridProps {
  columns: string[];
  kinds: Kind[];
  rows: readonly unknown[][];
  order: Order | null;
  onOrder(order: Order | null): void;
  onValue?(column: string, value: unknown): void;
}

const ROWS = { compact: 22, comfortable: 28 };
const WIDEST = 60;
const SAMPLED = 200;

export function Grid({ columns, kinds, rows, order, onOrder, onValue }: GridProps) {
  const frame = useRef<HTMLElement>(null);
  const { density, zone } = usePreferences();
  const height = ROWS[density];
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: () => height,
    overscan: 12,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the density says how high a row is
  useEffect(() => virtual.measure(), [height, virtual]);
  const seen = virtual.getVirtualItems();
  const [before, after] = [seen[0]?.start ?? 0, virtual.getTotalSize() - (seen.at(-1)?.end ?? 0)];
  const widths = columns.map((name, at) => widthOf(name, rows, at, kinds[at] ?? 'text'));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
    <section ref={frame} className={css.scroll} aria-label="Rows" tabIndex={0}>
      <table className={css.grid} aria-rowcount={rows.length + 1} style={{ width: `${sum(widths)}ch` }}>
        <colgroup>
          {widths.map((width, at) => (
            <col key={at} style={{ width: `${width}ch` }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((name, at) => (
              <Head key={at} name={name} kind={kinds[at] ?? 'text'} order={order} onOrder={onOrder} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Room height={before} columns={columns.length} />
          {seen.map(({ index }) => (
            <Row
              key={index}
              at={index}
              row={rows[index] ?? []}
              columns={columns}
              kinds={kinds}
              zone={zone}
              height={height}
              onValue={onValue}
            />
          ))}
          <Room height={after} columns={columns.length} />
        </tbody>
      </table>
    </section>
  );
}

function Room({ height, columns }: { height: number; columns: number }) {
  if (height <= 0) return null;
  return (
    <tr>
      <td className={css.room} colSpan={columns} style={{ height }} />
    </tr>
  );
}

interface HeadProps {
  name: string;
  kind: Kind;
  order: Order | null;
  onOrder(order: Order | null): void;
}

/** Numbers begin with the largest, everything else with the first; the third time it is as it came. */
function Head({ name, kind, order, onOrder }: HeadProps) {
  const isIt = order?.column === name;
  const isFirstDown = kind === 'number';
  const next = !isIt
    ? { column: name, isDown: isFirstDown }
    : order.isDown === isFirstDown
      ? { column: name, isDown: !isFirstDown }
      : null;
  return (
    <th scope="col" data-kind={kind} aria-sort={isIt ? (order.isDown ? 'descending' : 'ascending') : 'none'}>
      <button type="button" className={css.sort} title={readable(name)} onClick={() => onOrder(next)}>
        <bdi className={css.cut}>{readable(name)}</bdi>
        <span aria-hidden className={css.arrow}>
          {isIt ? (order.isDown ? '▼' : '▲') : ''}
        </span>
      </button>
    </th>
  );
}

interface RowProps {
  at: number;
  row: unknown[];
  columns: string[];
  kinds: Kind[];
  zone: Zone;
  height: number;
  onValue: ((column: string, value: unknown) => void) | undefined;
}

const Row = memo(function Row({ at, row, columns, kinds, zone, height, onValue }: RowProps) {
  return (
    <tr aria-rowindex={at + 2} style={{ height }}>
      {columns.map((name, index) => {
        const [value, kind] = [row[index], kinds[index] ?? 'text'];
        const isChosen = onValue && kind === 'text' && value !== null && value !== undefined;
        const shown = shownValue(value, kind, zone);
        return (
          <td key={index} data-kind={kind} title={hover(value)}>
            {isChosen ? (
              <button
                type="button"
                className={css.value}
                aria-label={`Search for ${readable(name)} ${shown}`}
                onClick={() => onValue(name, value)}
              >
                {shown}
              </button>
            ) : (
              shown
            )}
          </td>
        );
      })}
    </tr>
  );
});

const CELL_MAX = 400;

export function shownValue(value: unknown, kind: Kind, zone: Zone): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number') return shownNumber(value);
  if (kind === 'time') return instantWords(Date.parse(String(value)), zone);
  const text = readable(named(value));
  return text === '' ? '“”' : text.length > CELL_MAX ? `${text.slice(0, CELL_MAX)}…` : text;
}

/** Whole numbers as they are, up to a million; others with three digits. */
export function shownNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1_000_000) return exact(value);
  if (Math.abs(value) >= 1000) return value < 0 ? `-${short(-value)}` : short(value);
  return String(Number(value.toPrecision(3)));
}

function hover(value: unknown): string | undefined {
  if (value === null || value === undefined) return 'no value';
  if (typeof value !== 'number') return named(value).slice(0, 4 * CELL_MAX);
  return value.toLocaleString('en', { maximumFractionDigits: 20 });
}

/** In characters: what most of it needs. */
function widthOf(name: string, rows: readonly unknown[][], at: number, kind: Kind): number {
  const least = name.length + 5;
  const longest = rows
    .slice(0, SAMPLED)
    .reduce((width, row) => Math.max(width, shownValue(row[at], kind, 'utc').length), 0);
  return Math.min(Math.max(least, longest + 4), WIDEST);
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
