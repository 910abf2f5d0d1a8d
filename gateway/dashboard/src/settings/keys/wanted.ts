/**
 * What a form says of a key, and what the server is told of it. Invariant: an end that was not touched is not sent, so that
 * no change of a name moves it.
 */
import type { Key } from '../../api/schema';
import type { Scope } from '../../app/roles';

export type End = 'never' | '30' | '90' | '365' | 'day';

export interface Wanted {
  name: string;
  scopes: Scope[];
  /** As typed: patterns between commas, spaces or lines. */
  streams: string;
  end: End;
  /** YYYY-MM-DD, for an end at the end of a day. */
  day: string;
  /** A service account, or nothing for one's own. */
  owner: string;
}

const DAY_MS = 86_400_000;

export function empty(owner = ''): Wanted {
  return { name: '', scopes: ['ingest'], streams: '', end: 'never', day: '', owner };
}

export function ofKey({ name, scopes, streams, expires_at, owner }: Key): Wanted {
  const isAll = streams.length === 0 || streams.includes('*');
  return {
    name,
    scopes,
    streams: isAll ? '' : streams.join(', '),
    end: expires_at ? 'day' : 'never',
    day: expires_at ? dayOf(new Date(expires_at)) : '',
    owner,
  };
}

export function patterns(typed: string): string[] {
  return [...new Set(typed.split(/[\s,;]+/).filter(Boolean))];
}

/** The day of a time, as this browser counts days. */
export function dayOf(time: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  return `${String(time.getFullYear()).padStart(4, '0')}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

/** When the key ends; null for never, undefined for a day that is none. */
export function endOf({ end, day }: Pick<Wanted, 'end' | 'day'>, now: Date): string | null | undefined {
  if (end === 'never') return null;
  if (end !== 'day') return new Date(now.getTime() + Number(end) * DAY_MS).toISOString();
  const [year, month, date] = day.split('-').map(Number);
  const last = new Date(year ?? Number.NaN, (month ?? 0) - 1, date, 23, 59, 59);
  return Number.isNaN(last.getTime()) ? undefined : last.toISOString();
}

/** The body of a change: only what is otherwise. */
export function change(before: Wanted, after: Wanted, now: Date) {
  const isEndSame = before.end === after.end && before.day === after.day;
  return {
    ...(before.name !== after.name && { name: after.name }),
    ...(before.scopes.join() !== after.scopes.join() && { scopes: after.scopes }),
    ...(before.streams !== after.streams && { streams: allIfNone(patterns(after.streams)) }),
    ...(!isEndSame && { expires_at: endOf(after, now) ?? null }),
  };
}

export function allIfNone(streams: string[]): string[] {
  return streams.length === 0 ? ['*'] : streams;
}
