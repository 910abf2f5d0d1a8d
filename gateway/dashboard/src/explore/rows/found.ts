/**
 * The lines that a search finds, page by page.
 *
 * Each page leads to the next one by its cursor, so pages far from what is seen can be forgotten and asked for again:
 * a million lines take the memory of a few pages. Invariant: the rows before a page never change.
 */
import { useQueries, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { ask } from '../../api/client';
import type { Line, SearchAnswer } from '../../api/schema';

export interface Question {
  q: string;
  from: string;
  /** Up to now, if it is not said. */
  to: string | undefined;
  oldestFirst: boolean;
  /** When it was asked: the same at another time is another question. */
  ranAt: number;
}

export const PAGE_ROWS = 200;
const FORGOTTEN_AFTER_MS = 30_000;

export interface Found {
  /** Rows that are known to be there. */
  count: number;
  row(at: number): Line | undefined;
  /** There may be more behind them. */
  hasMore: boolean;
  isWaiting: boolean;
  /** What is shown is of the question before. */
  isOld: boolean;
  error: unknown;
  /** Of the first page. */
  answer: SearchAnswer | undefined;
  retry(): void;
  cancel(): void;
}

export interface Part {
  first: number;
  last: number;
  isAtTop: boolean;
}

/** Whether the same pages are asked for, as some are asked for ahead: most movements make no difference. */
export function isSamePart(one: Part, other: Part): boolean {
  const part = (at: number) => Math.floor(at / (PAGE_ROWS / 2));
  return (
    part(one.first) === part(other.first) &&
    part(one.last) === part(other.last) &&
    one.isAtTop === other.isAtTop
  );
}

interface Known {
  of: string;
  /** Of each page; the first has none. */
  cursors: (string | undefined)[];
  /** Rows of the last page, once it is known to be the last. */
  lastRows: number | null;
}

export function useFound(question: Question, seen: { first: number; last: number }): Found {
  const client = useQueryClient();
  const of = JSON.stringify(question);
  const [known, setKnown] = useState<Known>({ of, cursors: [undefined], lastRows: null });
  const current = known.of === of ? known : { of, cursors: [undefined], lastRows: null };
  const first = Math.min(Math.floor(seen.first / PAGE_ROWS), current.cursors.length - 1);
  const last = Math.min(Math.floor(seen.last / PAGE_ROWS) + 1, current.cursors.length - 1);
  const indexes = [...new Set([0, ...range(Math.max(0, first - 1), last)])];
  const before = useRef<SearchAnswer | undefined>(undefined);
  const pages = useQueries({
    queries: indexes.map((index) => ({
      queryKey: ['lines', question, index],
      queryFn: ({ signal }: { signal: AbortSignal }) => page(question, index, current.cursors[index], signal),
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: FORGOTTEN_AFTER_MS,
      ...(index === 0 && { placeholderData: before.current }),
    })),
  });
  const latest = pages[indexes.indexOf(current.cursors.length - 1)];
  const end = latest?.isPlaceholderData ? undefined : latest?.data;
  useEffect(() => {
    if (!end || current.lastRows !== null) return;
    const next = end.next_cursor ?? undefined;
    setKnown({
      of,
      cursors: next ? [...current.cursors, next] : current.cursors,
      lastRows: next ? null : end.results.length,
    });
  }, [end, of, current.cursors, current.lastRows]);

  const answers = new Map(indexes.map((index, at) => [index, pages[at]?.data]));
  const zero = pages[0];
  const full = current.cursors.length - 1;
  const isOld = zero?.isPlaceholderData ?? false;
  useEffect(() => {
    if (zero?.data && !isOld) before.current = zero.data;
  }, [zero?.data, isOld]);
  const count = isOld ? (zero?.data?.results.length ?? 0) : full * PAGE_ROWS + (current.lastRows ?? 0);
  const cancel = useCallback(() => void client.cancelQueries({ queryKey: ['lines'] }), [client]);
  const retry = useCallback(
    () =>
      void client.refetchQueries({
        queryKey: ['lines', question],
        type: 'active',
        predicate: ({ state }) => state.data === undefined,
      }),
    [client, question],
  );
  return {
    count,
    row: (at) => answers.get(Math.floor(at / PAGE_ROWS))?.results[at % PAGE_ROWS] as Line | undefined,
    hasMore: current.lastRows === null && full > 0,
    isWaiting: pages.some((one) => one.isFetching),
    isOld,
    error: pages.find((one) => one.error)?.error ?? null,
    answer: zero?.data,
    retry,
    cancel,
  };
}

function page(
  { q, from, to, oldestFirst }: Question,
  index: number,
  cursor: string | undefined,
  signal: AbortSignal,
) {
  const query = {
    q,
    from,
    to,
    cursor,
    sort: oldestFirst ? 'timestamp' : undefined,
    size: PAGE_ROWS,
    // The histogram counts them.
    total: false,
    save: index === 0,
  };
  return ask('GET /api/logs/search', { query, signal });
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, at) => first + at);
}
