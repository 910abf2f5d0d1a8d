/** What the address of a page says behind `?`, and how to say something else. Invariant: all of it is text from outside. */
import { useNavigate, useSearch } from '@tanstack/react-router';

export type Search = Record<string, string | undefined>;
/** `replace` keeps the step out of the browser's history. */
export type Go = (change: Search, replace?: boolean) => void;

const PAGE_MAX = 4_294_967_295;

export function useAddress(): [Search, Go] {
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const go: Go = (change, replace = false) =>
    void navigate({ to: '.', search: (now: Search) => merged(now, change), replace } as never);
  return [search, go];
}

/** The properties of a link that changes what the address says. */
export function linkTo(search: Search, change: Search) {
  return { to: '.', search: merged(search, change) } as never as { to: '.' };
}

/** What is empty is not said. */
export function merged(search: Search, change: Search): Search {
  const said = Object.entries({ ...search, ...change }).filter(([, value]) => value);
  return Object.fromEntries(said);
}

/** A whole number from 1 on; 1 for anything else. */
export function pageOf(text: string | undefined): number {
  const page = Number(text);
  return Number.isSafeInteger(page) && page >= 1 && page <= PAGE_MAX ? page : 1;
}

/** One of some words, or none. */
export function oneOf<T extends string>(words: readonly T[], text: string | undefined): T | undefined {
  return words.find((word) => word === text);
}
