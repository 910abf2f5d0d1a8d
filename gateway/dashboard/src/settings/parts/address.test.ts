import { expect, test } from 'vitest';
import { pageOf } from './address';

test('a page is a whole number from 1 on', () => {
  expect(pageOf('3')).toBe(3);
  for (const text of [undefined, '', '0', '-2', '1.5', 'last', '9'.repeat(30)]) expect(pageOf(text)).toBe(1);
});
