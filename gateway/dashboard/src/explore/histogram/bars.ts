/**
 * Where the bars of a histogram stand: how time is cut, how levels lie on each other, what is said at the axis.
 *
 * Invariant: bars begin at zero, and what is there can be seen: a line that failed has a pixel however many others there
 * are. Times are milliseconds since 1970.
 */
import { DAY, HOUR, MINUTE, SECOND } from '../time/moment';
import { civil, dayWords, monthWords, timeWords, type Zone } from '../time/words';

export interface Bucket {
  start: string;
  count: number;
  levels: Record<string, number>;
}

/** A stretch of time, with lines or without. */
export interface Column {
  start: number;
  /** Does not belong to it. */
  end: number;
  count: number;
  levels: Readonly<Record<string, number>>;
}

/** From the base on. What has no level, or another one, lies on top. */
export const STACK = ['critical', 'error', 'warning', 'info', 'debug', 'trace', 'none'] as const;
export type Layer = (typeof STACK)[number];
const LOUD = 3;

const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 5, 10, 30, 90, 365, 1460, 3650].map((count) => count * DAY),
];
const COLUMNS_MAX = 150;

/** The finest round step that gives about 120 columns. */
export function stepOf(from: number, to: number): number {
  return STEPS.find((step) => countOf(from, to, step) <= COLUMNS_MAX) ?? 36_500 * DAY;
}

function countOf(from: number, to: number, step: number): number {
  return Math.floor(to / step) - Math.floor(from / step) + 1;
}

const NOTHING: Readonly<Record<string, number>> = Object.freeze({});

/** All stretches from the one of `from` to the one of `to`, as the server cuts them: at multiples of the step. */
export function columnsOf(buckets: readonly Bucket[], step: number, from: number, to: number): Column[] {
  const length = Math.max(step, Math.ceil((to - from) / 10_000), 1);
  const first = Math.floor(from / length);
  const columns = Array.from({ length: countOf(from, to, length) }, (_, at): Column => {
    const start = (first + at) * length;
    return { start, end: start + length, count: 0, levels: NOTHING };
  });
  for (const { start, count, levels } of buckets) {
    const column = columns[Math.floor(Date.parse(start) / length) - first];
    if (!column) continue;
    column.levels = added(column.levels, levels);
    column.count += count;
  }
  return columns;
}

function added(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>) {
  const sum: Record<string, number> = { ...one };
  for (const [level, count] of Object.entries(other)) sum[level] = (sum[level] ?? 0) + count;
  return sum;
}

/** Several stretches as one. */
export function joined(columns: readonly Column[]): Column {
  const [start, end] = [columns[0]?.start ?? 0, columns.at(-1)?.end ?? 0];
  const count = columns.reduce((sum, column) => sum + column.count, 0);
  return { start, end, count, levels: columns.reduce((sum, { levels }) => added(sum, levels), NOTHING) };
}

/** At most so many rows that say the same. */
export function merged(columns: readonly Column[], rowsMax: number): Column[] {
  const each = Math.max(1, Math.ceil(columns.length / rowsMax));
  const rows: Column[] = [];
  for (let at = 0; at < columns.length; at += each) rows.push(joined(columns.slice(at, at + each)));
  return rows;
}

export function errorsOf({ levels }: Column): number {
  return (levels.critical ?? 0) + (levels.error ?? 0);
}

export interface Piece {
  layer: Layer;
  /** From the base. */
  bottom: number;
  height: number;
}

/** The pieces of a bar in pixels. */
export function piecesOf({ count, levels }: Column, max: number, height: number): Piece[] {
  if (count <= 0 || max <= 0) return [];
  const pieces: Piece[] = [];
  let [sum, top] = [0, 0];
  STACK.forEach((layer, at) => {
    const own = layer === 'none' ? count - sum : (levels[layer] ?? 0);
    if (own <= 0) return;
    sum += own;
    const least = at < LOUD || top === 0 ? top + 1 : top;
    const next = Math.min(height, Math.max(least, Math.round((sum / max) * height)));
    if (next > top) pieces.push({ layer, bottom: top, height: next - top });
    top = next;
  });
  return pieces;
}

/** Where a column begins, in whole pixels. */
export function edge(at: number, columns: number, width: number): number {
  return Math.round((at / Math.max(columns, 1)) * width);
}

/** The column under a pixel. */
export function columnAt(x: number, columns: number, width: number): number {
  return Math.min(Math.max(Math.floor((x / Math.max(width, 1)) * columns), 0), columns - 1);
}

/** The path of one layer in all bars. */
export function pathOf(layer: Layer, columns: readonly Column[], width: number, height: number): string {
  const max = Math.max(...columns.map((column) => column.count), 0);
  const gap = width / Math.max(columns.length, 1) >= 5 ? 1 : 0;
  const parts: string[] = [];
  columns.forEach((column, at) => {
    const piece = piecesOf(column, max, height).find((one) => one.layer === layer);
    if (!piece) return;
    const x = edge(at, columns.length, width);
    const wide = Math.max(edge(at + 1, columns.length, width) - x - gap, 1);
    parts.push(`M${x} ${height - piece.bottom}h${wide}v${-piece.height}h${-wide}z`);
  });
  return parts.join('');
}

export interface Tick {
  at: number;
  label: string;
}

const TICK_STEPS = [...STEPS.filter((step) => step <= 12 * HOUR), DAY, 2 * DAY, 7 * DAY];
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120, 600];

/** Round times of the chosen zone, with room between them. */
export function ticksOf(from: number, to: number, count: number, zone: Zone): Tick[] {
  const least = (to - from) / Math.max(count, 1);
  const step = TICK_STEPS.find((one) => one >= least);
  const times = step ? everyStep(from, to, step, zone) : everyMonths(from, to, least / (30 * DAY), zone);
  return times.map((at) => ({ at, label: labelOf(at, step ?? 30 * DAY, zone) }));
}

function everyStep(from: number, to: number, step: number, zone: Zone): number[] {
  const shown = (at: number) => at - (zone === 'utc' ? 0 : new Date(at).getTimezoneOffset() * MINUTE);
  const times: number[] = [];
  for (let at = Math.ceil(shown(from) / step) * step; at <= shown(to); at += step) {
    const time = ofClock(new Date(at), zone);
    if (time >= from && time <= to && time > (times.at(-1) ?? -Infinity)) times.push(time);
  }
  return times;
}

function everyMonths(from: number, to: number, least: number, zone: Zone): number[] {
  const step = MONTH_STEPS.find((one) => one >= least) ?? 1200;
  const { year, month } = civil(from, zone);
  const times: number[] = [];
  for (let at = Math.ceil((year * 12 + month) / step) * step; times.length < 100; at += step) {
    const time = ofClock(new Date(Date.UTC(Math.floor(at / 12), at % 12)), zone);
    if (time > to) break;
    if (time >= from) times.push(time);
  }
  return times;
}

/** The time at which clocks of the zone show what the fields of a date in UTC are. */
function ofClock(date: Date, zone: Zone): number {
  if (zone === 'utc') return date.getTime();
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const time = [
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    date.getUTCMilliseconds(),
  ] as const;
  return new Date(year, month, day, ...time).getTime();
}

function labelOf(at: number, step: number, zone: Zone): string {
  const time = civil(at, zone);
  if (step >= 30 * DAY) return monthWords(time);
  if (step >= DAY || (time.ofDay === 0 && step >= MINUTE)) return dayWords(time, false);
  return timeWords(time, step < SECOND ? 2 : step < MINUTE ? 1 : 0);
}
