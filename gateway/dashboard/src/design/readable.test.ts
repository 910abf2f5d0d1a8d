import { describe, expect, it } from 'vitest';
import { readable, writtenOut } from './readable';

describe('text of others', () => {
  it('steers nothing around it', () => {
    expect(readable('disks\u202egol.exe')).toBe('disks\\u202egol.exe');
    expect(readable('a\u0000\u001b[31m\r')).toBe('a\\x00\\x1b[31m\\r');
  });

  it('stays as it is otherwise', () => {
    const text = 'سجل 👩\u200d💻 na\u200cme\nsecond\tline';
    expect(readable(text)).toBe(text);
  });

  it('is written out as programs write it', () => {
    expect(['\n', '\u007f', '\u0085', '\u{e0001}'].map(writtenOut)).toEqual([
      '\\n',
      '\\x7f',
      '\\u0085',
      '\\u{e0001}',
    ]);
  });
});
