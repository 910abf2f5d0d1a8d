import { describe, expect, it } from 'vitest';
import { isSamePart, PAGE_ROWS } from './found';

describe('what is seen', () => {
  const seen = { first: 1000, last: 1064, isAtTop: false };
  it('asks for the same pages while it moves a little', () => {
    expect(isSamePart(seen, { ...seen, first: 1030, last: 1094 })).toBe(true);
  });

  it('asks anew before a page of its own is needed', () => {
    let told = { ...seen };
    for (let first = 1000; first < 3000; first += 7) {
      const now = { ...seen, first, last: first + 64 };
      if (!isSamePart(told, now)) told = now;
      const isThere = (at: number) => {
        const page = Math.floor(at / PAGE_ROWS);
        return (
          page >= Math.floor(told.first / PAGE_ROWS) - 1 && page <= Math.floor(told.last / PAGE_ROWS) + 1
        );
      };
      expect(isThere(now.first) && isThere(now.last)).toBe(true);
    }
  });

  it('is told when the newest line comes in sight', () => {
    expect(isSamePart(seen, { ...seen, isAtTop: true })).toBe(false);
  });
});
