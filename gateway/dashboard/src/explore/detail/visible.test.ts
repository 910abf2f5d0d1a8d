import { expect, it } from 'vitest';
import { visible } from './visible';

it('control characters have signs, and other text is as it was', () => {
  expect(visible('a\u001b[31mb\u0000\u007f')).toBe('a␛[31mb␀␡');
  expect(visible('one\r\ntwo\tthree')).toBe('one␍␊\ntwo␉\tthree');
  expect(visible('größe 😀 مرحبا')).toBe('größe 😀 مرحبا');
});

it('what turns the direction of a text, or hides in it, is named', () => {
  expect(visible('a\u202eb\u200bc\u0085')).toBe('a‹202E›b‹200B›c‹0085›');
});
