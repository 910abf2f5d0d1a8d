import { describe, expect, test } from 'vitest';
import { typed, typedEnd } from './typed';
import { fieldText, lengthWords } from './words';

process.env.TZ = 'Europe/Berlin';
const NOW = new Date('2024-04-10T12:34:56.789Z');

function asked(text: string, zone: 'local' | 'utc' = 'utc') {
  const found = typed(text, zone, NOW);
  return 'asked' in found ? [found.asked.from, found.asked.to] : found.wrong;
}

describe('what people type', () => {
  test.each([
    ['15m', 'now-15m', 'now'],
    ['last 15 min', 'now-15m', 'now'],
    ['past 2 hours', 'now-2h', 'now'],
    ['last hour', 'now-1h', 'now'],
    ['2h 30min', 'now-2h-30m', 'now'],
    ['3 days', 'now-3d', 'now'],
    ['1M', 'now-1M', 'now'],
    ['now-15m', 'now-15m', 'now'],
    ['now-2h to now-1h', 'now-2h', 'now-1h'],
    ['now-2h - now-1h', 'now-2h', 'now-1h'],
    ['3h ago - 1h ago', 'now-3h', 'now-1h'],
    ['3h ago', 'now-3h', 'now'],
    ['today', '2024-04-10T00:00:00.000Z', 'now'],
    ['Yesterday', '2024-04-09T00:00:00.000Z', '2024-04-09T23:59:59.999Z'],
    ['2024-04-01', '2024-04-01T00:00:00.000Z', '2024-04-01T23:59:59.999Z'],
    ['2024-04-01 10:30', '2024-04-01T10:30:00.000Z', '2024-04-01T10:30:59.999Z'],
    ['"2024-04-01T10:30:05.123Z",', '2024-04-01T10:25:05.123Z', '2024-04-01T10:35:05.122Z'],
    ['1712831696', '2024-04-11T10:29:56.000Z', '2024-04-11T10:39:55.999Z'],
    ['10:00 - 10:15', '2024-04-10T10:00:00.000Z', '2024-04-10T10:15:00.000Z'],
    ['10:00-10:15', '2024-04-10T10:00:00.000Z', '2024-04-10T10:15:00.000Z'],
    ['from 10:00:00 to 10:15:00', '2024-04-10T10:00:00.000Z', '2024-04-10T10:15:00.000Z'],
    ['9 Apr 14:02 – 14:17', '2024-04-09T14:02:00.000Z', '2024-04-09T14:17:00.000Z'],
    ['2024-04-09 14:02:00 - 14:17:00', '2024-04-09T14:02:00.000Z', '2024-04-09T14:17:00.000Z'],
    ['2024-04-01/2024-04-03', '2024-04-01T00:00:00.000Z', '2024-04-03T23:59:59.999Z'],
    ['2024-04-01..2024-04-03', '2024-04-01T00:00:00.000Z', '2024-04-03T23:59:59.999Z'],
    [
      '2024-04-01T10:00:00+02:00 2024-04-01T11:00:00+02:00',
      '2024-04-01T08:00:00.000Z',
      '2024-04-01T09:00:00.000Z',
    ],
    ['2024-04-01 - now', '2024-04-01T00:00:00.000Z', 'now'],
    ['Apr  9 14:02:10', '2024-04-09T13:57:10.000Z', '2024-04-09T14:07:09.999Z'],
    ['[09/Apr/2024:14:02:10 +0000]', '2024-04-09T13:57:10.000Z', '2024-04-09T14:07:09.999Z'],
    ['Tue, 09 Apr 2024 14:02:10 GMT', '2024-04-09T13:57:10.000Z', '2024-04-09T14:07:09.999Z'],
    ['24 Dec 10:00', '2023-12-24T10:00:00.000Z', '2023-12-24T10:00:59.999Z'],
  ])('%s', (text, from, to) => expect(asked(text)).toEqual([from, to]));

  test('a time without a zone is of the zone that was chosen, in summer and in winter', () => {
    expect(asked('2024-04-01 10:30', 'local')).toEqual([
      '2024-04-01T08:30:00.000Z',
      '2024-04-01T08:30:59.999Z',
    ]);
    expect(asked('2024-03-01 10:30', 'local')).toEqual([
      '2024-03-01T09:30:00.000Z',
      '2024-03-01T09:30:59.999Z',
    ]);
  });

  test('a day on which clocks change has 23 or 25 hours', () => {
    expect(asked('2024-03-31', 'local')).toEqual(['2024-03-30T23:00:00.000Z', '2024-03-31T21:59:59.999Z']);
    expect(asked('2023-10-29', 'local')).toEqual(['2023-10-28T22:00:00.000Z', '2023-10-29T22:59:59.999Z']);
  });

  test.each([
    '',
    'soon',
    '2024-02-30',
    '25:00 - 26:00',
    'x'.repeat(10_000),
    '\u202e12',
    '15',
    '0x10',
    '10:15 - 10:00',
  ])('%j is told in a sentence', (text) => expect(asked(text)).toMatch(/^[A-Z].*\.$/));
});

test('one end stays relative, or becomes exact', () => {
  expect(typedEnd('now-1h', 'from', 'utc', NOW)).toBe('now-1h');
  expect(typedEnd('NOW', 'to', 'utc', NOW)).toBe('now');
  expect(typedEnd('2024-04-01 10:30:00', 'to', 'local', NOW)).toBe('2024-04-01T08:30:00.000Z');
  expect(typedEnd('tomorrow', 'to', 'local', NOW)).toBeNull();
});

test('what a field shows is read as the same time', () => {
  for (const at of [Date.UTC(2024, 3, 1, 8, 30), Date.UTC(2024, 0, 1) + 5, Date.UTC(2024, 2, 31, 1)]) {
    for (const zone of ['local', 'utc'] as const)
      expect(typedEnd(fieldText(at, zone), 'from', zone, NOW)).toBe(new Date(at).toISOString());
  }
});

test('a length is said in its two largest units', () => {
  expect([1, 1500, 900_000, 9_000_000, 86_400_000 * 400].map(lengthWords)).toEqual([
    '1 ms',
    '1 s 500 ms',
    '15 min',
    '2 h 30 min',
    '400 d',
  ]);
});
