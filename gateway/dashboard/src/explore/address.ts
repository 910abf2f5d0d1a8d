/**
 * What is explored, as the address of the page has it: whoever opens the same address sees the same.
 *
 * Invariant: everything here is text from outside and is read as such.
 */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import type { Search } from '../app/address';
import { usePreferences } from '../app/preferences';
import { type Arrangement, arranged, listed, namesOf } from './rows/arrangement';

export interface Explored {
  q: string;
  from: string;
  to: string;
  live: boolean;
  /** The line that is open. */
  line: string | null;
  /** The oldest come first. */
  oldestFirst: boolean;
  columns: string[];
  /** How many of them stay in sight, from the left. */
  pinned: number;
}

const FROM = 'now-15m';
const TO = 'now';

/** Columns that an address names are shown as it says; otherwise they are those that are usual here. */
export function read(search: Search, usual: Arrangement): Explored {
  const { q = '', from = FROM, to = TO, live, line = null, sort, cols, pin } = search;
  const named = namesOf(cols ?? '');
  return {
    q,
    from,
    to,
    live: live === '1' || live === 'true',
    line: line || null,
    oldestFirst: sort === 'timestamp',
    ...(named.length > 0 ? arranged(named, Number(pin ?? 0)) : usual),
  };
}

/** The shortest form: what is usual is not said. */
export function written(explored: Explored, usual: Arrangement) {
  const { q, from, to, live, line, oldestFirst, columns, pinned } = explored;
  const isUsual = listed(columns) === listed(usual.columns) && pinned === usual.pinned;
  return {
    q: q || undefined,
    from: from === FROM ? undefined : from,
    to: to === TO ? undefined : to,
    live: live ? '1' : undefined,
    line: line ?? undefined,
    sort: oldestFirst ? 'timestamp' : undefined,
    cols: isUsual ? undefined : listed(columns),
    pin: isUsual || pinned === 0 ? undefined : String(pinned),
  };
}

/**
 * What is explored, and how to explore something else. `replace` keeps the step out of the browser's history. What else
 * the address says stays. The second one is the same for as long as the page is there.
 */
export function useExplored(): [Explored, (change: Partial<Explored>, replace?: boolean) => void] {
  const search = useSearch({ strict: false }) as Search;
  const columns = usePreferences((state) => state.columns);
  const pinned = usePreferences((state) => state.pinned);
  const navigate = useNavigate();
  const change = useCallback(
    (part: Partial<Explored>, replace = false) => {
      const usual = usualNow();
      const next = (before: Search) => ({
        ...before,
        ...written({ ...read(before, usual), ...part }, usual),
      });
      void navigate({ to: '/explore', search: next, replace } as never);
    },
    [navigate],
  );
  return [read(search, arranged(columns, pinned)), change];
}

function usualNow(): Arrangement {
  const { columns, pinned } = usePreferences.getState();
  return arranged(columns, pinned);
}
