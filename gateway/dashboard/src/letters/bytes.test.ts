import { describe, expect, it } from 'vitest';
import { bytesOf, mendable, pieces, piecesOfBytes } from './bytes';

const shown = (found: { text: string; isMark: boolean }[]) =>
  found.map(({ text, isMark }) => (isMark ? `<${text}>` : text)).join('');

describe('what came', () => {
  it('shows what cannot be seen', () => {
    expect(shown(pieces('a\u0000b\tc\u001b[31m\u007f'))).toBe('a<\\x00>b<\\t>c<\\x1b>[31m<\\x7f>');
    expect(shown(pieces('\u0085'))).toBe('<\\u0085>');
    expect(shown(pieces('pay\u202egpj.exe'))).toBe('pay<\\u202e>gpj.exe');
    expect(shown(pieces('\ufeffone\r\ntwo'))).toBe('<\\ufeff>one<\\r><\\n>\ntwo');
  });

  it('leaves text of all kinds as it is', () => {
    expect(pieces('disk 93 % شكرا 🦌')).toEqual([{ text: 'disk 93 % شكرا 🦌', isMark: false }]);
    expect(pieces('')).toEqual([]);
  });

  it('writes out bytes that are no text, one by one', () => {
    const of = (...bytes: number[]) => shown(piecesOfBytes(Uint8Array.from(bytes)));
    expect(of(0x61, 0xff, 0x62)).toBe('a<\\xff>b');
    expect(of(0xc3, 0xa4, 0xc3)).toBe('ä<\\xc3>');
    expect(of(0xe2, 0x28, 0xa1)).toBe('<\\xe2>(<\\xa1>');
    expect(of(0xed, 0xa0, 0x80)).toBe('<\\xed><\\xa0><\\x80>');
    expect(of(0xf0, 0x9f, 0xa6, 0x8c)).toBe('🦌');
    expect(of(0, 0x80)).toBe('<\\x00><\\x80>');
  });

  it('can be mended from either form', () => {
    expect([...bytesOf('Yf8=')]).toEqual([0x61, 0xff]);
    expect(mendable({ raw: 'Yf8=', encoding: 'base64' })).toBe('a\ufffd');
    expect(mendable({ raw: '{"a":', encoding: 'text' })).toBe('{"a":');
  });
});
