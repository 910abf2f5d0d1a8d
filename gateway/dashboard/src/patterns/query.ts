/**
 * A pattern as a query that finds its lines.
 *
 * Invariant: it finds all lines of the pattern; it may find lines of a neighbour that has the same words, too. What stands
 * in a pattern is text from outside: nothing of it is read as a part of the query.
 */

const HOLE = /<(?:\*|num|word|uuid|ip|text)>/;
const HOLES = new RegExp(HOLE, 'g');
/** Names of days and months are variables, although they are shown. */
const DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[,.]*$/;
/** A query has room for a few long words, not for a page of them. */
const PHRASES_MAX = 12;
const HAS_WORD = /[\p{L}\p{N}]/u;

/** `example` is a message of the pattern, if one is known. */
export function queryOf(pattern: string, example: string | null): string {
  const phrases = runs(pattern).flatMap((run) => (stands(run, example) ? [run.join(' ')] : run));
  const told = [...new Set(phrases.filter((phrase) => HAS_WORD.test(phrase)))];
  if (told.length === 0) return expression(pattern);
  return longest(told)
    .map((phrase) => `message:${quoted(phrase)}`)
    .join(' and ');
}

/** The longest, in the order of the pattern. */
function longest(phrases: string[]): string[] {
  const kept = [...phrases].sort((one, other) => other.length - one.length).slice(0, PHRASES_MAX);
  return phrases.filter((phrase) => kept.includes(phrase));
}

/** What stands between variables, as words. */
function runs(pattern: string): string[][] {
  const found: string[][] = [[]];
  for (const word of pattern.split(/\s+/).filter(Boolean)) {
    if (HOLE.test(word) || DATE.test(word)) found.push([]);
    else found.at(-1)?.push(word);
  }
  return found.filter((run) => run.length > 0);
}

/** Words in parentheses that vary are left out of a pattern: then its words do not stand beside each other in a line. */
function stands(run: string[], example: string | null): boolean {
  return example?.replace(/\s+/g, ' ').includes(run.join(' ')) ?? false;
}

export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** Of a pattern that has no word of its own: its signs, in their order. */
function expression(pattern: string): string {
  const signs = pattern
    .split(HOLES)
    .map((part) => part.trim().replace(/[\\^$.|?*+()[\]{}/]/g, '\\$&'))
    .filter((part) => part !== '' && !HAS_WORD.test(part));
  return signs.length === 0 ? 'message:*' : `message:/${signs.join('.*')}/`;
}
