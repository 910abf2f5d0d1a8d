/** What becomes of a text when a suggestion is taken. It shows nothing. */
import type { Checked, Suggestion } from './check';
import { read } from './tokens';

export interface Taken {
  start: number;
  end: number;
  text: string;
}

/** Where a suggestion stands in the text as it is by now; `null` if the text before it has changed. */
export function taken(checked: Checked, text: string, caret: number, suggestion: Suggestion): Taken | null {
  const { start, end } = checked.completion;
  if (caret < start || text.slice(0, start) !== checked.text.slice(0, start)) return null;
  const grown = text.length - checked.text.length;
  const until = Math.min(Math.max(end + grown, caret), text.length);
  const behind = text.slice(until);
  const joint = jointOf(text, start, suggestion);
  return { start, end: until, text: suggestion.text + (joint && behind.startsWith(joint) ? '' : joint) };
}

/** What follows for certain, so that nobody has to type it. */
function jointOf(text: string, start: number, { kind, text: word }: Suggestion): string {
  if (kind === 'function') return '(';
  if (kind === 'field') return isInFilter(text, start) ? ':' : '';
  return /^[:<>]/.test(word) ? '' : ' ';
}

/** Whether conditions stand here, and no list of fields. */
function isInFilter(text: string, place: number): boolean {
  const before = text.slice(0, place);
  const { tokens, filterEnd } = read(before);
  if (filterEnd === before.length) return true;
  const command = tokens.findLast(({ kind }) => kind === 'command');
  return command !== undefined && /^where$/i.test(before.slice(command.start, command.end));
}

/** Whether suggestions are worth showing to somebody who did not ask for them. */
export function isWorth({ text, completion }: Checked): boolean {
  const { start, end, prefix, suggestions } = completion;
  if (suggestions.length === 0) return false;
  if (suggestions.length === 1 && suggestions[0]?.text === text.slice(start, end)) return false;
  return prefix !== '' || /[:|<>=(]\s*$/.test(text.slice(0, start));
}
