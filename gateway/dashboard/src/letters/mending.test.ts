import { describe, expect, it } from 'vitest';
import { judged, lineOf, sentenceOf } from './mending';

describe('a mended line', () => {
  it('is an object, another value, text, or nothing', () => {
    const is = (text: string) => judged(text).is;
    expect(is('{"message":"ok"}')).toBe('object');
    expect(is('[1,2]')).toBe('value');
    expect(is('disk full')).toBe('text');
    expect(is('{"message": broken')).toBe('text');
    expect(is(' \n')).toBe('empty');
    expect(is('one\ntwo')).toBe('several');
  });

  it('is sent as one line with all its digits', () => {
    expect(lineOf(judged('{\n  "id": 12345678901234567890\n}\n'))).toBe('{   "id": 12345678901234567890 }');
    expect(lineOf(judged('one\ntwo'))).toBeNull();
    expect(lineOf(judged(''))).toBeNull();
  });

  it('says what is wrong with an object that is none yet', () => {
    expect(sentenceOf(judged('{"message": broken'))).toMatch(/No JSON yet.*: .*\w.*\.$/);
    expect(sentenceOf(judged('disk full'))).toBe('It will be kept as plain text.');
  });
});
