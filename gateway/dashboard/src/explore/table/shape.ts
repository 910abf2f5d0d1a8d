/**
 * What a table is: of which kind its columns are, how it is sorted, and which chart says the same.
 *
 * Invariant: a chart is there only where it loses nothing of what the table says, but for rows that it names as left out.
 */

export type Kind = 'time' | 'number' | 'text';

export interface Point {
  /** Milliseconds since 1970. */
  at: number;
  value: number;
}

export interface Series {
  name: string;
  points: Point[];
}

export type Shape =
  | { chart: 'none' }
  | {
      chart: 'lines';
      series: Series[] /** Not drawn. */;
      others: number /** Between two points. */;
      step: number;
    }
  | { chart: 'bars'; bars: { name: unknown; value: number }[]; others: number; text: number };

export const SERIES_MAX = 8;
export const BARS_MAX = 20;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;
const LOOKED_AT_MAX = 2000;

/** Of the values that are there; a column without any is text. */
export function kindOf(rows: readonly unknown[][], column: number): Kind {
  let kind: Kind | null = null;
  for (const row of rows.slice(0, LOOKED_AT_MAX)) {
    const value = row[column];
    if (value === null || value === undefined) continue;
    const own = typeof value === 'number' ? 'number' : isTime(value) ? 'time' : 'text';
    if (kind !== null && kind !== own) return 'text';
    kind = own;
  }
  return kind ?? 'text';
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value));
}

export function shapeOf(columns: readonly string[], rows: readonly unknown[][]): Shape {
  const kinds = columns.map((_, at) => kindOf(rows, at));
  const of = (kind: Kind) => kinds.flatMap((one, at) => (one === kind ? [at] : []));
  const [times, numbers, texts] = [of('time'), of('number'), of('text')];
  const [time, text, number] = [times[0], texts[0], numbers[0]];
  if (times.length === 1 && time !== undefined && number !== undefined && rows.length > 1) {
    if (texts.length === 0) return lines(numbers.map((at) => [columns[at] ?? '', column(rows, time, at)]));
    if (texts.length === 1 && numbers.length === 1 && text !== undefined) {
      return lines([...groups(rows, text)].map(([name, own]) => [name, column(own, time, number)]));
    }
  }
  if (columns.length === 2 && text !== undefined && number !== undefined && rows.length > 1) {
    return bars(rows, text, number);
  }
  return { chart: 'none' };
}

function column(rows: readonly unknown[][], time: number, number: number): Point[] {
  const points = rows.flatMap((row): Point[] => {
    const value = row[number];
    const at = Date.parse(String(row[time]));
    return typeof value === 'number' && Number.isFinite(at) ? [{ at, value }] : [];
  });
  return points.sort((one, other) => one.at - other.at);
}

function groups(rows: readonly unknown[][], text: number): Map<string, unknown[][]> {
  const found = new Map<string, unknown[][]>();
  for (const row of rows) {
    const name = named(row[text]);
    const group = found.get(name);
    if (group) group.push(row);
    else found.set(name, [row]);
  }
  return found;
}

/** What stands for a value where a name is needed. */
export function named(value: unknown): string {
  if (value === null || value === undefined) return '–';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The largest of them; two values at one time are no line. */
function lines(all: [string, Point[]][]): Shape {
  const series = all.map(([name, points]) => ({ name, points })).filter(({ points }) => points.length > 0);
  const isTwice = series.some(({ points }) => new Set(points.map(({ at }) => at)).size < points.length);
  const times = [...new Set(series.flatMap(({ points }) => points.map(({ at }) => at)))].sort(
    (a, b) => a - b,
  );
  if (isTwice || times.length < 2) return { chart: 'none' };
  const step = Math.min(...times.slice(1).map((at, index) => at - (times[index] ?? 0)));
  const sum = ({ points }: Series) => points.reduce((total, { value }) => total + Math.abs(value), 0);
  const sorted = series.sort((one, other) => sum(other) - sum(one));
  return {
    chart: 'lines',
    series: sorted.slice(0, SERIES_MAX),
    others: Math.max(0, sorted.length - SERIES_MAX),
    step,
  };
}

/** In the order of the table; amounts below zero have no bar from zero to the right. */
function bars(rows: readonly unknown[][], text: number, number: number): Shape {
  const all = rows.flatMap((row) => {
    const value = row[number];
    return typeof value === 'number' ? [{ name: row[text], value }] : [];
  });
  if (all.length < 2 || all.some(({ value }) => value < 0)) return { chart: 'none' };
  const shown = all.toSorted((one, other) => other.value - one.value).slice(0, BARS_MAX);
  return { chart: 'bars', bars: shown, others: all.length - shown.length, text };
}

/** Pieces of a line without gaps: where a step is missing, the line is too. */
export function pieces(points: readonly Point[], step: number): Point[][] {
  const found: Point[][] = [];
  for (const point of points) {
    const last = found.at(-1);
    const before = last?.at(-1);
    if (last && before && point.at - before.at <= step * 1.5) last.push(point);
    else found.push([point]);
  }
  return found;
}

export interface Order {
  column: string;
  isDown: boolean;
}

/** As an address has it: `-count()` has the largest first. */
export function orderOf(text: string | undefined, columns: readonly string[]): Order | null {
  const isDown = text?.startsWith('-') ?? false;
  const name = isDown ? text?.slice(1) : text;
  if (text !== undefined && columns.includes(text)) return { column: text, isDown: false };
  return name !== undefined && columns.includes(name) ? { column: name, isDown } : null;
}

/** Numbers by size, everything else as people sort; what is missing comes last, whichever way. */
export function sorted(columns: readonly string[], rows: readonly unknown[][], order: Order | null) {
  if (!order) return rows;
  const at = columns.indexOf(order.column);
  const collator = new Intl.Collator('en', { numeric: true });
  const compare = (one: unknown, other: unknown) => {
    if (typeof one === 'number' && typeof other === 'number') return one - other;
    return collator.compare(named(one), named(other));
  };
  return rows.toSorted((one, other) => {
    const [first, second] = [one[at] ?? null, other[at] ?? null];
    if (first === null || second === null) return Number(first === null) - Number(second === null);
    return order.isDown ? compare(second, first) : compare(first, second);
  });
}
