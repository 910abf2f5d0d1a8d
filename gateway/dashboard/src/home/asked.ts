/** The span of time in the address of a page. Invariant: what is usual there is not said. */
import type { Search } from '../app/address';
import { type Asked, length, type Span } from '../explore/time/span';

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

/** As long, just before: its end does not belong to the span. */
export function spanBefore(span: Span): { from: Date; to: Date } {
  const begin = span.from.getTime();
  return { from: new Date(begin - length(span)), to: new Date(begin - 1) };
}

/** What pages of lines are asked with. */
export function times({ from, to }: { from: Date; to: Date }): { from: string; to: string } {
  return { from: from.toISOString(), to: to.toISOString() };
}
