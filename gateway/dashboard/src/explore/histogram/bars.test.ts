import { describe, expect, test } from 'vitest';
import {
  type Column,
  columnAt,
  columnsOf,
  edge,
  errorsOf,
  joined,
  merged,
  pathOf,
  piecesOf,
  stepOf,
  ticksOf,
} from './bars';

process.env.TZ = 'Europe/Berlin';
const DAY = 86_400_000;
const AT = Date.UTC(2024, 2, 30, 12);

function column(count: number, levels: Record<string, number>): Column {
  return { start: 0, end: 1, count, levels };
}

describe('how time is cut', () => {
  test.each([
    [1, 1],
    [1000, 10],
    [900_000, 10_000],
    [3_600_000, 30_000],
    [DAY, 600_000],
    [30 * DAY, 21_600_000],
    [3650 * DAY, 30 * DAY],
  ])('%i ms into steps of %i ms', (length, step) => expect(stepOf(AT, AT + length - 1)).toBe(step));

  test('from a millisecond to all centuries, there are at most 151 columns and at least one', () => {
    for (let length = 1; length < 585 * 365 * DAY; length *= 1.7) {
      const columns = columnsOf([], stepOf(AT, AT + length), AT, AT + length);
      expect(columns.length).toBeGreaterThan(0);
      expect(columns.length).toBeLessThanOrEqual(151);
    }
  });

  test('empty stretches are there, and counts stand in theirs', () => {
    const buckets = [
      { start: '2024-03-30T12:00:00.000Z', count: 3, levels: { info: 2, error: 1 } },
      { start: '2024-03-30T12:00:20Z', count: 1, levels: { none: 1 } },
    ];
    const columns = columnsOf(buckets, 10_000, AT + 5000, AT + 25_000);
    expect(columns.map(({ start, count }) => [start - AT, count])).toEqual([
      [0, 3],
      [10_000, 0],
      [20_000, 1],
    ]);
  });

  test('what lies outside, or has no time, is not counted', () => {
    const buckets = [
      { start: '2020-01-01T00:00:00Z', count: 3, levels: {} },
      { start: 'never', count: 3, levels: {} },
    ];
    expect(joined(columnsOf(buckets, 1000, AT, AT + 5000)).count).toBe(0);
  });

  test('a level named __proto__ is a level', () => {
    const levels = JSON.parse('{"__proto__": 2, "error": 1}') as Record<string, number>;
    const [first] = columnsOf([{ start: new Date(AT).toISOString(), count: 3, levels }], 1000, AT, AT);
    expect(first && errorsOf(first)).toBe(1);
    expect(first && piecesOf(first, 3, 46).reduce((sum, piece) => sum + piece.height, 0)).toBe(46);
  });

  test('a server that cuts too finely does not make endless columns', () => {
    expect(columnsOf([], 1, AT, AT + 3650 * DAY).length).toBeLessThanOrEqual(10_002);
  });

  test('rows for reading are few and say the same', () => {
    const columns = columnsOf(
      [{ start: new Date(AT).toISOString(), count: 5, levels: {} }],
      1000,
      AT,
      AT + 119_999,
    );
    const rows = merged(columns, 24);
    expect(rows.length).toBeLessThanOrEqual(24);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(5);
    expect(rows.at(-1)?.end).toBe(columns.at(-1)?.end);
  });
});

describe('bars', () => {
  test('errors lie at the base, and the highest bar has the whole height', () => {
    const pieces = piecesOf(column(10, { info: 5, error: 3, warning: 2 }), 10, 46);
    expect(pieces.map(({ layer }) => layer)).toEqual(['error', 'warning', 'info']);
    expect(pieces[0]?.bottom).toBe(0);
    expect(pieces.reduce((sum, { height }) => sum + height, 0)).toBe(46);
  });

  test('one error among a thousand million lines is seen', () => {
    const pieces = piecesOf(column(1e9, { info: 1e9 - 1, error: 1 }), 1e9, 46);
    expect(pieces).toEqual([
      { layer: 'error', bottom: 0, height: 1 },
      { layer: 'info', bottom: 1, height: 45 },
    ]);
    expect(piecesOf(column(1, { info: 1 }), 1e9, 46)).toEqual([{ layer: 'info', bottom: 0, height: 1 }]);
  });

  test('nothing has no bar', () => {
    expect(piecesOf(column(0, {}), 10, 46)).toEqual([]);
    expect(piecesOf(column(0, {}), 0, 46)).toEqual([]);
    expect(pathOf('info', [], 800, 46)).toBe('');
  });

  test('other levels and lines without one lie on top', () => {
    const pieces = piecesOf(column(4, { notice: 2, info: 2 }), 4, 40);
    expect(pieces.map(({ layer, height }) => [layer, height])).toEqual([
      ['info', 20],
      ['none', 20],
    ]);
  });

  test('one column fills the width, and every pixel belongs to a column', () => {
    expect([edge(0, 1, 800), edge(1, 1, 800)]).toEqual([0, 800]);
    expect([-5, 0, 399, 799, 900].map((x) => columnAt(x, 120, 800))).toEqual([0, 0, 59, 119, 119]);
    for (let at = 0; at < 120; at += 1) expect(columnAt(edge(at, 120, 801) + 1, 120, 801)).toBe(at);
  });

  test('a path has whole pixels', () => {
    const path = pathOf('info', [column(1, { info: 1 }), column(3, { info: 3 })], 101, 46);
    expect(path).toMatch(/^(M\d+ \d+h\d+v-\d+h-\d+z){2}$/);
  });
});

describe('ticks', () => {
  const labels = (from: string, length: number, zone: 'local' | 'utc', count = 6) =>
    ticksOf(Date.parse(from), Date.parse(from) + length, count, zone).map(({ label }) => label);

  test('stand at round times', () => {
    expect(labels('2024-03-05T12:01:00Z', 900_000, 'utc')).toEqual(['12:05', '12:10', '12:15']);
    expect(labels('2024-03-05T12:00:00.100Z', 1000, 'utc')).toContain('12:00:00.400');
  });

  test('a day that begins is named', () => {
    expect(labels('2024-03-05T18:30:00Z', DAY, 'utc')).toEqual(['6 Mar', '06:00', '12:00', '18:00']);
  });

  test('days begin at midnight of the zone, also when clocks change', () => {
    const ticks = ticksOf(Date.parse('2024-03-28T12:00:00Z'), Date.parse('2024-04-02T12:00:00Z'), 6, 'local');
    expect(ticks.map(({ label }) => label)).toEqual(['29 Mar', '30 Mar', '31 Mar', '1 Apr', '2 Apr']);
    const hours = ticks.map(({ at }) => new Date(at).getHours());
    expect(new Set(hours)).toEqual(new Set([0]));
  });

  test('the hour that clocks leave out has no tick, and none comes twice', () => {
    const ticks = ticksOf(
      Date.parse('2024-03-30T22:00:00Z'),
      Date.parse('2024-03-31T06:00:00Z'),
      10,
      'local',
    );
    expect(new Set(ticks.map(({ label }) => label)).size).toBe(ticks.length);
    expect(ticks.map(({ label }) => label)).not.toContain('02:00');
  });

  test('years have their months', () => {
    expect(labels('2020-02-10T00:00:00Z', 3650 * DAY, 'utc')).toEqual([
      'Jan 2022',
      'Jan 2024',
      'Jan 2026',
      'Jan 2028',
      'Jan 2030',
    ]);
  });

  test('there is an end to them, whatever the span', () => {
    for (const length of [0, 1, 1000, 3650 * DAY, 500 * 365 * DAY])
      expect(ticksOf(AT, AT + length, 8, 'local').length).toBeLessThanOrEqual(100);
  });
});
