/**
 * What is explored, as the address of the page has it: whoever opens the same address sees the same.
 *
 * Invariant: everything here is text from outside and is read as such.
 */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { usePreferences } from '../app/preferences';

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
}

const FROM = 'now-15m';
const TO = 'now';

export function read(search: Record<string, string | undefined>, columns: string[]): Explored {
  const { q = '', from = FROM, to = TO, live, line = null, sort, cols } = search;
  return {
    q,
    from,
    to,
    live: live === '1' || live === 'true',
    line,
    oldestFirst: sort === 'timestamp',
    columns: cols ? cols.split(',').filter(Boolean) : columns,
  };
}

/** The shortest form: what is usual is not said. */
export function written({ q, from, to, live, line, oldestFirst, columns }: Explored, usual: string[]) {
  const isUsual = columns.join() === usual.join();
  return {
    q: q || undefined,
    from: from === FROM ? undefined : from,
    to: to === TO ? undefined : to,
    live: live ? '1' : undefined,
    line: line ?? undefined,
    sort: oldestFirst ? 'timestamp' : undefined,
    cols: isUsual ? undefined : columns.join(','),
  };
}

type Search = Record<string, string | undefined>;

/**
 * What is explored, and how to explore something else. `replace` keeps the step out of the browser's history. What else
 * the address says stays. The second one is the same for as long as the page is there.
 */
export function useExplored(): [Explored, (change: Partial<Explored>, replace?: boolean) => void] {
  const search = useSearch({ strict: false }) as Search;
  const usual = usePreferences((state) => state.columns);
  const navigate = useNavigate();
  const change = useCallback(
    (part: Partial<Explored>, replace = false) => {
      const columns = usePreferences.getState().columns;
      const next = (before: Search) => ({
        ...before,
        ...written({ ...read(before, columns), ...part }, columns),
      });
      void navigate({ to: '/explore', search: next, replace } as never);
    },
    [navigate],
  );
  return [read(search, usual), change];
}
