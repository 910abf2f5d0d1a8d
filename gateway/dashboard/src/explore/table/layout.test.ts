import { expect, test } from 'vitest';
import { placedLabels, roundedUp, valueTicks } from './layout';

test('a round number is not smaller', () => {
  expect([0, 0.003, 7, 10, 23, 1284, 1e9, Number.NaN].map(roundedUp)).toEqual([
    1, 0.005, 10, 10, 25, 2000, 1e9, 1,
  ]);
});

test('figures go from zero to just above all values', () => {
  expect(valueTicks(1, 10)).toEqual([0, 2.5, 5, 7.5, 10]);
  expect(valueTicks(3, 5200)).toEqual([0, 2000, 4000, 6000]);
  expect(valueTicks(0, 0)).toEqual([0, 1]);
  expect(valueTicks(-5, 10)).toEqual([-5, 0, 5, 10]);
  expect(valueTicks(0, 1e9).at(-1)).toBe(1e9);
});

test('names keep apart and inside', () => {
  const placed = placedLabels([100, 101, 102, 10], 8, 180);
  const sorted = placed.toSorted((one, other) => one - other);
  for (const [at, y] of sorted.slice(1).entries()) expect(y - (sorted[at] ?? 0)).toBeGreaterThanOrEqual(16);
  expect(placedLabels([179, 180], 8, 180)).toEqual([164, 180]);
  expect(placedLabels([], 8, 180)).toEqual([]);
});
