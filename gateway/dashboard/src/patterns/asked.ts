/**
 * Which patterns are asked for, as the address of the page has it.
 *
 * Invariant: what is new is what no line of the tenant had before the span; if nothing is known from before it, nothing
 * is called new.
 */

import type { Search } from '../app/address';
import type { Asked } from '../explore/time/span';
import { askedOf } from '../home/asked';

export const USUAL: Asked = { from: 'now-1h', to: 'now' };
export const SORTS = {
  frequent: 'Most lines first',
  rare: 'Fewest lines first',
  newest: 'First seen last',
  changed: 'Most changed',
} as const;
export type Sort = keyof typeof SORTS;
export const SIZE = 50;
const SIZE_MAX = 1000;
const SPARK_BUCKETS = 30;

export interface PatternsAsked {
  q: string;
  asked: Asked;
  sort: Sort;
  onlyNew: boolean;
  size: number;
}

export function read(said: Search): PatternsAsked {
  const { q = '', sort = '', new: onlyNew, size } = said;
  return {
    q,
    asked: askedOf(said, USUAL),
    sort: Object.hasOwn(SORTS, sort) ? (sort as Sort) : 'frequent',
    onlyNew: onlyNew === '1',
    size: Math.min(Math.max(Math.floor(Number(size)) || SIZE, SIZE), SIZE_MAX),
  };
}

/** As the route takes it. */
export function queryFor({ q, asked, sort, onlyNew, size }: PatternsAsked) {
  const { from, to } = asked;
  return {
    q: q.trim() || undefined,
    from,
    to,
    sort,
    size,
    new_since: from,
    only_new: onlyNew || undefined,
    services: 0,
    examples: 1,
    buckets: SPARK_BUCKETS,
  };
}

/** Whether lines are known from before a time. */
export function isPastKnown(earliest: string | null | undefined, from: Date): boolean {
  return !!earliest && Date.parse(earliest) < from.getTime();
}
