/**
 * A time as an address has it: `now-15m`, `now/d`, `2026-03-01`, RFC 3339, or a number since 1970.
 *
 * Invariant: it is read as the server reads it: as long as it was written precisely, in UTC unless a zone stands there,
 * and between the years 1677 and 2262. It is exact to the millisecond.
 */

/** Milliseconds since 1970, from `start` to before `end`; both are the same for an instant. */
export interface Moment {
  start: number;
  end: number;
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
const FIRST_MONDAY = 4 * DAY;
const FIRST = Date.UTC(1677, 9, 1);
const LAST = Date.UTC(2262, 3, 1);

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: SECOND,
  m: MINUTE,
  h: HOUR,
  H: HOUR,
  d: DAY,
  w: 7 * DAY,
};

export function moment(text: string, now: number): Moment | null {
  // A plus sign that was not escaped in an address has become a space.
  return read(text.trim(), now) ?? read(text.trim().replaceAll(' ', '+'), now);
}

function read(text: string, now: number): Moment | null {
  const found = relative(text, now) ?? year(text) ?? date(text) ?? epoch(text);
  return found && found.start >= FIRST && found.end <= LAST ? found : null;
}

/** `now` and what follows it, read from left to right. */
function relative(text: string, now: number): Moment | null {
  if (!/^now/i.test(text)) return null;
  const step = /([+\-/])(\d*)(ms|[smhHdwMy])/y;
  step.lastIndex = 3;
  let found: Moment = { start: now, end: now };
  while (step.lastIndex < text.length) {
    const [, sign = '', digits = '', unit = ''] = step.exec(text) ?? [];
    if (!sign || (sign === '/' && digits)) return null;
    const count = digits ? Number(digits) : 1;
    const at = sign === '/' ? null : shifted(found.start, sign === '-' ? -count : count, unit);
    found = at === null ? whole(found.start, unit) : { start: at, end: at };
    if (!Number.isFinite(found.start) || !Number.isFinite(found.end)) return null;
  }
  return found;
}

function shifted(from: number, count: number, unit: string): number {
  if (unit === 'M') return monthsLater(from, count);
  if (unit === 'y') return monthsLater(from, count * 12);
  return from + count * (UNITS[unit] ?? Number.NaN);
}

/** The same day of another month, or its last day if it is too short. */
function monthsLater(from: number, count: number): number {
  const date = new Date(from);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + count);
  const days = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return date.setUTCDate(Math.min(day, days));
}

/** The second, hour, day, week, month or year around an instant. */
function whole(at: number, unit: string): Moment {
  const date = new Date(at);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  if (unit === 'M') return { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) };
  if (unit === 'y') return { start: Date.UTC(year, 0), end: Date.UTC(year + 1, 0) };
  const length = UNITS[unit] ?? Number.NaN;
  const first = unit === 'w' ? FIRST_MONDAY : 0;
  const start = first + Math.floor((at - first) / length) * length;
  return { start, end: start + length };
}

function year(text: string): Moment | null {
  return /^\d{4}$/.test(text) ? { start: Date.UTC(+text, 0), end: Date.UTC(+text + 1, 0) } : null;
}

const DATE =
  /^(\d{4})([-/])(\d\d)(?:\2(\d\d)(?:[T _](\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?)?)?\s?(Z|[+-]\d\d:?\d\d)?$/i;

/** From the month on to parts of a second, perhaps with a zone. */
function date(text: string): Moment | null {
  const parts = DATE.exec(text);
  if (!parts) return null;
  const [, year = '', , month = '', day, hour, minute, second, fraction, zone] = parts;
  if (day === undefined) {
    const start = zone ? null : civil(+year, +month, 1);
    return start === null ? null : { start, end: Date.UTC(+year, +month) };
  }
  const start = civil(+year, +month, +day, +(hour ?? 0), +(minute ?? 0), +(second ?? 0));
  if (start === null) return null;
  const at = start + Math.floor(Number(`0.${fraction ?? 0}`) * SECOND) - offset(zone);
  return { start: at, end: at + lengthOf(hour, minute, second, fraction) };
}

function lengthOf(hour?: string, minute?: string, second?: string, fraction?: string): number {
  if (fraction) return Math.max(1, 10 ** (3 - fraction.length));
  if (second) return SECOND;
  return minute ? MINUTE : hour ? HOUR : DAY;
}

/** Nothing if there is no such day or time. */
export function civil(
  year: number,
  month: number,
  day: number,
  hour = 0,
  minute = 0,
  second = 0,
): number | null {
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  const is = new Date(at);
  const same = is.getUTCMonth() === month - 1 && is.getUTCDate() === day;
  return same && hour < 24 && minute < 60 && second < 60 ? at : null;
}

/** Milliseconds that a zone is ahead of UTC. */
export function offset(zone: string | undefined): number {
  const [, sign = '', hours = '', minutes = ''] = /^([+-])(\d\d):?(\d\d)$/.exec(zone ?? '') ?? [];
  return sign ? (sign === '-' ? -1 : 1) * (Number(hours) * HOUR + Number(minutes) * MINUTE) : 0;
}

/** Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their digits. */
function epoch(text: string): Moment | null {
  if (!/^\d{8,19}$/.test(text)) return null;
  const digits = text.replace(/^0+/, '').length;
  if (digits <= 11) return { start: +text * SECOND, end: (+text + 1) * SECOND };
  const start = digits <= 14 ? +text : Number(BigInt(text) / (digits <= 17 ? 1000n : 1_000_000n));
  return { start, end: start + 1 };
}
