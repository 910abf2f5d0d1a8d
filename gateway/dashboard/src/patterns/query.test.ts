import { describe, expect, it } from 'vitest';
import { queryOf } from './query';

function check(pattern: string, example: string | null, query: string) {
  expect(queryOf(pattern, example)).toBe(query);
}

describe('a pattern as a query', () => {
  it('asks for what stands between its variables', () => {
    check(
      'payment of order <num> failed: card network answered <num>',
      'payment of order 7 failed: card network answered 502',
      'message:"payment of order" and message:"failed: card network answered"',
    );
  });

  it('asks for words one by one where a line has something between them', () => {
    check(
      'sshd failed for <*>',
      'sshd (12) failed for eve',
      'message:"sshd" and message:"failed" and message:"for"',
    );
    check('disk full', null, 'message:"disk" and message:"full"');
  });

  it('leaves out a word with a variable in it, and days, which vary too', () => {
    check(
      'at Mon took <num>ms user=<*> done',
      'at Mon took 5ms user=eve done',
      'message:"at" and message:"took" and message:"done"',
    );
  });

  it('does not mind white space', () => {
    check('a b', 'a   b', 'message:"a b"');
  });

  it('takes signs of the language for what they are', () => {
    check('said "no" \\ or (x)', 'said "no" \\ or (x)', 'message:"said \\"no\\" \\\\ or (x)"');
  });

  it('asks for a word once', () => {
    check('x <num> x', 'x 1 x', 'message:"x"');
  });

  it('asks for the signs of a pattern without words', () => {
    check('[<num>-<num>] <*>', '[1-2] a', 'message:/\\[.*-.*\\]/');
    check('<num>', '7', 'message:*');
  });

  it('has room for the longest words only', () => {
    const pattern = Array.from({ length: 40 }, (_, at) => `${'w'.repeat(at + 1)} <num>`).join(' ');
    expect(queryOf(pattern, null).match(/message:/g)).toHaveLength(12);
  });
});
