/** Which letters are meant, and how many there are of each kind. Invariant: counted is what would be left by the other filters. */
import type { DeadLetter } from '../api/schema';
import { exact } from '../design/numbers';

export interface Wanted {
  code?: string | undefined;
  origin?: string | undefined;
  text?: string | undefined;
  since?: string | undefined;
}

/** How long ago a letter was set aside at most. */
export const SINCE = [
  ['1h', 'In the last hour', 3_600_000],
  ['1d', 'In the last 24 hours', 86_400_000],
  ['7d', 'In the last 7 days', 604_800_000],
] as const;

/** Whether some letters are left out. What is not known leaves out none. */
export function isFilter({ code, origin, text, since }: Wanted): boolean {
  return Boolean(code || origin || text || lengthOf(since));
}

function lengthOf(since: string | undefined): number | undefined {
  return SINCE.find(([name]) => name === since)?.[2];
}

/** Where a letter is from, in one text. */
export function originOf({ origin, projection }: DeadLetter): string {
  return origin ?? projection ?? '';
}

export function fits(letter: DeadLetter, { code, origin, text, since }: Wanted, now = Date.now()): boolean {
  const length = lengthOf(since);
  if (length && Date.parse(letter.at) < now - length) return false;
  if (code && letter.code !== code) return false;
  if (origin && originOf(letter) !== origin) return false;
  if (!text) return true;
  const wanted = text.toLowerCase();
  return [letter.message, letter.raw, letter.id].some((part) => part.toLowerCase().includes(wanted));
}

/** The values and how often each is there, the most frequent first. */
export function counted(
  letters: readonly DeadLetter[],
  of: (letter: DeadLetter) => string,
): [string, number][] {
  const counts = new Map<string, number>();
  for (const letter of letters) counts.set(of(letter), (counts.get(of(letter)) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one);
}

export function number(count: number): string {
  return `${exact(count)} ${count === 1 ? 'letter' : 'letters'}`;
}
