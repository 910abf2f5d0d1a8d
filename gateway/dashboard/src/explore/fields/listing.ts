/** The fields of lines as they are listed. It counts nothing itself. */
import type { Fields } from '../../api/schema';
import { nameText } from './clause';

export interface Listed {
  /** As queries name it. */
  name: string;
  types: string[];
  count: number;
}

/** Fields whose values are shown without being asked for; the first ones open. */
export const FACETS = ['level', 'service', 'host', 'environment', 'source'];
export const OPEN_FACETS = 2;

/** Each field once, under the name that finds it whatever its sender calls it; the most frequent first. */
export function listed(fields: Fields['results']): Listed[] {
  const known = new Map<string, Listed>();
  for (const { name, role, types, count } of fields) {
    const shown = role ?? name;
    const before = known.get(shown);
    known.set(shown, {
      name: shown,
      types: [...new Set([...(before?.types ?? []), ...types])],
      count: (before?.count ?? 0) + count,
    });
  }
  return [...known.values()].sort(
    (one, other) => other.count - one.count || (one.name < other.name ? -1 : 1),
  );
}

/** Those whose name has all that was typed, in any order and case. */
export function matching<T extends { name: string }>(fields: T[], typed: string): T[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return fields.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
}

/** What is measured of numbers, in the order of the answer. */
export const MEASURES = ['min', 'avg', 'p50', 'p95', 'p99', 'max', 'distinct'] as const;

export function measuring(filter: string, field: string): string {
  const name = nameText(field);
  return `${filter} | stats ${MEASURES.map((measure) => `${measure}(${name}) as ${measure}_of`).join(', ')}`.trim();
}
