import { describe, expect, it } from 'vitest';
import type { Checked, Suggestion } from './check';
import { isWorth, taken } from './choice';

function checked(text: string, start: number, end: number, ...suggestions: Suggestion[]): Checked {
  return { text, diagnostics: [], completion: { start, end, prefix: text.slice(start, end), suggestions } };
}

function one(kind: Suggestion['kind'], text: string): Suggestion {
  return { kind, text, detail: null, count: null };
}

/** The text after a suggestion was taken at its end. */
function after(text: string, start: number, suggestion: Suggestion, asked = text, caret = text.length) {
  const change = taken(checked(asked, start, asked.length), text, caret, suggestion);
  return change && text.slice(0, change.start) + change.text + text.slice(change.end);
}

describe('a suggestion that is taken', () => {
  it('brings what follows it for certain', () => {
    expect(after('lev', 0, one('field', 'level'))).toBe('level:');
    expect(after('level:er', 6, one('value', 'error'))).toBe('level:error ');
    expect(after('a | st', 4, one('pipe', 'stats'))).toBe('a | stats ');
    expect(after('a | stats p', 10, one('function', 'p95'))).toBe('a | stats p95(');
    expect(after('level', 5, one('word', '>='))).toBe('level>=');
  });

  it('is the bare name of a field where pipes take one', () => {
    expect(after('a | top 3 ser', 10, one('field', 'service'))).toBe('a | top 3 service');
    expect(after('a | where ser', 10, one('field', 'service'))).toBe('a | where service:');
  });

  it('takes the place of the word around the caret, not of what stands behind it', () => {
    const change = taken(checked('le:x', 0, 2), 'le:x', 2, one('field', 'level'));
    expect(change).toEqual({ start: 0, end: 2, text: 'level' });
  });

  it('counts what was typed since it was asked for', () => {
    expect(after('leve', 0, one('field', 'level'), 'le')).toBe('level:');
  });

  it('is refused if the text before it has changed', () => {
    expect(after('xlevel', 2, one('field', 'level'), 'a le')).toBeNull();
    expect(after('', 2, one('field', 'level'), 'a le')).toBeNull();
  });
});

describe('suggestions are worth showing', () => {
  it('when a word was begun, or a sign asks for one', () => {
    expect(isWorth(checked('le', 0, 2, one('field', 'level')))).toBe(true);
    expect(isWorth(checked('level:', 6, 6, one('value', 'error')))).toBe(true);
    expect(isWorth(checked('a | ', 4, 4, one('pipe', 'top')))).toBe(true);
  });

  it('but neither behind every space, nor for what stands there', () => {
    expect(isWorth(checked('a ', 2, 2, one('field', 'level')))).toBe(false);
    expect(isWorth(checked('level', 0, 5, one('field', 'level')))).toBe(false);
    expect(isWorth(checked('zz', 0, 2))).toBe(false);
  });
});
