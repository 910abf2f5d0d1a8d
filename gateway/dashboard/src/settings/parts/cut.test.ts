import { expect, test } from 'vitest';
import { cut } from './cut';

test('a long name is cut between characters, a short one stays', () => {
  expect(cut('checkout')).toBe('checkout');
  expect(cut('🦌'.repeat(40))).toBe(`${'🦌'.repeat(32)}…`);
  expect(cut('abcdef', 3)).toBe('abc…');
});
