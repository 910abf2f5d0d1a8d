/**
 * The time that is looked at: from where to where, and how one moves in it.
 *
 * Invariant: what cannot be read is an error with a sentence for people, and never a time that is none.
 */
import { DAY, HOUR, MINUTE, moment, SECOND } from './moment';

export { words } from './words';

/** As the address has it. */
export interface Asked {
  from: string;
  to: string;
}

export interface Span {
  from: Date;
  /** The last millisecond that belongs to it. */
  to: Date;
  /** It ends now. */
  isLive: boolean;
}

export class UnreadableTime extends Error {
  override name = 'UnreadableTime';
  constructor(
    readonly side: keyof Asked,
    sentence: string,
  ) {
    super(sentence);
  }
}

function last(amount: string): Asked {
  return { from: `now-${amount}`, to: 'now' };
}

export const PRESETS: readonly Asked[] = ['5m', '15m', '30m', '1h', '6h', '24h', '7d', '30d'].map(last);

/** Throws `UnreadableTime`. */
export function resolved(asked: Asked, now: Date): Span {
  const from = moment(asked.from, now.getTime());
  if (!from) throw new UnreadableTime('from', unreadable(asked.from));
  const to = moment(asked.to, now.getTime());
  if (!to) throw new UnreadableTime('to', unreadable(asked.to));
  const isLive = /^now$/i.test(asked.to.trim());
  const end = Math.max(to.start, to.end - 1);
  if (from.start > end) throw new UnreadableTime('to', 'The time ends before it begins; exchange its ends.');
  return { from: new Date(from.start), to: new Date(end), isLive };
}

/** The sentence that says what is wrong with a time; none if it can be read. */
export function wrong(asked: Asked, now: Date): string | null {
  try {
    resolved(asked, now);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

const SHOWN_MAX = 40;

function unreadable(text: string): string {
  const shown = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
  return `“${shown}” is no time; write it as now-15m or as 2026-03-01T08:00:00Z.`;
}

/** Between two times, the second one excluded. */
export function between(from: Date | number, to: Date | number): Asked {
  const last = Math.max(Number(from), Number(to) - 1);
  return { from: new Date(from).toISOString(), to: new Date(last).toISOString() };
}

/** How long it is, as people count: from 14:02 to 14:17 are 15 minutes, whether its last millisecond is said or not. */
export function length({ from, to }: Span): number {
  const ms = to.getTime() - from.getTime();
  return ms % SECOND === SECOND - 1 || ms === 0 ? ms + 1 : ms;
}

/** Moved by its length. */
export function stepped(asked: Asked, by: 1 | -1, now: Date): Asked {
  const span = resolved(asked, now);
  return moved(span, by * length(span), by * length(span));
}

/** Twice as long around its middle; what ends now still does. */
export function widened(asked: Asked, now: Date): Asked {
  const span = resolved(asked, now);
  const half = length(span) / 2;
  if (!span.isLive) return moved(span, -Math.ceil(half), Math.ceil(half));
  return last(amount(2 * length(span)));
}

function moved({ from, to }: Span, byFrom: number, byTo: number): Asked {
  const at = (time: Date, by: number) => new Date(within(time.getTime() + by)).toISOString();
  return { from: at(from, byFrom), to: at(to, byTo) };
}

/** The server knows no times outside. */
function within(time: number): number {
  return Math.min(Math.max(time, Date.UTC(1678, 0)), Date.UTC(2262, 0));
}

/** `now-…` understands whole numbers of one unit. */
export function amount(ms: number): string {
  const units: [number, string][] = [
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'm'],
    [SECOND, 's'],
  ];
  // A day is said in hours, and only several in days.
  const found = units.find(([length]) => ms % length === 0 && (length < DAY || ms > DAY));
  return found ? `${ms / found[0]}${found[1]}` : `${Math.round(ms)}ms`;
}

/** What cannot be read as a span is shown as the last quarter of an hour; the picker says what is wrong. */
export function readable(asked: Asked, ranAt: number): Span {
  try {
    return resolved(asked, new Date(ranAt));
  } catch {
    return resolved({ from: 'now-15m', to: 'now' }, new Date(ranAt));
  }
}

export function minuteAround(time: Date): Asked {
  const at = time.getTime();
  return { from: new Date(at - 30_000).toISOString(), to: new Date(at + 30_000).toISOString() };
}
