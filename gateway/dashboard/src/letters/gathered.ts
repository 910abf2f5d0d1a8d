/**
 * The letters that are kept, the newest first, gathered from the parts that the server gives.
 *
 * The server knows no filters of letters, so they are filtered here. Invariant: no letter is here twice, though new ones
 * come while they are gathered; whether all are here is said.
 */
import { useInfiniteQuery } from '@tanstack/react-query';
import { ask } from '../api/client';
import type { DeadLetter } from '../api/schema';

const SIZE = 500;

export type Gathered = ReturnType<typeof useLetters>;

export function useLetters() {
  const asked = useInfiniteQuery({
    queryKey: ['GET /api/logs/dead-letters', 'gathered'],
    queryFn: ({ pageParam, signal }) =>
      ask('GET /api/logs/dead-letters', { query: { page: pageParam, size: SIZE }, signal }),
    initialPageParam: 1,
    getNextPageParam: ({ next }, _, page) => (next ? page + 1 : undefined),
  });
  const pages = asked.data?.pages ?? [];
  return {
    ...asked,
    letters: withoutDoubles(pages.flatMap((page) => page.results)),
    /** All that are kept. */
    total: pages.at(-1)?.total ?? 0,
  };
}

export function withoutDoubles(letters: readonly DeadLetter[]): DeadLetter[] {
  return [...new Map(letters.map((letter) => [letter.id, letter])).values()];
}
