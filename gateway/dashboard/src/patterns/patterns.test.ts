import { expect, it } from 'vitest';
import type { Pattern } from '../api/schema';
import { isPastKnown, queryFor, read } from './asked';
import { linesOf } from './list';
import { piecesOf } from './pieces';
import { sparkPath } from './spark';

it('reads an address that somebody mangled', () => {
  expect(read({ sort: '__proto__', size: 'x', new: 'yes' })).toEqual({
    q: '',
    asked: { from: 'now-1h', to: 'now' },
    sort: 'frequent',
    onlyNew: false,
    size: 50,
  });
  expect(read({ size: '999999' }).size).toBe(1000);
});

it('calls new what no line had before the span', () => {
  const asked = queryFor(read({ q: 'level:error', from: 'now-6h', new: '1' }));
  expect(asked).toMatchObject({ q: 'level:error', from: 'now-6h', new_since: 'now-6h', only_new: true });
});

it('knows whether there is a time before the span', () => {
  const from = new Date('2026-03-01T08:00:00Z');
  expect(isPastKnown('2026-03-01T07:59:59Z', from)).toBe(true);
  expect(isPastKnown('2026-03-01T08:00:00Z', from)).toBe(false);
  expect(isPastKnown(null, from)).toBe(false);
});

it('tells variables from words', () => {
  expect(piecesOf('took <num> ms')).toEqual([
    { text: 'took ', isHole: false },
    { text: '<num>', isHole: true },
    { text: ' ms', isHole: false },
  ]);
  expect(piecesOf('x'.repeat(10_000))[0]?.text.length).toBeLessThan(700);
});

it('keeps the query that chose the lines', () => {
  const pattern = { pattern: 'disk full', examples: [{ message: 'disk full' }] } as unknown as Pattern;
  expect(linesOf(pattern, '')).toBe('message:"disk full"');
  expect(linesOf(pattern, 'a or b')).toBe('(a or b) and message:"disk full"');
});

it('draws a bar for each bucket, the tallest as high as there is room', () => {
  const start = Date.parse('2026-03-01T08:00:00Z');
  const path = sparkPath(
    [
      { start: '2026-03-01T08:00:00Z', count: 1 },
      { start: '2026-03-01T08:01:00Z', count: 4 },
    ],
    { from: start, to: start + 120_000, step: 60_000 },
  );
  expect(path).toBe('M0.0 16v-4.0h44.5v4.0zM45.0 16v-16.0h44.5v16.0z');
  expect(sparkPath([], { from: 0, to: 0, step: 0 })).toBe('');
});
