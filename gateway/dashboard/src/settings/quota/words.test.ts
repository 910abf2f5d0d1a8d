import { expect, test } from 'vitest';
import { filled, type Share, shown, warning } from './words';

function share(status: Share['status'], percentage_used: number): Share {
  return { used: percentage_used, limit: 100, percentage_used, status };
}

test('nothing is said as long as there is room', () => {
  expect(warning('lines', share('ok', 79))).toBeNull();
});

test('a warning says how near the limit is and what happens there', () => {
  expect(warning('bytes', share('warning', 83.333))).toBe(
    'Bytes today: 83.3 % of the limit. At the limit lines are refused with 429 until the day ends.',
  );
  expect(warning('calls', share('exceeded', 100))).toBe(
    'Calls this hour: the limit is reached; requests are refused with 429 until the hour ends.',
  );
});

test('a bar is never wider than its room, and shows what is there at all', () => {
  expect(filled(0, 100)).toBe(0);
  expect(filled(1, 1_000_000)).toBe(0.5);
  expect(filled(50, 100)).toBe(50);
  expect(filled(300, 100)).toBe(100);
  expect(filled(1, 0)).toBe(100);
});

test('percentages have three digits', () => {
  expect(shown(share('ok', 12.3456))).toBe('12.3 %');
  expect(shown({ ...share('ok', 0), used: 7 })).toBe('< 0.01 %');
  expect(shown(share('ok', 0))).toBe('0 %');
});
