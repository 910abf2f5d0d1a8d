/** What is asked of the audit, as the address has it. Invariant: all of it is text from outside. */
import { pageOf, type Search } from '../../app/address';

export const FILTERS = ['from', 'to', 'actor', 'action', 'object', 'address', 'request_id'] as const;
export type Filter = (typeof FILTERS)[number];
export type Filters = Record<Filter, string>;

export const SIZE = 50;
/** So far back the server counts pages; beyond it a cursor leads. */
const COUNTED_MAX = 50_000;

export function filtersOf(address: Search): Filters {
  return Object.fromEntries(FILTERS.map((name) => [name, address[name] ?? ''])) as Filters;
}

export function isFiltered(filters: Filters): boolean {
  return FILTERS.some((name) => filters[name] !== '');
}

/** As the server is asked; what is empty is not. */
export function asked(filters: Filters): Partial<Filters> {
  const said = FILTERS.map((name) => [name, filters[name].trim()] as const).filter(([, text]) => text !== '');
  return Object.fromEntries(said);
}

/** The part of the list that the address names. */
export function placeOf({ page, cursor }: Search) {
  return { page: pageOf(page), size: SIZE, ...(cursor && { cursor }) };
}

/** For the address: other filters begin with the newest entry. */
export function toFilters(filters: Partial<Filters>): Search {
  const change: Search = { page: undefined, cursor: undefined };
  for (const [name, text] of Object.entries(filters)) change[name] = text.trim() || undefined;
  return change;
}

export function toOlder(page: number, cursor: string): Search {
  return { page: String(page + 1), cursor };
}

/** None where the page before cannot be counted; the newest can always be gone to. */
export function toNewer(page: number): Search | null {
  if (page <= 1 || (page - 2) * SIZE > COUNTED_MAX) return null;
  return { page: page === 2 ? undefined : String(page - 1), cursor: undefined };
}
