/**
 * Lines, one below the other: those that came while one looks on, then those that a search found.
 *
 * Invariant: only what is seen is drawn; nothing that one reads moves by itself. It asks nobody. It is a grid by its roles,
 * as a table cannot leave out the rows that nobody sees; the grid hears the keys, and has the focus.
 */
import { type CSSProperties, type KeyboardEvent, memo, useEffect, useRef } from 'react';
import type { Gap } from '../../api/live';
import type { Line } from '../../api/schema';
import { usePreferences } from '../../app/preferences';
import { exact } from '../../design/numbers';
import type { Arrangement } from './arrangement';
import { Cell, lay, standing } from './columns';
import { Head } from './head';
import css from './rows.module.css';
import { trackOf } from './track';
import { type Seen, useWindow } from './window';

export type Row =
  | { kind: 'line'; line: Line }
  | { kind: 'gap'; gap: Gap; after: string | null }
  | { kind: 'awaited' };

export interface RowsProps {
  count: number;
  row(at: number): Row;
  columns: string[];
  /** How many of them stay in sight, from the left. */
  pinned: number;
  marks: readonly string[];
  /** Lines are of several days. */
  withDay: boolean;
  /** The id of the line that is open. */
  open: string | null;
  active: number;
  onActive(at: number): void;
  onOpen(line: Line): void;
  onSeen(seen: Seen): void;
  onGap(gap: Gap, after: string | null): void;
  onArrange(arrangement: Arrangement): void;
}

const HEIGHTS = { compact: 22, comfortable: 28 };
const WRAPPED_LINES = 3;
const LINE_HEIGHT = 20;

export function Rows(props: RowsProps) {
  const { count, row, columns, pinned, marks, withDay, open, active } = props;
  const { onActive, onOpen, onSeen, onGap, onArrange } = props;
  const { density, wrap, zone, widths } = usePreferences();
  const height = HEIGHTS[density] + (wrap ? (WRAPPED_LINES - 1) * LINE_HEIGHT : 0);
  const box = useRef<HTMLDivElement>(null);
  const { seen, skipped } = useWindow(box, height, count, active);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever listens wants what is new only
  useEffect(() => onSeen(seen), [seen]);

  const keys = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: seen.fit, PageUp: -seen.fit }[event.key];
    const chosen = row(active);
    if (step) onActive(Math.min(Math.max(active + step, 0), count - 1));
    else if (event.key === 'Home') onActive(0);
    else if (event.key === 'End') onActive(count - 1);
    else if (event.key === 'Enter' && chosen.kind === 'line') onOpen(chosen.line);
    else return;
    event.preventDefault();
  };
  const last = Math.min(seen.last, count - 1);
  const shown = Array.from({ length: Math.max(last - seen.first + 1, 0) }, (_, at) => seen.first + at);
  const style = { ...lay({ columns, pinned }, widths), '--height': `${height}px` } as CSSProperties;
  return (
    <div
      ref={box}
      className={css.box}
      style={style}
      role="grid"
      aria-label="Lines"
      aria-rowcount={count + 1}
      aria-activedescendant={active >= 0 ? `row-${active}` : undefined}
      data-wrap={wrap}
      tabIndex={0}
      onKeyDown={keys}
    >
      <Head columns={columns} pinned={pinned} widths={widths} onArrange={onArrange} />
      <div className={css.all} style={{ height: trackOf(count * height) }} role="rowgroup">
        <div
          className={css.drawn}
          style={{ transform: `translateY(${seen.first * height - skipped}px)` }}
          role="presentation"
        >
          {shown.map((at) => {
            const here = row(at);
            if (here.kind === 'gap')
              return <GapRow key={`gap-${here.gap.from}`} at={at} {...here} onGap={onGap} />;
            if (here.kind === 'awaited') return <Awaited key={`awaited-${at}`} at={at} />;
            return (
              <LineRow
                key={here.line.id}
                at={at}
                line={here.line}
                columns={columns}
                pinned={pinned}
                marks={marks}
                zone={zone}
                withDay={withDay}
                wrap={wrap}
                isOpen={here.line.id === open}
                isActive={at === active}
                onOpen={onOpen}
                onActive={onActive}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface LineRowProps {
  at: number;
  line: Line;
  columns: string[];
  pinned: number;
  marks: readonly string[];
  zone: 'local' | 'utc';
  withDay: boolean;
  wrap: boolean;
  isOpen: boolean;
  isActive: boolean;
  onOpen(line: Line): void;
  onActive(at: number): void;
}

const LineRow = memo(function LineRow({
  at,
  line,
  columns,
  pinned,
  isOpen,
  isActive,
  onOpen,
  onActive,
  ...cell
}: LineRowProps) {
  return (
    <div
      id={`row-${at}`}
      className={css.row}
      role="row"
      aria-rowindex={at + 2}
      aria-selected={isOpen}
      data-level={line.level ?? undefined}
      data-active={isActive || undefined}
      onClick={() => {
        if (getSelection()?.isCollapsed === false) return;
        onActive(at);
        onOpen(line);
      }}
    >
      {columns.map((column, at) => (
        <div key={column} {...standing(css.cell, at, pinned)} role="gridcell" data-column={column}>
          <Cell line={line} column={column} {...cell} />
        </div>
      ))}
    </div>
  );
});

function GapRow({
  at,
  gap,
  after,
  onGap,
}: {
  at: number;
  gap: Gap;
  after: string | null;
  onGap: RowsProps['onGap'];
}) {
  return (
    <div id={`row-${at}`} className={css.gap} role="row" aria-rowindex={at + 2}>
      <div role="gridcell">
        {exact(gap.count)} lines were not shown here: this browser was slower than the stream ·{' '}
        <button type="button" className={css.link} onClick={() => onGap(gap, after)}>
          show them
        </button>
      </div>
    </div>
  );
}

function Awaited({ at }: { at: number }) {
  return (
    <div id={`row-${at}`} className={css.row} role="row" aria-rowindex={at + 2}>
      <div role="gridcell" className={css.awaited}>
        …
      </div>
    </div>
  );
}
