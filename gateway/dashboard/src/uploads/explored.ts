/** The way from what an upload has to its lines. It asks nobody. */

interface LinesShown {
  query: string;
  from?: string | null | undefined;
  to?: string | null | undefined;
  line?: string;
}

const HOUR_MS = 3_600_000;

/** Where lines are explored. Without times it is all that may be there. */
export function explored({ query, from, to, line }: LinesShown) {
  const end = to ? new Date(Date.parse(to) + 1).toISOString() : new Date(Date.now() + HOUR_MS).toISOString();
  const search = { q: query, from: from ?? '1970-01-01T00:00:00.000Z', to: end, ...(line && { line }) };
  return { to: '/explore', search } as never as { to: '/explore' };
}
