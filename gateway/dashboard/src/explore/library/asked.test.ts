// biome-ignore-all lint/suspicious/noTemplateCurlyInString: places of templates look so
import { describe, expect, test } from 'vitest';
import { filled, fits, opened, placesOf } from './asked';

describe('what is opened', () => {
  test.each([
    ['disk', {}, 'disk'],
    ['disk', { level: ['error', 'warning'] }, 'disk and level:(error or warning)'],
    ['a or b', { service: ['checkout'] }, '(a or b) and service:checkout'],
    ['a || b', { service: ['checkout'] }, '(a || b) and service:checkout'],
    ['', { host: ['web-1'] }, 'host:"web-1"'],
    ['* | stats count()', { level: ['error'] }, 'level:error | stats count()'],
    ['disk | top service', { tags: ['eu'] }, 'disk and tags:eu | top service'],
    ['x', { level: ['none'] }, 'x and not level:*'],
    ['x', { level: ['none', 'error'] }, 'x and (level:error or not level:*)'],
    ['x', { service: ['a"b*c', 'or'] }, 'x and service:("a\\"b\\*c" or "or")'],
  ])('%s with %j', (query, filters, q) => expect(opened({ query, filters }).q).toBe(q));

  test('times stay as they were written', () => {
    expect(opened({ query: 'x', filters: { from: 'now-1h', to: 'now' } })).toEqual({
      q: 'x',
      from: 'now-1h',
      to: 'now',
    });
    expect(opened({ query: 'x', filters: {} })).toEqual({ q: 'x' });
  });
});

describe('templates', () => {
  test('places are found once, and none in quotes', () => {
    expect(placesOf('host:${h} and n > ${n} or x:${h}')).toEqual(['h', 'n']);
    expect(placesOf('"${x}" \\${y} ${} ${a b} $z')).toEqual([]);
  });

  test('a value stays one value', () => {
    const fill = (query: string, text: string) => filled(query, new Map([['x', text]]));
    expect(fill('host:${x}', 'web-1')).toBe('host:"web-1"');
    expect(fill('n > ${x}', '500ms')).toBe('n > 500ms');
    expect(fill('${x}', 'a" or *')).toBe('"a\\" or \\*"');
    expect(filled('a:${x} b:${y}', new Map([['y', '1']]))).toBe('a:${x} b:1');
    expect(fill('${x}', '${x}')).toBe('"${x}"');
    expect(fill('${x}', "$& $1 $'")).toBe('"$& $1 $\'"');
    expect(fill('m:"100 $ {" and ${x}', '')).toBe('m:"100 $ {" and ""');
  });
});

test('finding looks for all words in any place', () => {
  expect(fits(['Full disks', 'level:error'], 'ERROR full')).toBe(true);
  expect(fits(['Full disks', undefined], 'error')).toBe(false);
  expect(fits([], '')).toBe(true);
});
