/** The names of the columns: each moves, is pinned, made wider or taken away, by its menu, by keys, or by its edge. */
import { memo, useRef } from 'react';
import { prefer } from '../../app/preferences';
import { Menu } from '../../design/menu';
import { type Arrangement, moved, pinToggled, withoutColumn } from './arrangement';
import { nameOf, standing, WIDTH_MIN, widthOf } from './columns';
import css from './rows.module.css';

interface HeadProps extends Arrangement {
  widths: Record<string, number>;
  onArrange(arrangement: Arrangement): void;
}

export const Head = memo(function Head({ columns, pinned, widths, onArrange }: HeadProps) {
  const change = (column: string, width: number) =>
    prefer({ widths: { ...widths, [column]: Math.max(Math.round(width), WIDTH_MIN) } });
  return (
    <div className={css.head} role="row" aria-rowindex={1}>
      {columns.map((column, at) => (
        <div key={column} {...standing(css.name, at, pinned)} role="columnheader">
          <Name column={column} at={at} columns={columns} pinned={pinned} onArrange={onArrange} />
          {at < columns.length - 1 && (
            <Edge column={column} width={widthOf(column, widths)} onWidth={change} />
          )}
        </div>
      ))}
    </div>
  );
});

interface NameProps extends Arrangement {
  column: string;
  at: number;
  onArrange(arrangement: Arrangement): void;
}

function Name({ column, at, onArrange, ...now }: NameProps) {
  const { columns, pinned } = now;
  const isPinned = at < pinned;
  const isLast = at === columns.length - 1;
  const pin = () => onArrange(pinToggled(now, at));
  const move = (by: number) => onArrange(moved(now, at, by));
  const remove = () => onArrange(withoutColumn(now, column));
  return (
    <Menu
      trigger={
        <button
          type="button"
          className={css.plain}
          title="Alt+arrows move this column, P pins it, Delete takes it away"
          onKeyDown={(event) => {
            const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
            const isBare = !event.altKey && !event.ctrlKey && !event.metaKey;
            if (by && event.altKey) move(by);
            else if (event.key === 'Delete') remove();
            else if (event.key.toLowerCase() === 'p' && isBare) pin();
            else return;
            event.preventDefault();
            event.stopPropagation();
          }}
        >
          {nameOf(column)}
          {isPinned && <span className="unseen">pinned</span>}
        </button>
      }
      items={[
        { title: isPinned ? 'Let scroll' : 'Pin to the left', disabled: columns.length === 1, run: pin },
        { title: 'Move left', disabled: at === 0, run: () => move(-1) },
        { title: 'Move right', disabled: isLast, run: () => move(1) },
        { title: 'Take away', disabled: columns.length === 1, run: remove },
      ]}
    />
  );
}

interface EdgeProps {
  column: string;
  width: number;
  onWidth(column: string, width: number): void;
}

function Edge({ column, width, onWidth }: EdgeProps) {
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
