import { describe, expect, it } from 'vitest';
import { nearest, seenRows } from './window';

describe('rows that are seen', () => {
  it('are those in the box and some beside it', () => {
    expect(seenRows(2200, 440, 22)).toEqual({ first: 88, last: 132, fit: 20, isAtTop: false });
  });

  it('begin with the first at the top', () => {
    expect(seenRows(0, 440, 22)).toMatchObject({ first: 0, isAtTop: true });
  });

  it('are as few at the end of a million', () => {
    const { first, last } = seenRows(22 * 999_980, 440, 22);
    expect(last - first).toBeLessThan(60);
  });
});

describe('a box is scrolled as little as is needed', () => {
  it.each([
    [0, 100, 0],
    [90, 100, 90],
    [300, 100, 100],
    [490, 100, 113],
  ])('for a row at %i, from %i', (at, top, to) => expect(nearest(at, 23, top, 400)).toBe(to));
});
