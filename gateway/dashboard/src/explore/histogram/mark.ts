/**
 * The bar under the pointer or the cursor of the keys, and the span that is drawn up.
 *
 * Invariant: it is kept as times, so that it stays where it is while bars move on.
 */
import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react';
import { type Column, columnAt } from './bars';

export interface Mark {
  /** Columns, both included. */
  first: number;
  last: number;
  at: number;
  isBrush: boolean;
}

interface Kept {
  anchor: number;
  at: number;
  isBrush: boolean;
}

/** Less is a click, or a drag that came back to where it began: that marks nothing. */
const DRAG_LEAST = 4;
const FAR = 10;

export function useMark(columns: Column[], width: number, zoom: (mark: Mark) => void) {
  const [kept, setKept] = useState<Kept | null>(null);
  const drag = useRef<{ x: number; at: number } | null>(null);
  const mark = kept && markOf(kept, columns);
  const timeAt = (at: number) => columns[Math.min(Math.max(at, 0), columns.length - 1)]?.start ?? 0;
  const columnUnder = (event: PointerEvent<HTMLElement>) =>
    columnAt(event.clientX - event.currentTarget.getBoundingClientRect().left, columns.length, width);

  const letGo = () => {
    drag.current = null;
    setKept(null);
  };
  const hands = {
    onPointerDown(event: PointerEvent<HTMLElement>) {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      drag.current = { x: event.clientX, at: timeAt(columnUnder(event)) };
    },
    onPointerMove(event: PointerEvent<HTMLElement>) {
      const at = timeAt(columnUnder(event));
      const from = drag.current;
      const isBrush = from !== null && (kept?.isBrush || Math.abs(event.clientX - from.x) >= DRAG_LEAST);
      setKept({ anchor: isBrush ? from.at : at, at, isBrush });
    },
    onPointerUp(event: PointerEvent<HTMLElement>) {
      const from = drag.current;
      letGo();
      if (from === null) return;
      const isBack = Math.abs(event.clientX - from.x) < DRAG_LEAST;
      if (kept?.isBrush && isBack) return;
      const at = timeAt(columnUnder(event));
      zoom(markOf({ anchor: kept?.isBrush ? from.at : at, at, isBrush: true }, columns));
    },
    onPointerCancel: letGo,
    onPointerLeave: () => drag.current === null && setKept(null),
    onBlur: letGo,
    onKeyDown(event: KeyboardEvent<HTMLElement>) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === 'Escape' && (kept || drag.current)) letGo();
      else if (event.key === 'Enter' && mark) {
        letGo();
        zoom(mark);
      } else {
        const to = target(event.key, mark?.at ?? columns.length, columns.length);
        if (to === null) return;
        const at = timeAt(to);
        const anchor = event.shiftKey ? (kept?.anchor ?? at) : at;
        setKept({ anchor, at, isBrush: event.shiftKey });
      }
      event.preventDefault();
      event.stopPropagation();
    },
  };
  return { mark, hands };
}

function target(key: string, at: number, count: number): number | null {
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return Math.max(at - 1, 0);
    case 'ArrowRight':
    case 'ArrowUp':
      return Math.min(at + 1, count - 1);
    case 'PageDown':
      return Math.max(at - FAR, 0);
    case 'PageUp':
      return Math.min(at + FAR, count - 1);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}

function markOf({ anchor, at, isBrush }: Kept, columns: readonly Column[]): Mark {
  const [one, other] = [columnOf(anchor, columns), columnOf(at, columns)];
  return { first: Math.min(one, other), last: Math.max(one, other), at: other, isBrush };
}

function columnOf(time: number, columns: readonly Column[]): number {
  const [first] = columns;
  if (!first) return 0;
  const at = Math.floor((time - first.start) / (first.end - first.start));
  return Math.min(Math.max(at, 0), columns.length - 1);
}
