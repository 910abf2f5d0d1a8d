/** What an entry says was before and is after. Invariant: every value becomes text, whatever it is. */
import type { AuditEntry } from '../../api/schema';
import { cut } from '../parts/cut';

type Said = Pick<AuditEntry, 'before' | 'after'>;

export interface Change {
  name: string;
  /** Undefined where nothing is said. */
  before: string | undefined;
  after: string | undefined;
}

/** How a text is told that stands for something else, such as the id of a person. */
export type Told = (text: string) => string;

/** Characters that hide others are told by their numbers. */
export function valueWords(value: unknown, told: Told): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value))
    return value.length === 0 ? 'none' : value.map((one) => valueWords(one, told)).join(', ');
  if (typeof value === 'object') return JSON.stringify(value);
  const text = typeof value === 'string' ? told(value) : String(value);
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    /[\u0000-\u0009\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function changes({ before, after }: Said, told: Told): Change[] {
  const words = (values: Record<string, unknown>, name: string) =>
    Object.hasOwn(values, name) ? valueWords(values[name], told) : undefined;
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].map((name) => ({ name, before: words(before, name), after: words(after, name) }));
}

export function changeWords({ name, before, after }: Change): string {
  if (before === undefined) return `${name}: ${after}`;
  return after === undefined ? `${name}: was ${before}` : `${name}: ${before} → ${after}`;
}

const SHOWN_MAX = 80;

/** For a row of a list: the first words of the changes. */
export function summary(entry: Said, told: Told): string {
  const words = changes(entry, told).map(changeWords).join(' · ').replaceAll('\n', ' ');
  return cut(words, SHOWN_MAX);
}

/** An id that has no name, short enough for a row. */
export function shortId(id: string): string {
  return /^[0-9a-f]{12,}$/.test(id) ? `${id.slice(0, 8)}…` : id;
}

/** A time as the server writes it, and nothing else. */
export function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) && !Number.isNaN(Date.parse(text));
}

/** `member_role_changed` as one reads it. */
export function actionWords(action: string): string {
  return action.replaceAll('_', ' ');
}
