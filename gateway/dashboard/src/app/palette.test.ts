import { describe, expect, it } from 'vitest';
import { found } from './palette';

const actions = ['Go to Explore', 'Go to Dead letters', 'Go to Audit', 'Theme: dark'].map((title) => ({
  title,
  group: 'Go',
}));

describe('what the palette finds', () => {
  const cases: [string, string | undefined][] = [
    ['aud', 'Go to Audit'],
    ['dark', 'Theme: dark'],
    ['letters dead', 'Go to Dead letters'],
    ['EXPLORE', 'Go to Explore'],
    ['nowhere', undefined],
  ];
  it.each(cases)('%s', (typed, first) => expect(found(actions, typed)[0]?.title).toBe(first));

  it('is everything where nothing was typed', () => expect(found(actions, ' ')).toHaveLength(4));
});
