/**
 * Which rows of a long list are seen.
 *
 * All rows are equally high, so a million of them cost what forty cost. Invariant: it reads the place of the scroll only
 * when the browser says that it changed.
 */
import { type RefObject, useCallback, useLayoutEffect, useState } from 'react';

export interface Seen {
  first: number;
  last: number;
  /** How many fit. */
  fit: number;
  isAtTop: boolean;
}

/** Rows beside the seen ones that are there already when one scrolls on. */
const BESIDE = 12;

export function seenRows(scrollTop: number, height: number, rowHeight: number): Seen {
  const fit = Math.max(1, Math.floor(height / rowHeight));
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - BESIDE);
  return {
    first,
    last: Math.ceil((scrollTop + height) / rowHeight) + BESIDE,
    fit,
    isAtTop: scrollTop < rowHeight / 2,
  };
}

export function useWindow(ref: RefObject<HTMLElement | null>, rowHeight: number): Seen {
  const [seen, setSeen] = useState<Seen>(() => seenRows(0, 900, rowHeight));
  const look = useCallback(() => {
    const box = ref.current;
    if (!box) return;
    const now = seenRows(box.scrollTop, box.clientHeight, rowHeight);
    setSeen((before) => (isSame(before, now) ? before : now));
  }, [ref, rowHeight]);
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box) return;
    look();
    box.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(box);
    return () => {
      box.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, [ref, look]);
  return seen;
}

function isSame(one: Seen, other: Seen): boolean {
  return (
    one.first === other.first &&
    one.last === other.last &&
    one.fit === other.fit &&
    one.isAtTop === other.isAtTop
  );
}
