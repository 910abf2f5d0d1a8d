/**
 * Times as people type and paste them: `15m`, `last 2 hours`, `yesterday`, `14:02 - 14:17`, a stamp out of a log.
 *
 * Invariant: what comes out can stand in an address; what cannot be read comes out as a sentence. A time without a zone is
 * of the zone that was chosen.
 */
import { civil as atUtc, DAY, MINUTE, moment, offset, SECOND } from './moment';
import { type Asked, between, wrong } from './span';
import { civil, type Zone } from './words';

/** What is shown around a single instant. */
const AROUND = 5 * MINUTE;
const TYPED_MAX = 200;

export type Typed = { asked: Asked } | { wrong: string };

interface Stretch {
  start: number;
  end: number;
}

export function typed(text: string, zone: Zone, now: Date): Typed {
  const bare = text.trim().replace(/^["'[({]+|["'\])},;]+$/g, '');
  if (bare === '') return { wrong: 'Write a time such as 15m, yesterday or 14:02 - 14:17.' };
  if (bare.length > TYPED_MAX) return { wrong: 'This is too long for a time.' };
  const asked = running(bare) ?? ofDays(bare, zone, now) ?? one(bare, zone, now) ?? both(bare, zone, now);
  if (!asked) return { wrong: 'This is no time; write 15m, yesterday, 14:02 - 14:17 or 2026-03-01 08:00.' };
  const reason = wrong(asked, now);
  return reason === null ? { asked } : { wrong: reason };
}

/** One end; `now` and what follows it stays as it is. */
export function typedEnd(text: string, side: keyof Asked, zone: Zone, now: Date): string | null {
  const bare = text.trim();
  if (/^now/i.test(bare) && moment(bare, now.getTime())) return bare.replace(/^now/i, 'now');
  const ago = agoOf(bare);
  if (ago) return `now-${ago}`;
  const found = stretch(bare, zone, now);
  if (!found) return null;
  const { start, end } = found;
  // A clock is meant as it stands, a day to its end.
  const isExact = end - start <= MINUTE;
  return new Date(side === 'from' || isExact ? start : end - 1).toISOString();
}

const UNITS: readonly [RegExp, string][] = [
  [/^(ms|milliseconds?)$/, 'ms'],
  [/^(s|secs?|seconds?)$/, 's'],
  [/^(m|mins?|minutes?)$/, 'm'],
  [/^(h|hrs?|hours?)$/, 'h'],
  [/^(d|days?)$/, 'd'],
  [/^(w|weeks?)$/, 'w'],
  [/^(mo|mons?|months?)$/, 'M'],
  [/^(y|years?)$/, 'y'],
];

/** `15m`, `2h 30 min`, as `now-…` has it behind the minus. */
function lengthOf(text: string): string | null {
  const parts = [...text.toLowerCase().matchAll(/(\d{1,9})\s*([a-z]+)\s*/g)];
  if (parts.length === 0 || parts.map(([all]) => all).join('') !== text.toLowerCase()) return null;
  const found = parts.map(([, count = '', word = '']) => {
    // The one unit whose case counts, as the address has it.
    const unit = /\dM$/.test(text) ? 'M' : UNITS.find(([pattern]) => pattern.test(word))?.[1];
    return unit && `${Number(count)}${unit}`;
  });
  return found.every(Boolean) ? found.join('-') : null;
}

function running(text: string): Asked | null {
  const [, rest] = /^(?:the\s+)?(?:last|past)\s+(.+)$/i.exec(text) ?? [];
  const amount = lengthOf((rest ?? text).replace(/^(?=[a-z]+$)/i, rest ? '1 ' : ''));
  if (amount) return { from: `now-${amount}`, to: 'now' };
  const isEnd = /^now[+-]?[^\s]*$/i.test(text) && !/^now$/i.test(text);
  return isEnd ? { from: text.replace(/^now/i, 'now'), to: 'now' } : null;
}

function agoOf(text: string): string | null {
  const [, rest] = /^(.+?)\s+ago$/i.exec(text) ?? [];
  return rest ? lengthOf(rest) : null;
}

export function today(zone: Zone, now: Date): Asked {
  return { from: new Date(midnight(now.getTime(), zone)).toISOString(), to: 'now' };
}

export function yesterday(zone: Zone, now: Date): Asked {
  const end = midnight(now.getTime(), zone);
  return between(midnight(end - 1, zone), end);
}

function ofDays(text: string, zone: Zone, now: Date): Asked | null {
  if (/^today$/i.test(text)) return today(zone, now);
  return /^yesterday$/i.test(text) ? yesterday(zone, now) : null;
}

function midnight(at: number, zone: Zone): number {
  const { year, month, day } = civil(at, zone);
  return zone === 'utc' ? Date.UTC(year, month, day) : new Date(year, month, day).getTime();
}

/** One time: a minute, hour or day is shown whole, and what is shorter with what is around it. */
function one(text: string, zone: Zone, now: Date): Asked | null {
  const found = stretch(text, zone, now);
  if (!found) {
    const ago = agoOf(text);
    return ago ? { from: `now-${ago}`, to: 'now' } : null;
  }
  const { start, end } = found;
  return end - start <= SECOND ? between(start - AROUND, start + AROUND) : between(start, end);
}

const SEPARATORS = [
  /\s+(?:-|–|—|to|until|till|through)\s+/i,
  /\.\.+/,
  /[–—]/,
  /\s*[\n\t]+\s*/,
  /\//,
  /\s*,\s*/,
  /-/,
  /\s+/,
];

function both(text: string, zone: Zone, now: Date): Asked | null {
  const bare = text.replace(/^(from|between)\s+/i, '').replace(/\s+and\s+/i, ' - ');
  for (const separator of SEPARATORS) {
    const parts = bare.split(separator);
    const [first = '', second = ''] = parts;
    if (parts.length !== 2 || !first || !second) continue;
    const from = typedEnd(first, 'from', zone, now);
    const to = from && typedEnd(withDay(second, first), 'to', zone, now);
    if (from && to) return { from, to };
  }
  return null;
}

/** `23 Nov 14:02 - 14:17`: both ends are of one day. */
function withDay(second: string, first: string): string {
  if (!CLOCK.test(second.trim())) return second;
  const [, day] = /^(.*?)[\sT:_]*\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?$/.exec(first.trim()) ?? [];
  return day ? `${day} ${second.trim()}` : second;
}

const CLOCK = /^(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?$/;
const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const REST = String.raw`(?:(?:,?\s+|[ :T_]+)(\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?))?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?$`;
const ISO = new RegExp(String.raw`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})${REST}`, 'i');
const DAY_FIRST = new RegExp(
  String.raw`^(?:[a-z]{3},?\s+)?(\d{1,2})\.?[ /-]+([a-z]{3,9})\.?(?:,?[ /-]+(\d{4}))?${REST}`,
  'i',
);
const MONTH_FIRST = new RegExp(
  String.raw`^(?:[a-z]{3},?\s+)?([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(\d{4}))?${REST}`,
  'i',
);

function stretch(text: string, zone: Zone, now: Date): Stretch | null {
  if (CLOCK.test(text)) {
    const { year, month, day } = civil(now.getTime(), zone);
    return placed([year, month + 1, day], text, undefined, zone);
  }
  const iso = ISO.exec(text);
  if (iso) return placed([Number(iso[1]), Number(iso[2]), Number(iso[3])], iso[4], iso[5], zone);
  const dayFirst = DAY_FIRST.exec(text);
  if (dayFirst) return named(dayFirst[2], dayFirst[1], dayFirst[3], dayFirst[4], dayFirst[5], zone, now);
  const monthFirst = MONTH_FIRST.exec(text);
  if (monthFirst)
    return named(monthFirst[1], monthFirst[2], monthFirst[3], monthFirst[4], monthFirst[5], zone, now);
  return /^\d{8,19}$/.test(text) ? moment(text, now.getTime()) : null;
}

function named(
  word = '',
  day = '',
  year: string | undefined,
  clock: string | undefined,
  zoneText: string | undefined,
  zone: Zone,
  now: Date,
): Stretch | null {
  const month = MONTHS.indexOf(word.slice(0, 3).toLowerCase()) + 1;
  const thisYear = civil(now.getTime(), zone).year;
  const found = placed([Number(year ?? thisYear), month, Number(day)], clock, zoneText, zone);
  // A stamp without a year is of the past.
  const isAhead = !year && found && found.start > now.getTime() + DAY;
  return isAhead ? placed([thisYear - 1, month, Number(day)], clock, zoneText, zone) : found;
}

function placed(
  [year, month, day]: [number, number, number],
  clock: string | undefined,
  zoneText: string | undefined,
  zone: Zone,
): Stretch | null {
  const [, hour = '0', minute = '0', second = '0', fraction = '0'] = CLOCK.exec(clock ?? '') ?? [];
  const utc = atUtc(year, month, day, Number(hour), Number(minute), Number(second));
  if (utc === null) return null;
  const ms = Math.floor(Number(`0.${fraction}`) * SECOND);
  const place = (at: number) => {
    if (zoneText) return at - offset(zoneText);
    return zone === 'utc' ? at : localOf(at);
  };
  const isDay = clock === undefined;
  const isMinute = clock !== undefined && clock.split(':').length === 2;
  const end = isDay
    ? place(utc + DAY)
    : place(utc) + ms + (isMinute ? MINUTE : fraction !== '0' ? 1 : SECOND);
  return { start: place(utc) + ms, end };
}

/** The time at which clocks here show what clocks in UTC show at another. */
function localOf(utc: number): number {
  const is = new Date(utc);
  return new Date(
    is.getUTCFullYear(),
    is.getUTCMonth(),
    is.getUTCDate(),
    is.getUTCHours(),
    is.getUTCMinutes(),
    is.getUTCSeconds(),
  ).getTime();
}
