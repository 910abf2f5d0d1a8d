import { describe, expect, it } from 'vitest';
import type { Line } from '../../api/schema';
import { KEPT_MAX, LiveRows } from './live';

function line(id: number): Line {
  return { id: String(id), timestamp: '2026-03-01T08:00:00Z' } as Line;
}

function ids(rows: LiveRows) {
  return rows.rows.map((row) => ('id' in row ? row.id : 'gap'));
}

describe('lines that come', () => {
  it('are there once', () => {
    const rows = new LiveRows();
    rows.add([line(1), line(2)]);
    rows.add([line(2), line(3)]);
    expect(ids(rows)).toEqual(['1', '2', '3']);
  });

  it('wait during a pause, and none is lost', () => {
    const rows = new LiveRows();
    rows.add([line(1)]);
    rows.pause();
    rows.add([line(2), line(3)]);
    rows.gap({ from: 3, to: 9, count: 6 });
    expect([ids(rows), rows.waiting.length]).toEqual([['1'], 3]);
    rows.resume();
    expect([ids(rows), rows.waiting.length]).toEqual([['1', '2', '3', 'gap'], 0]);
  });

  it('are left to the search that found them, also when they come again', () => {
    const rows = new LiveRows();
    rows.add([line(1), line(2)]);
    rows.without(new Set(['1']));
    rows.add([line(1), line(3)]);
    expect(ids(rows)).toEqual(['2', '3']);
  });

  it('go, the oldest first, where there are too many', () => {
    const rows = new LiveRows();
    for (let at = 0; at <= KEPT_MAX; at += 1000)
      rows.add(Array.from({ length: 1000 }, (_, by) => line(at + by)));
    expect(rows.rows.length).toBeLessThanOrEqual(KEPT_MAX);
    expect(ids(rows).at(-1)).toBe(String(KEPT_MAX + 999));
  });

  it('name the time of the line before a gap', () => {
    const rows = new LiveRows();
    rows.add([line(1)]);
    rows.gap({ from: 1, to: 5, count: 4 });
    expect(rows.rows[1]).toMatchObject({ after: '2026-03-01T08:00:00Z' });
  });
});
