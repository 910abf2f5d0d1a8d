import { describe, expect, it } from 'vitest';
import { read, wantedWords } from './tokens';

/** As `kind text`, one after the other. */
function told(query: string): string[] {
  return read(query).tokens.map(({ kind, start, end }) => `${kind} ${query.slice(start, end)}`);
}

describe('a query is read', () => {
  it('as fields, operators, values and words', () => {
    expect(told('level:error and took >= 500ms timeout')).toEqual([
      'field level',
      'operator :',
      'word error',
      'keyword and',
      'field took',
      'operator >=',
      'number 500ms',
      'word timeout',
    ]);
  });

  it('with a colon inside a word left there', () => {
    expect(told('http://x.org std::io 12:30')).toEqual(['word http://x.org', 'word std::io', 'word 12:30']);
    expect(told('at:12:30')).toEqual(['field at', 'operator :', 'number 12:30']);
  });

  it('with quotes, which hold anything', () => {
    expect(told('message:"a | \\"b\\"" "x y":z')).toEqual([
      'field message',
      'operator :',
      'string "a | \\"b\\""',
      'field "x y"',
      'operator :',
      'word z',
    ]);
  });

  it('with groups of values and of fields', () => {
    expect(told('service:(api or web) http:{ status:500 }')).toEqual([
      'field service',
      'operator :',
      'bracket (',
      'word api',
      'keyword or',
      'word web',
      'bracket )',
      'field http',
      'operator :',
      'bracket {',
      'field status',
      'operator :',
      'number 500',
      'bracket }',
    ]);
  });

  it('with ranges, regexes and paths', () => {
    expect(told('a:[1 TO 5} path:/^x|y/ path:/var/log')).toEqual([
      'field a',
      'operator :',
      'bracket [',
      'number 1',
      'keyword TO',
      'number 5',
      'bracket }',
      'field path',
      'operator :',
      'regex /^x|y/',
      'field path',
      'operator :',
      'word /var/log',
    ]);
  });

  it('with negation before what is not wanted', () => {
    expect(told('not a -b !c x-y')).toEqual([
      'keyword not',
      'word a',
      'keyword -',
      'word b',
      'keyword !',
      'word c',
      'word x-y',
    ]);
  });

  it('with pipes, their functions and the filter of where', () => {
    expect(told('a | stats p95(ms) as slow by bin(1m) | where slow > 5 or b:c | eval x = a/2')).toEqual([
      'word a',
      'pipe |',
      'command stats',
      'function p95',
      'bracket (',
      'field ms',
      'bracket )',
      'keyword as',
      'field slow',
      'keyword by',
      'function bin',
      'bracket (',
      'number 1m',
      'bracket )',
      'pipe |',
      'command where',
      'field slow',
      'operator >',
      'number 5',
      'keyword or',
      'field b',
      'operator :',
      'word c',
      'pipe |',
      'command eval',
      'field x',
      'operator =',
      'field a',
      'operator /',
      'number 2',
    ]);
  });

  it('up to its first pipe outside of quotes', () => {
    expect(read('a "|" x:/b|c/ | top 3 a').filterEnd).toBe('a "|" x:/b|c/ '.length);
    expect(read('a || b').filterEnd).toBe(6);
  });

  it('and is open if a quote or a group has no end', () => {
    for (const open of ['"a', 'x:"a | b', '(a or b', 'a:{b', 'a:[1 TO', 'a | stats count('])
      expect(read(open).isOpen, open).toBe(true);
    for (const closed of ['"a"', '(a)', 'a:{b}', 'a:[1 TO 2]', 'a | stats count()'])
      expect(read(closed).isOpen, closed).toBe(false);
  });
});

describe('any text is read to its end', () => {
  const texts = [
    '',
    '   ',
    '((((',
    '))))',
    '|',
    '|||',
    '\\',
    '"',
    '/',
    'a:',
    ':::',
    '[',
    '-',
    '😀:مرحبا',
    '\u0000',
    'a&',
    '`',
  ];
  it.each(texts)('%j', (text) => {
    const { tokens } = read(text);
    let at = 0;
    for (const { start, end } of tokens) {
      expect(start).toBeGreaterThanOrEqual(at);
      expect(end).toBeGreaterThan(start);
      at = end;
    }
    expect(text.slice(at).trim()).toBe('');
  });

  it('in time that grows with its length', () => {
    const hostile = [
      '('.repeat(50_000),
      'a:'.repeat(50_000),
      '"'.repeat(50_001),
      '| '.repeat(50_000),
      `| eval ${'1e'.repeat(50_000)}`,
    ];
    for (const text of hostile) {
      const began = performance.now();
      read(text);
      expect(performance.now() - began).toBeLessThan(1000);
    }
  });
});

describe('the words that a line was found by', () => {
  it('are bare words, phrases and those asked of the message', () => {
    expect(wantedWords('timeout "read failed" message:disk message:(full or empty) | top 3 x')).toEqual([
      'timeout',
      'read failed',
      'disk',
      'full',
      'empty',
    ]);
  });

  it('are neither of another field nor what is not wanted', () => {
    expect(wantedWords('level:error not debug -"dry run" not (a1 or b1) service:(api or web) kept')).toEqual([
      'kept',
    ]);
  });

  it('come without wildcards and escapes', () => {
    expect(wantedWords('time* 50\\* *')).toEqual(['time', '50*']);
  });
});
