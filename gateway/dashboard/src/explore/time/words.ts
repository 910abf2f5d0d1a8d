/** Times in words, as short as they can be said. Invariant: whatever is asked, something that can be read comes out. */
import { DAY, HOUR, MINUTE, type Moment, moment, SECOND } from './moment';
import type { Asked } from './span';

export type Zone = 'local' | 'utc';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const UNITS: Readonly<Record<string, string>> = {
  ms: 'ms',
  s: 's',
  m: 'min',
  h: 'h',
  H: 'h',
  d: 'd',
  w: 'weeks',
  M: 'months',
  y: 'years',
};
const ONE: Readonly<Record<string, string>> = { w: 'week', M: 'month', y: 'year' };
const RUNNING: Readonly<Record<string, string>> = {
  'now/d': 'Today (UTC)',
  'now/w': 'This week (UTC)',
  'now/M': 'This month (UTC)',
  'now/y': 'This year (UTC)',
};

/** “Last 15 min”, “23 Nov 14:02 - 14:17”. */
export function words(asked: Asked, zone: Zone, now = new Date()): string {
  const [from, to] = [asked.from.trim(), asked.to.trim()];
  const running = to === 'now' && (RUNNING[from] ?? lastOf(from));
  if (running) return running;
  if (from === 'now-1d/d' && to === from) return 'Yesterday (UTC)';
  const [begin, end] = [moment(from, now.getTime()), moment(to, now.getTime())];
  if (!begin || !end) return 'Time that cannot be read';
  if (/^now/i.test(from) || /^now/i.test(to)) {
    return `${relativeOr(from, begin, zone, now)} - ${relativeOr(to, end, zone, now)}`;
  }
  return betweenWords(begin.start, shownEnd(end), zone, now);
}

/** From one time to another, which is excluded. */
export function betweenWords(from: number, to: number, zone: Zone, now = new Date()): string {
  return (
    daysWords(from, to, zone, now) ??
    clocksWords(readable(from, to - from), readable(to, to - from), zone, now)
  );
}

/** Whole days, if they are. */
function daysWords(from: number, to: number, zone: Zone, now: Date): string | null {
  const [begin, last] = [civil(from, zone), civil(to - 1, zone)];
  if (begin.ofDay !== 0 || civil(to, zone).ofDay !== 0 || to <= from) return null;
  const withYear = begin.year !== civil(now.getTime(), zone).year || last.year !== begin.year;
  const suffix = zone === 'utc' ? ' UTC' : '';
  if (dayWords(begin, true) === dayWords(last, true)) return dayWords(begin, withYear) + suffix;
  const isOneMonth = begin.month === last.month && begin.year === last.year;
  return `${isOneMonth ? begin.day : dayWords(begin, withYear)} - ${dayWords(last, withYear)}${suffix}`;
}

function clocksWords(from: number, to: number, zone: Zone, now: Date): string {
  const [begin, end] = [civil(from, zone), civil(to, zone)];
  const withYear = begin.year !== civil(now.getTime(), zone).year || end.year !== begin.year;
  // A short span is told by its seconds, or less.
  const least = to - from < SECOND ? 2 : to - from < MINUTE ? 1 : 0;
  const precision = Math.max(begin.precision, end.precision, least);
  const isOneDay = dayWords(begin, true) === dayWords(end, true);
  const until = `${isOneDay ? '' : `${dayWords(end, withYear)} `}${timeWords(end, precision)}`;
  return `${dayWords(begin, withYear)} ${timeWords(begin, precision)} - ${until}${zone === 'utc' ? ' UTC' : ''}`;
}

function lastOf(from: string): string | null {
  const [, count, unit] = /^now-(\d*)(ms|[smhHdwMy])$/i.exec(from) ?? [];
  return count === undefined || !unit ? null : `Last ${counted(count, unit)}`;
}

function counted(count: string, unit: string): string {
  const number = count || '1';
  return `${number} ${(number === '1' && ONE[unit]) || UNITS[unit] || unit}`;
}

function relativeOr(text: string, at: Moment, zone: Zone, now: Date): string {
  if (/^now$/i.test(text)) return 'now';
  const [, sign, count, unit] = /^now([+-])(\d*)(ms|[smhHdwMy])$/.exec(text) ?? [];
  if (sign && unit)
    return sign === '-' ? `${counted(count ?? '', unit)} ago` : `in ${counted(count ?? '', unit)}`;
  return instantWords(readable(at.start, Math.abs(now.getTime() - at.start)), zone, now);
}

export function instantWords(at: number, zone: Zone, now = new Date()): string {
  const is = civil(at, zone);
  const withYear = is.year !== civil(now.getTime(), zone).year;
  return `${dayWords(is, withYear)} ${timeWords(is, is.precision)}${zone === 'utc' ? ' UTC' : ''}`;
}

/** Where it ends for people: a day ends at midnight, and what was written is shown as written. */
function shownEnd({ start, end }: Moment): number {
  return end - start >= DAY || (end % SECOND === 0 && end - start === 1) ? end : start;
}

export interface Civil {
  year: number;
  /** From 0. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  ms: number;
  /** Milliseconds since midnight, as clocks show it. */
  ofDay: number;
  /** What has to be said of its time: 0 hours and minutes, 1 seconds too, 2 milliseconds too. */
  precision: number;
}

export function civil(at: number, zone: Zone): Civil {
  const time = new Date(at);
  const shifted = zone === 'utc' ? time : new Date(at - time.getTimezoneOffset() * 60_000);
  const [second, ms] = [shifted.getUTCSeconds(), shifted.getUTCMilliseconds()];
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth(),
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
    second,
    ms,
    ofDay: ((shifted.getTime() % DAY) + DAY) % DAY,
    precision: ms ? 2 : second ? 1 : 0,
  };
}

export function dayWords({ year, month, day }: Civil, withYear: boolean): string {
  return `${day} ${MONTHS[month]}${withYear ? ` ${year}` : ''}`;
}

export function monthWords({ year, month }: Civil): string {
  return `${MONTHS[month]} ${year}`;
}

export function timeWords({ hour, minute, second, ms }: Civil, precision: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const rest =
    precision > 0 ? `:${two(second)}${precision > 1 ? `.${String(ms).padStart(3, '0')}` : ''}` : '';
  return `${two(hour)}:${two(minute)}${rest}`;
}

/** Nobody reads milliseconds of an hour, nor seconds of a week. */
export function readable(at: number, span: number): number {
  const unit = span >= DAY ? MINUTE : span >= MINUTE ? SECOND : 1;
  return Math.floor(at / unit) * unit;
}

/** As fields for times show it: `2026-11-23 14:02:10`. */
export function fieldText(at: number, zone: Zone): string {
  const is = civil(at, zone);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${String(is.year).padStart(4, '0')}-${two(is.month + 1)}-${two(is.day)}`;
  return `${day} ${timeWords(is, Math.max(1, is.precision))}`;
}

/** For a sentence about a length: `2 h 30 min`. */
export function lengthWords(ms: number): string {
  const parts: [number, string][] = [
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'min'],
    [SECOND, 's'],
    [1, 'ms'],
  ];
  let rest = Math.max(1, Math.round(ms));
  const said: string[] = [];
  for (const [length, unit] of parts) {
    const count = Math.floor(rest / length);
    if (count > 0) said.push(`${count} ${unit}`);
    rest -= count * length;
  }
  return said.slice(0, 2).join(' ');
}
