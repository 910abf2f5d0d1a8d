/**
 * Which rows of a long list are seen.
 *
 * All rows are equally high, so a million of them cost what forty cost. Invariant: what is drawn fits the place of the
 * scroll in the same picture.
 */
import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { BEGIN, moved, type Place, shown, topOf } from './track';

export interface Seen {
  first: number;
  last: number;
  /** How many fit. */
  fit: number;
  isAtTop: boolean;
}

export interface Window {
  seen: Seen;
  /** How much of the list is left out of the track above what is seen. */
  skipped: number;
}

/** Rows beside the seen ones that are there already when one scrolls on. */
export const BESIDE = 12;

export function seenRows(top: number, height: number, rowHeight: number): Seen {
  const fit = Math.max(1, Math.floor(height / rowHeight));
  const first = Math.max(0, Math.floor(top / rowHeight) - BESIDE);
  return {
    first,
    last: Math.ceil((top + height) / rowHeight) + BESIDE,
    fit,
    isAtTop: top < rowHeight / 2,
  };
}

/** Scrolls as little as is needed for the row `active` to be seen, if it is another one. */
export function useWindow(
  ref: RefObject<HTMLElement | null>,
  rowHeight: number,
  count: number,
  active: number,
): Window {
  const total = rowHeight * count;
  const place = useRef<Place>(BEGIN);
  const [window, setWindow] = useState<Window>(() => ({ seen: seenRows(0, 900, rowHeight), skipped: 0 }));

  const put = useCallback(
    (box: HTMLElement, next: Place, draw: (change: () => void) => void) => {
      place.current = next;
      const seen = seenRows(topOf(next), box.clientHeight, rowHeight);
      draw(() => setWindow((before) => renewed(before, { seen, skipped: next.skipped })));
      if (next.scrolled !== box.scrollTop) box.scrollTop = next.scrolled;
    },
    [rowHeight],
  );
  /** Where it is now, which nobody may have told yet. */
  const placeOf = useCallback(
    (box: HTMLElement) => moved(place.current, box.scrollTop, total, box.clientHeight),
    [total],
  );

  useLayoutEffect(() => {
    const box = ref.current;
    if (!box) return;
    put(box, placeOf(box), now);
    const look = () => put(box, placeOf(box), flushSync);
    box.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(box);
    return () => {
      box.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, [ref, put, placeOf]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: it scrolls when another row is chosen, not when others come
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box || active < 0) return;
    const head = box.firstElementChild?.clientHeight ?? 0;
    const before = placeOf(box);
    const top = nearest(active * rowHeight, rowHeight + head, topOf(before), box.clientHeight);
    put(box, shown(before, top, total, box.clientHeight), now);
  }, [active]);
  return window;
}

function now(change: () => void) {
  change();
}

/** Where a box is scrolled to that has what is `height` high in sight. */
export function nearest(at: number, height: number, top: number, view: number): number {
  if (at < top) return at;
  return at + height > top + view ? at + height - view : top;
}

function renewed(before: Window, next: Window): Window {
  const seen = isSame(before.seen, next.seen) ? before.seen : next.seen;
  return seen === before.seen && next.skipped === before.skipped ? before : { ...next, seen };
}

function isSame(one: Seen, other: Seen): boolean {
  return (
    one.first === other.first &&
    one.last === other.last &&
    one.fit === other.fit &&
    one.isAtTop === other.isAtTop
  );
}
