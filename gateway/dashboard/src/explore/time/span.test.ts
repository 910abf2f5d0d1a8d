import { describe, expect, test } from 'vitest';
import {
  amount,
  between,
  length,
  PRESETS,
  resolved,
  stepped,
  UnreadableTime,
  widened,
  words,
  wrong,
} from './span';

process.env.TZ = 'Europe/Berlin';
/** A Sunday, on which the clocks of Berlin went ahead at one o'clock UTC. */
const NOW = new Date('2024-03-31T12:34:56.789Z');

function span(from: string, to: string) {
  const { from: begin, to: end } = resolved({ from, to }, NOW);
  return [begin.toISOString(), end.toISOString()];
}

describe('what an address says', () => {
  test.each([
    ['now-15m', 'now', '2024-03-31T12:19:56.789Z', '2024-03-31T12:34:56.789Z'],
    ['NOW-1h', 'NOW', '2024-03-31T11:34:56.789Z', '2024-03-31T12:34:56.789Z'],
    ['now-1d/d', 'now-1d/d', '2024-03-30T00:00:00.000Z', '2024-03-30T23:59:59.999Z'],
    ['now/w', 'now', '2024-03-25T00:00:00.000Z', '2024-03-31T12:34:56.789Z'],
    ['now-1M', 'now', '2024-02-29T12:34:56.789Z', '2024-03-31T12:34:56.789Z'],
    ['now-1y/y', 'now/M', '2023-01-01T00:00:00.000Z', '2024-03-31T23:59:59.999Z'],
    ['2024-02-29', '2024-02-29', '2024-02-29T00:00:00.000Z', '2024-02-29T23:59:59.999Z'],
    ['2024', '2024-02', '2024-01-01T00:00:00.000Z', '2024-02-29T23:59:59.999Z'],
    ['2024-03-01T10:30+02:00', 'now', '2024-03-01T08:30:00.000Z', '2024-03-31T12:34:56.789Z'],
    ['2024-03-01T10:30:00 02:00', 'now', '2024-03-01T08:30:00.000Z', '2024-03-31T12:34:56.789Z'],
    ['2024-03-01 10:30:05.25Z', 'now', '2024-03-01T10:30:05.250Z', '2024-03-31T12:34:56.789Z'],
    ['1711888496', '1711888496789', '2024-03-31T12:34:56.000Z', '2024-03-31T12:34:56.789Z'],
    ['1711888496789123456', 'now', '2024-03-31T12:34:56.789Z', '2024-03-31T12:34:56.789Z'],
  ])('%s to %s', (from, to, begin, end) => expect(span(from, to)).toEqual([begin, end]));

  test.each([
    '',
    'now-',
    'now-5x',
    'nowhere',
    '2024-13-01',
    '2024-02-30',
    '9999',
    '10:30',
    'now-99999999y',
    '<b>',
  ])('%j is told in a sentence', (text) => {
    expect(() => resolved({ from: text, to: 'now' }, NOW)).toThrow(UnreadableTime);
    expect(wrong({ from: 'now-1h', to: text }, NOW)).toMatch(/^“.*” is no time; write it as /);
  });

  test('an end before its begin is told', () => {
    expect(wrong({ from: 'now', to: 'now-1h' }, NOW)).toBe(
      'The time ends before it begins; exchange its ends.',
    );
    expect(wrong({ from: 'now-1h', to: 'now' }, NOW)).toBeNull();
  });

  test('only what ends now is live', () => {
    expect(resolved({ from: 'now-1h', to: 'now' }, NOW).isLive).toBe(true);
    expect(resolved({ from: 'now-2h', to: 'now-1h' }, NOW).isLive).toBe(false);
  });

  test('every preset can be asked', () => {
    for (const preset of PRESETS) expect(wrong(preset, NOW)).toBeNull();
  });
});

describe('moving', () => {
  test('a step is as long as the span, and its ends stay where people put them', () => {
    const asked = { from: '2024-03-30T14:02:00.000Z', to: '2024-03-30T14:17:00.000Z' };
    expect(stepped(asked, -1, NOW)).toEqual({
      from: '2024-03-30T13:47:00.000Z',
      to: '2024-03-30T14:02:00.000Z',
    });
    expect(stepped(stepped(asked, -1, NOW), 1, NOW)).toEqual(asked);
  });

  test('a day steps to the next', () => {
    const next = stepped({ from: '2024-02-29', to: '2024-02-29' }, 1, NOW);
    expect(next).toEqual({ from: '2024-03-01T00:00:00.000Z', to: '2024-03-01T23:59:59.999Z' });
  });

  test('what was live is absolute after a step', () => {
    const back = stepped({ from: 'now-15m', to: 'now' }, -1, NOW);
    expect(back).toEqual({ from: '2024-03-31T12:04:56.789Z', to: '2024-03-31T12:19:56.789Z' });
  });

  test('zooming out doubles around the middle, and what ends now goes on ending now', () => {
    const asked = { from: '2024-03-30T14:00:00.000Z', to: '2024-03-30T15:00:00.000Z' };
    const wider = { from: '2024-03-30T13:30:00.000Z', to: '2024-03-30T15:30:00.000Z' };
    expect(widened(asked, NOW)).toEqual(wider);
    expect(widened({ from: 'now-15m', to: 'now' }, NOW)).toEqual({ from: 'now-30m', to: 'now' });
  });

  test('a millisecond can be moved and widened, and centuries stay inside of what the server knows', () => {
    const one = between(Date.UTC(2024, 0), Date.UTC(2024, 0) + 1);
    expect(length(resolved(one, NOW))).toBe(1);
    expect(length(resolved(widened(one, NOW), NOW))).toBeGreaterThan(1);
    let wide = { from: '1700', to: '2200' };
    for (let times = 0; times < 5; times += 1) wide = widened(wide, NOW);
    expect(wrong(wide, NOW)).toBeNull();
  });

  test('lengths are said in whole units', () => {
    expect([900_000, 86_400_000, 172_800_000, 5_400_000, 1, 1500].map(amount)).toEqual([
      '15m',
      '24h',
      '2d',
      '90m',
      '1ms',
      '1500ms',
    ]);
  });
});

describe('words', () => {
  test.each([
    ['now-15m', 'now', 'Last 15 min'],
    ['now-24h', 'now', 'Last 24 h'],
    ['now-1w', 'now', 'Last 1 week'],
    ['now-3M', 'now', 'Last 3 months'],
    ['now/d', 'now', 'Today (UTC)'],
    ['now-1d/d', 'now-1d/d', 'Yesterday (UTC)'],
    ['now-2h', 'now-1h', '2 h ago - 1 h ago'],
    ['2024-03-30T14:02:00Z', 'now', '30 Mar 15:02 - now'],
    ['2024-03-31T11:02:10.244Z', 'now', '31 Mar 13:02:10 - now'],
    ['2024-03-30T14:02:00Z', '2024-03-30T14:17:00Z', '30 Mar 15:02 - 15:17'],
    ['2024-03-30T14:02:10Z', '2024-03-30T14:17:00Z', '30 Mar 15:02:10 - 15:17:00'],
    ['2024-03-30T14:02:10.5Z', '2024-03-30T14:17:00Z', '30 Mar 15:02:10 - 15:17:00'],
    ['2024-03-30T14:02:00.000Z', '2024-03-30T14:02:00.000Z', '30 Mar 15:02:00.000 - 15:02:00.000'],
    ['2024-03-30T14:02:10.5Z', '2024-03-30T14:02:12Z', '30 Mar 15:02:10.500 - 15:02:12.000'],
    ['2024-03-29T14:02:10.5Z', '2024-03-30T14:02:12Z', '29 Mar 15:02 - 30 Mar 15:02'],
    ['2024-03-30T22:30:00.000Z', '2024-03-30T23:29:59.999Z', '30 Mar 23:30 - 31 Mar 00:30'],
    ['2023-12-31T22:00:00Z', '2023-12-31T22:30:00Z', '31 Dec 2023 23:00 - 23:30'],
    // A day of 23 hours.
    ['2024-03-30T23:00:00.000Z', '2024-03-31T21:59:59.999Z', '31 Mar'],
    ['2024-03-27T23:00:00.000Z', '2024-03-31T21:59:59.999Z', '28 - 31 Mar'],
    ['2024-02-27T23:00:00.000Z', '2024-03-31T21:59:59.999Z', '28 Feb - 31 Mar'],
    // The hour that was left out.
    ['2024-03-31T00:59:00Z', '2024-03-31T01:00:00Z', '31 Mar 01:59 - 03:00'],
    ['', 'now', 'Time that cannot be read'],
    ['\u202eabc', '😀', 'Time that cannot be read'],
  ])('%s to %s in Berlin', (from, to, expected) => expect(words({ from, to }, 'local', NOW)).toBe(expected));

  test('UTC says so', () => {
    const day = { from: '2024-03-20', to: '2024-03-20' };
    expect(words(day, 'utc', NOW)).toBe('20 Mar UTC');
    expect(words({ from: '2024-03-20T10:00', to: 'now' }, 'utc', NOW)).toBe('20 Mar 10:00 UTC - now');
  });
});
