import { describe, expect, it } from 'vitest';
import type { UploadPreview } from '../api/schema';
import { columnsOf, ofWhole, sampleOf } from './sample';

const preview: UploadPreview = {
  file_name: 'disks.json',
  file_size: 100,
  format: 'json',
  encoding: 'utf-8',
  delimiter: null,
  has_header: null,
  columns: [],
  pattern: null,
  estimated_entries: 2,
  entries: [{ message: 'one' }, { message: '{"mess', parse_error: 'ends early' }],
  errors: [{ line: 1, code: 'json_ends_early', message: 'ends early' }],
  warnings: [],
};
const cut = { blob: new Blob(['x'.repeat(100)]), isCut: true };

describe('a look at a file', () => {
  it('takes the beginning of a long one, and all of what is packed', () => {
    const long = new Blob(['x'.repeat(300_000)]);
    expect(sampleOf(long, { is: 'lines', format: 'text' })?.isCut).toBe(true);
    expect(sampleOf(long, { is: 'packed', packing: 'gz' })).toEqual({ blob: long, isCut: false });
    const large = { size: 9 * 2 ** 20 } as Blob;
    expect(sampleOf(large, { is: 'packed', packing: 'zip' })).toBeNull();
  });

  it('does not blame the file for the place where it was cut', () => {
    const whole = ofWhole(preview, cut, 1000);
    expect(whole.entries).toEqual([{ message: 'one' }]);
    expect(whole.errors).toEqual([]);
    expect(whole.estimated_entries).toBe(20);
  });

  it('shows what is wrong with a file that was seen whole', () => {
    expect(ofWhole(preview, { ...cut, isCut: false }, 100)).toBe(preview);
  });

  it('shows time, level and message before anything else', () => {
    expect(columnsOf([{ disk: 'sda', message: 'm', level: 'info', row_number: 1 }, { ts: 1 }])).toEqual([
      'ts',
      'level',
      'message',
      'disk',
    ]);
    expect(columnsOf([JSON.parse('{"__proto__":1,"message":"m"}')])).toEqual(['message', '__proto__']);
  });
});
