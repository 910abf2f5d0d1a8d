/**
 * Lines, one below the other: those that came while one looks on, then those that a search found.
 *
 * Invariant: only what is seen is drawn; nothing that one reads moves by itself. It asks nobody. It is a grid by its roles,
 * as a table cannot leave out the rows that nobody sees; the grid hears the keys, and has the focus.
 */
import { type CSSProperties, type KeyboardEvent, memo, useEffect, useRef } from 'react';
import type { Gap } from '../../api/live';
import type { Line } from '../../api/schema';
import { prefer, usePreferences } from '../../app/preferences';
import { exact } from '../../design/numbers';
import { Cell, nameOf, template, WIDTH_MIN, widthOf } from './columns';
import css from './rows.module.css';
import { type Seen, useWindow } from './window';

export type Row =
  | { kind: 'line'; line: Line }
  | { kind: 'gap'; gap: Gap; after: string | null }
  | { kind: 'awaited' };

export interface RowsProps {
  count: number;
  row(at: number): Row;
  columns: string[];
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
  onColumns(columns: string[]): void;
}

const HEIGHTS = { compact: 22, comfortable: 28 };
const WRAPPED_LINES = 3;
const LINE_HEIGHT = 20;

export function Rows(props: RowsProps) {
  const { count, row, columns, marks, withDay, open, active, onActive, onOpen, onSeen, onGap, onColumns } =
    props;
  const { density, wrap, zone, widths } = usePreferences();
  const height = HEIGHTS[density] + (wrap ? (WRAPPED_LINES - 1) * LINE_HEIGHT : 0);
  const box = useRef<HTMLDivElement>(null);
  const seen = useWindow(box, height);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever listens wants what is new only
  useEffect(() => onSeen(seen), [seen]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it scrolls when another row is chosen, not when others come
  useEffect(() => keepSeen(box.current, active, height), [active]);

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
  const style = { '--columns': template(columns, widths), '--height': `${height}px` } as CSSProperties;
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
      <Head columns={columns} widths={widths} onColumns={onColumns} />
      <div className={css.all} style={{ height: count * height }} role="rowgroup">
        {shown.map((at) => {
          const here = row(at);
          const place = { at, top: at * height };
          if (here.kind === 'gap')
            return <GapRow key={`gap-${here.gap.from}`} {...place} {...here} onGap={onGap} />;
          if (here.kind === 'awaited') return <Awaited key={`awaited-${at}`} {...place} />;
          return (
            <LineRow
              key={here.line.id}
              {...place}
              line={here.line}
              columns={columns}
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
  );
}

interface Place {
  at: number;
  top: number;
}

interface LineRowProps extends Place {
  line: Line;
  columns: string[];
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
  top,
  line,
  columns,
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
      style={{ transform: `translateY(${top}px)` }}
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
      {columns.map((column) => (
        <div key={column} className={css.cell} role="gridcell" data-column={column}>
          <Cell line={line} column={column} {...cell} />
        </div>
      ))}
    </div>
  );
});

function GapRow({
  at,
  top,
  gap,
  after,
  onGap,
}: Place & { gap: Gap; after: string | null; onGap: RowsProps['onGap'] }) {
  return (
    <div
      id={`row-${at}`}
      className={css.gap}
      style={{ transform: `translateY(${top}px)` }}
      role="row"
      aria-rowindex={at + 2}
    >
      <div role="gridcell">
        {exact(gap.count)} lines were not shown here: this browser was slower than the stream ·{' '}
        <button type="button" className={css.link} onClick={() => onGap(gap, after)}>
          show them
        </button>
      </div>
    </div>
  );
}

function Awaited({ at, top }: Place) {
  return (
    <div
      id={`row-${at}`}
      className={css.row}
      style={{ transform: `translateY(${top}px)` }}
      role="row"
      aria-rowindex={at + 2}
    >
      <div role="gridcell" className={css.awaited}>
        …
      </div>
    </div>
  );
}

interface HeadProps {
  columns: string[];
  widths: Record<string, number>;
  onColumns(columns: string[]): void;
}

const Head = memo(function Head({ columns, widths, onColumns }: HeadProps) {
  const change = (column: string, width: number) =>
    prefer({ widths: { ...widths, [column]: Math.max(Math.round(width), WIDTH_MIN) } });
  const move = (at: number, by: number) => {
    const [column] = columns.slice(at, at + 1);
    if (!column || at + by < 0 || at + by >= columns.length) return;
    onColumns(columns.toSpliced(at, 1).toSpliced(at + by, 0, column));
  };
  return (
    <div className={css.head} role="row" aria-rowindex={1}>
      {columns.map((column, at) => (
        <div key={column} className={css.name} role="columnheader">
          <button
            type="button"
            className={css.plain}
            title="Alt+arrows move this column, Delete takes it away"
            onKeyDown={(event) => {
              const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
              if (by && event.altKey) move(at, by);
              else if (event.key === 'Delete' && columns.length > 1)
                onColumns(columns.filter((one) => one !== column));
              else return;
              event.preventDefault();
              event.stopPropagation();
            }}
          >
            {nameOf(column)}
          </button>
          {at < columns.length - 1 && (
            <Edge column={column} width={widthOf(column, widths)} onWidth={change} />
          )}
        </div>
      ))}
    </div>
  );
});

function Edge({
  column,
  width,
  onWidth,
}: {
  column: string;
  width: number;
  onWidth(column: string, width: number): void;
}) {
  const begun = useRef<{ x: number; width: number } | null>(null);
  return (
    <div
      className={css.edge}
      role="slider"
      aria-label={`Width of ${nameOf(column)}`}
      aria-valuenow={width}
      aria-valuemin={WIDTH_MIN}
      aria-valuemax={800}
      tabIndex={0}
      onKeyDown={(event) => {
        const by = { ArrowLeft: -8, ArrowRight: 8 }[event.key];
        if (!by || event.altKey) return;
        event.preventDefault();
        event.stopPropagation();
        onWidth(column, width + by);
      }}
      onPointerDown={(event) => {
        begun.current = { x: event.clientX, width };
        event.currentTarget.setPointerCapture(event.pointerId);
        event.preventDefault();
      }}
      onPointerMove={({ clientX }) =>
        begun.current && onWidth(column, begun.current.width + clientX - begun.current.x)
      }
      onPointerUp={() => {
        begun.current = null;
      }}
    />
  );
}

/** Scrolls as little as is needed for a row to be seen, below the names of the columns. */
function keepSeen(box: HTMLElement | null, at: number, height: number) {
  if (!box || at < 0) return;
  const head = box.firstElementChild?.clientHeight ?? 0;
  const [top, bottom] = [at * height, (at + 1) * height + head];
  if (top < box.scrollTop) box.scrollTop = top;
  else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
}
