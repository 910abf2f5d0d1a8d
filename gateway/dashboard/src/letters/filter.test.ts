import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '../api/schema';
import { counted, fits, isFilter, originOf } from './filter';

const letter = (change: Partial<DeadLetter>): DeadLetter => ({
  id: '1',
  at: '2026-03-01T08:00:00.000Z',
  protocol: 'http',
  origin: '192.0.2.7',
  line: 2,
  projection: null,
  event: null,
  code: 'invalid_json',
  message: 'this is no value',
  raw: '{"message": Broken',
  encoding: 'text',
  cut: false,
  bytes: 18,
  ...change,
});

describe('which letters are meant', () => {
  it('is said by reason, origin and text together', () => {
    const one = letter({});
    expect(fits(one, {})).toBe(true);
    expect(fits(one, { code: 'invalid_json', origin: '192.0.2.7', text: 'broken' })).toBe(true);
    expect(fits(one, { code: 'line_too_long' })).toBe(false);
    expect(fits(one, { origin: '192.0.2.8' })).toBe(false);
    expect(fits(one, { text: 'whole' })).toBe(false);
  });

  it('is said by how long ago it was set aside, where that is known', () => {
    const now = Date.parse('2026-03-01T09:30:00Z');
    expect(fits(letter({}), { since: '1d' }, now)).toBe(true);
    expect(fits(letter({}), { since: '1h' }, now)).toBe(false);
    expect(fits(letter({}), { since: 'constructor' }, now)).toBe(true);
    expect([isFilter({ since: '1h' }), isFilter({ since: 'x' }), isFilter({})]).toEqual([true, false, false]);
  });

  it('counts by whatever stands there', () => {
    const letters = [letter({}), letter({ code: '__proto__' }), letter({ code: '__proto__' })];
    expect(counted(letters, ({ code }) => code)).toEqual([
      ['__proto__', 2],
      ['invalid_json', 1],
    ]);
  });

  it('knows events by what could not take them', () => {
    expect(originOf(letter({ origin: null, projection: 'index' }))).toBe('index');
  });
});
