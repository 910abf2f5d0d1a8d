import { expect, test } from 'vitest';
import type { Retention } from '../../api/schema';
import { bodyOf, daysOf, draftOf, isWhole, matches, moved, shortened, wrongDays, wrongStream } from './rules';

function kept(days: number, ...streams: [string, number][]): Retention {
  return { days, days_max: 90, streams: streams.map(([stream, days]) => ({ stream, days })) };
}

test('a star stands for anything, and everything else for itself', () => {
  expect(matches('logs-nginx-*', 'logs-nginx-live')).toBe(true);
  expect(matches('*-pt', 'logs-x-pt')).toBe(true);
  expect(matches('*', '')).toBe(true);
  expect(matches('logs.a-*', 'logsxa-1')).toBe(false);
  expect(matches('logs', 'logs-x')).toBe(false);
  expect(matches('a*a', 'a')).toBe(false);
  expect(matches('a*b*a', 'axbxa')).toBe(true);
  expect(matches(`${'a*'.repeat(60)}b`, 'a'.repeat(200))).toBe(false);
});

test('the first rule that matches counts', () => {
  const rules = kept(30, ['logs-nginx-*', 7], ['logs-*', 14]);
  expect(daysOf(rules, 'logs-nginx-live')).toBe(7);
  expect(daysOf(rules, 'logs-shop-live')).toBe(14);
  expect(daysOf(rules, 'metrics-x-y')).toBe(30);
});

test('what is edited and sent back unchanged says the same', () => {
  const rules = kept(30, ['logs-nginx-*', 7]);
  expect(bodyOf(draftOf(rules))).toEqual({ days: 30, streams: [{ stream: 'logs-nginx-*', days: 7 }] });
  expect(bodyOf(draftOf(kept(90)))).toEqual({ streams: [] });
});

test('wrong entries are found before they are sent', () => {
  expect(wrongDays('7', 90)).toBeUndefined();
  for (const text of ['', '0', '91', '1.5', '-3', 'seven', '1e1']) expect(wrongDays(text, 90)).toBeDefined();
  expect(wrongStream('logs-*-pt')).toBeUndefined();
  for (const text of ['', 'Logs', 'a b', 'é']) expect(wrongStream(text)).toBeDefined();
  expect(isWhole({ days: '', streams: [{ id: 0, stream: 'a', days: '' }] }, 90)).toBe(false);
  expect(isWhole({ days: '', streams: [] }, 90)).toBe(true);
});

test('what a change would remove is told by stream', () => {
  const known = ['logs-nginx-live', 'logs-shop-live'];
  expect(shortened(kept(30), kept(30, ['logs-nginx-*', 7]), known)).toEqual([
    { stream: 'logs-nginx-live', before: 30, after: 7 },
  ]);
  expect(shortened(kept(30, ['logs-nginx-*', 60]), kept(30), known)).toEqual([
    { stream: 'logs-nginx-live', before: 60, after: 30 },
  ]);
  expect(shortened(kept(30), kept(10), [])).toEqual([{ stream: null, before: 30, after: 10 }]);
  expect(shortened(kept(30), kept(60, ['logs-nginx-*', 30]), known)).toEqual([]);
});

test('rules change places, and not beyond the ends', () => {
  expect(moved(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b']);
  expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c']);
  expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b']);
});
