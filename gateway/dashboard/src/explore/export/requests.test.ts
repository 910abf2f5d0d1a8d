import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { quoted } from '../../api/shell';
import { curlOf, exportAddress } from './requests';

const span = { from: new Date('2026-03-01T08:00:00Z'), to: new Date('2026-03-01T09:00:00Z'), isLive: false };
const asked = { q: 'level:error', span, columns: ['timestamp', 'message'] };

function parameters(url: string) {
  return Object.fromEntries(new URL(url).searchParams);
}

describe('addresses', () => {
  test('a table has the columns that are shown, or all', () => {
    expect(parameters(exportAddress(asked, 'csv'))).toEqual({
      format: 'csv',
      q: 'level:error',
      from: '2026-03-01T08:00:00.000Z',
      to: '2026-03-01T09:00:00.000Z',
      columns: 'timestamp,message',
    });
    expect(parameters(exportAddress(asked, 'csv', true)).columns).toBe('*');
    expect(parameters(exportAddress(asked, 'json')).columns).toBeUndefined();
  });

  test('what ends now has no end', () => {
    expect(
      parameters(exportAddress({ ...asked, span: { ...span, isLive: true } }, 'txt')).to,
    ).toBeUndefined();
  });

  test('whatever a query holds comes back out of the address', () => {
    for (const q of ['a&format=json#x', 'ä 😀 \u202e', '100% + 1', '"a" | stats count()'])
      expect(parameters(exportAddress({ ...asked, q }, 'csv')).q).toBe(q);
  });
});

describe('commands', () => {
  test('a shell gives back every value as it was', () => {
    for (const text of ["it's", "'; rm -rf ~; '", '$HOME `id` $(id)', 'two\nlines', '!! \\', '😀', '-n', ''])
      expect(execFileSync('sh', ['-c', `printf '%s' ${quoted(text)}`], { encoding: 'utf8' })).toBe(text);
  });

  test('curl is given the same as the address asks, and no secret', () => {
    const q = `message:"it's $HOME" | top service`;
    const command = curlOf({ ...asked, q });
    const script = `curl() { for one in "$@"; do printf '%s\\0' "$one"; done; }; ANTLER_TOKEN=secret; ${command}`;
    const given = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0');
    expect(command).not.toContain('secret');
    expect(given).toContain('Authorization: Bearer secret');
    expect(given).toContain(`q=${q}`);
    expect(given).toContain('from=2026-03-01T08:00:00.000Z');
  });
});
