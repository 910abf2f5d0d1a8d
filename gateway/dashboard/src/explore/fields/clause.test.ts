import { describe, expect, it } from 'vitest';
import { excluded, included } from './clause';

describe('a condition is added', () => {
  it('to an empty query as it is', () => {
    expect(included('', 'level', 'error')).toBe('level:error');
    expect(included('  * ', 'level', 'error')).toBe('level:error');
    expect(excluded('', 'level', 'error')).toBe('not level:error');
  });

  it('behind what is asked', () => {
    expect(included('timeout', 'service', 'api')).toBe('timeout and service:api');
    expect(excluded('a b', 'service', 'api')).toBe('a b and not service:api');
  });

  it('before the first pipe', () => {
    expect(included('timeout | stats count()', 'service', 'api')).toBe(
      'timeout and service:api | stats count()',
    );
    expect(included('| stats count()', 'service', 'api')).toBe('service:api | stats count()');
    expect(excluded('x:"a | b" | top 3 y', 'z', '1')).toBe('x:"a | b" and not z:1 | top 3 y');
    expect(included('path:/a|b/', 'z', '1')).toBe('path:/a|b/ and z:1');
  });

  it('to alternatives in parentheses', () => {
    expect(included('a or b', 'z', '1')).toBe('(a or b) and z:1');
    expect(included('a || b | top 3 y', 'z', '1')).toBe('(a || b) and z:1 | top 3 y');
    expect(included('(a or b) c', 'z', '1')).toBe('(a or b) c and z:1');
    expect(included('x:(a or b)', 'z', '1')).toBe('x:(a or b) and z:1');
    expect(included('"or"', 'z', '1')).toBe('"or" and z:1');
  });

  it('once', () => {
    expect(included('a and z:1', 'z', '1')).toBe('a and z:1');
    expect(excluded('not z:1 b', 'z', '1')).toBe('not z:1 b');
    expect(excluded('-z:1 b', 'z', '1')).toBe('-z:1 b');
    expect(included('(z:1 or b)', 'z', '1')).toBe('(z:1 or b) and z:1');
  });

  it('in place of its opposite', () => {
    expect(included('a and not z:1 | top 3 y', 'z', '1')).toBe('a and z:1 | top 3 y');
    expect(included('-z:1', 'z', '1')).toBe('z:1');
    expect(excluded('a and z:1 b', 'z', '1')).toBe('a and not z:1 b');
  });

  it('before what cannot be read', () => {
    expect(included('"open', 'z', '1')).toBe('z:1 and "open');
    expect(included('(a or b', 'z', '1')).toBe('z:1 and (a or b');
    expect(included('level:', 'z', '1')).toBe('z:1 and level:');
    expect(included('a and', 'z', '1')).toBe('z:1 and a and');
    expect(included('a\\', 'z', '1')).toBe('z:1 and a\\');
  });
});

describe('a value means itself', () => {
  it.each([
    ['two words', '"two words"'],
    ['say "hi"', '"say \\"hi\\""'],
    ['C:\\temp', '"C:\\\\temp"'],
    ['web-*', '"web-*"'],
    ['a?', '"a?"'],
    ['', '""'],
    ['-5', '"-5"'],
    ['5', '5'],
    ['1.5', '1.5'],
    ['and', '"and"'],
    ['TO', '"TO"'],
    ['10.0.0.1:80', '"10.0.0.1:80"'],
    ['10.0.0.0/8', '"10.0.0.0/8"'],
    ['/x/', '"/x/"'],
    ['now-1d', 'now-1d'],
    ['a\nb\tc\u0000\u0085', '"a\\nb\\tc\\u0000\\u0085"'],
    ['größe', 'größe'],
    ['مرحبا', 'مرحبا'],
    ['😀', '"😀"'],
    ['a|b', '"a|b"'],
  ])('%j', (value, text) => {
    expect(included('', 'x', value)).toBe(`x:${text}`);
  });
});

describe('the name of a field', () => {
  it.each([
    ['http.status', 'http.status'],
    ['@timestamp', '@timestamp'],
    ['__proto__', '__proto__'],
    ['with space', '"with space"'],
    ['http.*', '"http.*"'],
    ['404', '"404"'],
    ['not', '"not"'],
    ['', '""'],
    ['a:b', '"a:b"'],
  ])('%j', (name, text) => {
    expect(included('', name, 'v')).toBe(`${text}:v`);
  });
});
