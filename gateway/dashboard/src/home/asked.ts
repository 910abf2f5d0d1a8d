/** The span of time in the address of a page. Invariant: what is usual there is not said. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type Asked, length, type Span } from '../explore/time/span';

export type Search = Record<string, string | undefined>;

export function askedOf(search: Search, usual: Asked): Asked {
  return { from: search.from || usual.from, to: search.to || usual.to };
}

/** As it is written into the address; also the way to the same span on another page that has it. */
export function writtenAsked(asked: Asked, usual: Asked): Search {
  return {
    from: asked.from === usual.from ? undefined : asked.from,
    to: asked.to === usual.to ? undefined : asked.to,
  };
}

/** Reads and changes what the address says beside the path. Steps of a form stay in the history of the browser. */
export function useSaid(to: string): [Search, (change: Search) => void] {
  const said = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  return [said, (change) => void navigate({ to, search: { ...said, ...change } } as never)];
}

/** As long, just before: its end does not belong to the span. */
export function spanBefore(span: Span): { from: Date; to: Date } {
  const begin = span.from.getTime();
  return { from: new Date(begin - length(span)), to: new Date(begin - 1) };
}

/** What pages of lines are asked with. */
export function times({ from, to }: { from: Date; to: Date }): { from: string; to: string } {
  return { from: from.toISOString(), to: to.toISOString() };
}
