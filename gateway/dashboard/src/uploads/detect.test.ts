import { describe, expect, it } from 'vitest';
import { type Detected, detected, FILE_BYTES_MAX } from './detect';

function found(text: string | Uint8Array, name = 'disks.log', bytes?: number): string {
  const head = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return said(detected(head, name, bytes ?? head.length));
}

function said(what: Detected): string {
  if (what.is === 'lines') return what.format;
  return what.is === 'packed' ? what.packing : what.why;
}

describe('what a file is', () => {
  it('is told by how its text begins', () => {
    expect(found('{"message":"one"}\n{"message":"two"}\n')).toBe('ndjson');
    expect(found('{"message": broken\n{"message":"two"}\n')).toBe('ndjson');
    expect(found('{\n  "logs": []\n}')).toBe('json');
    expect(found('[{"message":"one"}]')).toBe('json');
    expect(found('[2026-03-01 08:00:00] disk full')).toBe('text');
    expect(found('time,level,message\n08:00,info,ok\n')).toBe('csv');
    expect(found('one, two, three\nfour\n')).toBe('text');
    expect(found('a;b', 'disks.CSV')).toBe('csv');
    expect(found('\ufeff{"message":"one"}\n')).toBe('ndjson');
    expect(found('{"__proto__":{"a":1}}\n')).toBe('ndjson');
  });

  it('knows what is packed, whatever it is called', () => {
    expect(found(new Uint8Array([0x1f, 0x8b, 8, 0]), 'disks.log')).toBe('gz');
    expect(found(new Uint8Array([0x28, 0xb5, 0x2f, 0xfd]), 'disks.log')).toBe('zstd');
    expect(found(new Uint8Array([0x50, 0x4b, 3, 4]), 'disks.log')).toBe('zip');
  });

  it('is refused with the reason if it holds no lines', () => {
    expect(found('')).toBe('is empty');
    expect(found('x', 'disks.log', FILE_BYTES_MAX + 1)).toMatch(/more than 1 GiB/);
    expect(found('x', 'disks.log', FILE_BYTES_MAX)).toBe('text');
    expect(found(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10]), 'disks.log')).toBe('looks like an image');
    expect(found('%PDF-1.7')).toBe('looks like a PDF document');
    expect(found(new Uint8Array([1, 2, 3, 0x61]))).toMatch(/binary data/);
    expect(found(`PK\u0003\u0004${'x'.repeat(26)}[Content_Types].xml`)).toMatch(/Office/);
    expect(found(`${'disk'.padEnd(257, '.')}ustar`)).toMatch(/tar/);
  });

  it('is not refused for colours, tabs, or the two bytes of a character', () => {
    expect(found('\u001b[31merror\u001b[0m\tdisk')).toBe('text');
    expect(found(new Uint8Array([0xff, 0xfe, 0x61, 0, 0x62, 0]))).toBe('text');
  });
});
