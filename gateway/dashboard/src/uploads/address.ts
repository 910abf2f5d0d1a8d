/** What a page of this part shows, as its address has it. Invariant: all of it is text from outside and is read as such. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect } from 'react';

export type Search = Record<string, string | undefined>;
export type Go = (change: Search, replace?: boolean) => void;

/** What the address says, and how to say something else. What is empty is not said. */
export function useAddress(): [Search, Go] {
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const go: Go = (change, replace = false) =>
    void navigate({ to: '.', search: merged(search, change), replace } as never);
  return [search, go];
}

/** The properties of a link that changes what the address says. */
export function linkTo(search: Search, change: Search) {
  return { to: '.', search: merged(search, change) } as never as { to: '.' };
}

export function merged(search: Search, change: Search): Search {
  const said = Object.entries({ ...search, ...change }).filter(([, value]) => value);
  return Object.fromEntries(said);
}

/** A whole number from 1 on. */
export function pageOf(text: string | undefined): number {
  const page = Number(text);
  return Number.isSafeInteger(page) && page >= 1 ? page : 1;
}

/** One of some words, or none. */
export function oneOf<T extends string>(words: readonly T[], text: string | undefined): T | undefined {
  return words.find((word) => word === text);
}

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

/** Begins to be read at its top, also by those who do not see: for what takes the place of a list. */
export function useTop() {
  useEffect(() => {
    const main = document.getElementById('main');
    main?.scrollTo(0, 0);
    main?.focus({ preventScroll: true });
  }, []);
}
