import { expect, it } from 'vitest';
import type { Stats } from '../api/schema';
import { spanBefore } from './asked';
import { baseOf, serviceRows } from './figures';
import { parts } from './health';
import { stepped } from './volume';

const span = { from: new Date('2026-03-01T08:00:00Z'), to: new Date('2026-03-01T09:00:00Z'), isLive: true };

function withEarliest(earliest: string | null): Stats {
  return { storage: { lines: 1, raw_bytes: 1, stored_bytes: 1, earliest, latest: earliest } } as Stats;
}

it('measures against as long before, which ends where the span begins', () => {
  expect(spanBefore(span)).toEqual({
    from: new Date('2026-03-01T07:00:00Z'),
    to: new Date('2026-03-01T07:59:59.999Z'),
  });
});

it('compares only with a time that is known as a whole', () => {
  const { from } = spanBefore(span);
  expect(baseOf(withEarliest('2026-02-01T00:00:00Z'), from)).toEqual({ name: 'whole' });
  expect(baseOf(withEarliest('2026-03-01T07:30:00Z'), from)).toEqual({
    name: 'short',
    earliest: '2026-03-01T07:30:00Z',
  });
  expect(baseOf(withEarliest(null), from)).toEqual({ name: 'none' });
});

it('puts errors beside the lines of their service, also of one named __proto__', () => {
  const rows = serviceRows(
    [
      { value: 'shop', count: 200 },
      { value: '__proto__', count: 50 },
    ],
    [{ value: '__proto__', count: 3 }],
  );
  expect(rows).toEqual([
    { service: 'shop', lines: 200, errors: 0, share: 1 },
    { service: '__proto__', lines: 50, errors: 3, share: 0.25 },
  ]);
});

it('shows parts of the server that are ill before those that are well', () => {
  const part = (status: 'ok' | 'degraded' | 'unhealthy' | 'skipped') => ({
    status,
    latency_ms: 1,
    detail: '',
  });
  const dependencies = { a: part('ok'), b: part('skipped'), c: part('unhealthy'), d: part('degraded') };
  const shown = parts({ status: 'unhealthy', version: '0', uptime_s: 1, dependencies });
  expect(shown.map(({ name }) => name)).toEqual(['c', 'd', 'a', 'b']);
});

it('moves in the chart by keys and stays in it', () => {
  expect([stepped('ArrowLeft', 0, 9), stepped('ArrowRight', 8, 9), stepped('End', null, 9)]).toEqual([
    0, 8, 8,
  ]);
  expect([stepped('ArrowLeft', null, 9), stepped('Escape', 3, 9), stepped('x', 3, 9)]).toEqual([
    8,
    null,
    undefined,
  ]);
});
