import { describe, expect, it } from 'vitest';
import { clock, shortClock, zoned } from './moment';

describe('the exact time beside a relative one', () => {
  const now = new Date('2026-03-01T00:30:00Z');
  const cases: [string, string][] = [
    ['2026-03-01T00:05:09.871Z', '00:05:09'],
    ['2026-03-01T23:59:59Z', '23:59:59'],
    ['2026-02-28T23:59:59Z', '2026-02-28 23:59'],
    ['1970-01-01T00:00:00Z', '1970-01-01 00:00'],
  ];
  it.each(cases)('%s', (at, shown) => expect(shortClock(new Date(at), 'utc', now)).toBe(shown));
});

it('what is no time is told as such', () => {
  expect(clock(new Date('tomorrow'), 'local', true)).toBe('no time');
});

it('who points at a time is told its zone, also where none was chosen', () => {
  const time = new Date('2026-03-01T00:05:09.871Z');
  expect(zoned(time, 'local', 'Europe/Lisbon')).toMatch(/^2026-0\d-\d\d \d\d:\d\d:09\.871 Europe\/Lisbon$/);
  expect(zoned(time, 'utc', 'Europe/Lisbon')).toBe('2026-03-01 00:05:09.871 UTC');
});
