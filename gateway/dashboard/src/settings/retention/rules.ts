/**
 * How long lines are kept, as one edits it. Invariant: it says the same as the server does of which rule counts for a stream
 * (the first that matches), so that what a change would remove can be told before.
 */
import type { Retention } from '../../api/schema';

export interface Draft {
  /** Empty: as long as the operator lets. */
  days: string;
  streams: { id: number; stream: string; days: string }[];
}

export function draftOf({ days, days_max, streams }: Retention): Draft {
  return {
    days: days === days_max ? '' : String(days),
    streams: streams.map(({ stream, days }, id) => ({ id, stream, days: String(days) })),
  };
}

/** What is wrong with a number of days; nothing if it is one. */
export function wrongDays(text: string, most: number): string | undefined {
  const days = Number(text);
  if (/^\d+$/.test(text.trim()) && days >= 1 && days <= most) return undefined;
  return `A whole number from 1 to ${most}.`;
}

export function wrongStream(text: string): string | undefined {
  if (text.trim() === '') return 'A name, in which * stands for anything.';
  return /^[a-z0-9._*-]+$/.test(text.trim()) ? undefined : 'Only a–z, 0–9, -, _, . and *.';
}

export function isWhole({ days, streams }: Draft, most: number): boolean {
  return (
    (days === '' || !wrongDays(days, most)) &&
    streams.every((rule) => !wrongStream(rule.stream) && !wrongDays(rule.days, most))
  );
}

/** What the server is told. Without days, its own count. */
export function bodyOf({ days, streams }: Draft) {
  return {
    ...(days !== '' && { days: Number(days) }),
    streams: streams.map((rule) => ({ stream: rule.stream.trim(), days: Number(rule.days) })),
  };
}

/** What will count when the body was taken. */
export function chosen(draft: Draft, days_max: number): Retention {
  return { days: days_max, days_max, ...bodyOf(draft) };
}

/** Takes the leftmost place for each piece between stars, so it never goes back. */
export function matches(pattern: string, stream: string): boolean {
  const [first = '', ...others] = pattern.split('*');
  const last = others.pop();
  if (last === undefined) return stream === pattern;
  if (!stream.startsWith(first)) return false;
  let rest = stream.slice(first.length);
  for (const piece of others) {
    const at = rest.indexOf(piece);
    if (at < 0) return false;
    rest = rest.slice(at + piece.length);
  }
  return rest.endsWith(last);
}

export function daysOf({ days, streams }: Retention, stream: string): number {
  return streams.find((rule) => matches(rule.stream, stream))?.days ?? days;
}

export interface Shortened {
  /** A stream, or null for any that is of none of the rules. */
  stream: string | null;
  before: number;
  after: number;
}

/** A name that no pattern but `*` matches. */
const OTHER = '\u0000';

/** The streams whose lines would be kept for less, of those that are known and all others. */
export function shortened(before: Retention, after: Retention, known: readonly string[]): Shortened[] {
  return [...known, OTHER]
    .map((stream) => ({
      stream: stream === OTHER ? null : stream,
      before: daysOf(before, stream),
      after: daysOf(after, stream),
    }))
    .filter((one) => one.after < one.before);
}

/** The list with one entry a place further up or down. */
export function moved<T>(list: readonly T[], at: number, by: -1 | 1): T[] {
  const to = at + by;
  const one = list[at];
  if (one === undefined || to < 0 || to >= list.length) return [...list];
  const others = list.filter((_, place) => place !== at);
  return [...others.slice(0, to), one, ...others.slice(to)];
}
