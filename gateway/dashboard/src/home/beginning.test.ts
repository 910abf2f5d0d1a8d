import { expect, it } from 'vitest';
import { beginning } from './beginning';

it('cuts no character in two', () => {
  expect(beginning('ab😀cd', 3)).toBe('ab…');
  expect(beginning('ab😀cd', 4)).toBe('ab😀…');
  expect(beginning('ab', 2)).toBe('ab');
});
