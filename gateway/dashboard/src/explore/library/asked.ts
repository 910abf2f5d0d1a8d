/**
 * Kept questions as queries that can be asked here.
 *
 * Invariant: what is opened finds what was kept: filters that stand beside a query become part of it, and a value in the
 * place of a template stays one value, whatever is in it.
 */
import { filterOf, pipesOf } from '../editor/tokens';

export interface Kept {
  query: string;
  filters: { [name: string]: string | string[] };
}

export interface Opened {
  q: string;
  from?: string;
  to?: string;
}

export function opened({ query, filters }: Kept): Opened {
  const { from, to, ...others } = filters;
  const clauses = Object.entries(others).map(([name, values]) => clause(name, [values].flat()));
  return {
    q: clauses.length === 0 ? query : combined(query, clauses),
    ...(typeof from === 'string' && { from }),
    ...(typeof to === 'string' && { to }),
  };
}

function combined(query: string, clauses: string[]): string {
  const [filter, pipes] = [filterOf(query), pipesOf(query)];
  const own = filter === '' || filter === '*' ? [] : [/\bor\b|\|\|/i.test(filter) ? `(${filter})` : filter];
  return [[...own, ...clauses].join(' and '), pipes].filter(Boolean).join(' ');
}

function clause(field: string, values: string[]): string {
  const named = values.filter((value) => !(field === 'level' && value === 'none'));
  const parts =
    named.length === 0
      ? []
      : [`${field}:${named.length > 1 ? `(${named.map(value).join(' or ')})` : value(named[0])}`];
  if (named.length < values.length) parts.push('not level:*');
  return parts.length > 1 ? `(${parts.join(' or ')})` : (parts[0] ?? '*');
}

/** A word that means nothing but itself stands as it is. */
function value(text = ''): string {
  return /^[\p{L}\p{N}_][\p{L}\p{N}_.]*$/u.test(text) && !/^(and|or|not|to)$/i.test(text)
    ? text
    : quoted(text);
}

function quoted(text: string): string {
  return `"${text.replace(/["\\*?]/g, '\\$&')}"`;
}

const PLACE = /\\.|"(?:[^"\\]|\\.)*"|\$\{(\w{1,64})\}/gs;

/** The places of a template, each once; what stands in quotes is none. */
export function placesOf(query: string): string[] {
  return [...new Set([...query.matchAll(PLACE)].flatMap(([, name]) => (name ? [name] : [])))];
}

/** As the server fills them: a number as it is, everything else in quotes. A place without a value stays. */
export function filled(query: string, values: ReadonlyMap<string, string>): string {
  return query.replace(PLACE, (all, name?: string) => {
    const text = name && values.get(name);
    if (text === undefined || !name) return all;
    return /^[0-9][0-9A-Za-z.]*$/.test(text) ? text : quoted(text);
  });
}

/** Whether words are in what is kept. */
export function fits(texts: (string | undefined)[], typed: string): boolean {
  const all = texts.join(' ').toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
