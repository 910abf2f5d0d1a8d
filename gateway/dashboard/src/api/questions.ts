/**
 * The server's answers as the pages keep them.
 *
 * Invariant: an answer is known by its route and all that was asked. It does not decide what is shown.
 */
import { keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query';
import { type Asked, ask, Failure, type Route } from './client';

export const answers = new QueryClient({
  defaultOptions: {
    queries: {
      // The server may be on this machine, whatever the browser thinks of its network.
      networkMode: 'always',
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      // What was wrong once is wrong again; a server that is away may come back.
      retry: (count, error) => error instanceof Failure && error.status === 0 && count < 2,
    },
  },
});

/** A question for `useQuery`. What was there before is shown until the answer is there. */
export function question<R extends Route>(route: R, asked: Omit<Asked<R>, 'body' | 'signal'> = {}) {
  return queryOptions({
    queryKey: [route, asked] as const,
    queryFn: ({ signal }) => ask(route, { ...asked, signal }),
    placeholderData: keepPreviousData,
  });
}

/** Has all that was asked of these routes asked again. */
export function changed(...routes: Route[]): Promise<unknown> {
  return Promise.all(routes.map((route) => answers.invalidateQueries({ queryKey: [route] })));
}
