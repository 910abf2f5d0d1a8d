/** Which letters are meant, and how many there are of each kind. Invariant: counted is what would be left by the other filters. */
import type { DeadLetter } from '../api/schema';
import { exact } from '../design/numbers';

export interface Wanted {
  code?: string | undefined;
  origin?: string | undefined;
  text?: string | undefined;
}

/** Where a letter is from, in one text. */
export function originOf({ origin, projection }: DeadLetter): string {
  return origin ?? projection ?? '';
}

export function fits(letter: DeadLetter, { code, origin, text }: Wanted): boolean {
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
