/**
 * The beginning of a file, for a look at how it would be read.
 *
 * Invariant: at most `WHOLE_MAX` bytes are sent for a look. What is packed can be unpacked only if it is whole.
 */
import type { UploadPreview } from '../api/schema';
import type { Detected } from './detect';

const SAMPLE_BYTES = 256 * 1024;
const WHOLE_MAX = 8 * 2 ** 20;
/** So many entries make a look. */
const ENTRIES_MAX = 20;

export interface Sample {
  blob: Blob;
  isCut: boolean;
}

/** None of what is packed and large: it is looked into when it is there. */
export function sampleOf(file: Blob, detected: Detected): Sample | null {
  if (detected.is === 'refused') return null;
  if (detected.is === 'packed') return file.size <= WHOLE_MAX ? { blob: file, isCut: false } : null;
  const isCut = file.size > SAMPLE_BYTES;
  return { blob: isCut ? file.slice(0, SAMPLE_BYTES) : file, isCut };
}

/** What was found of the beginning, said of the whole. */
export function ofWhole(preview: UploadPreview, sample: Sample, bytes: number): UploadPreview {
  if (!sample.isCut) return preview;
  const estimated = preview.estimated_entries;
  const whole = {
    ...preview,
    file_size: bytes,
    estimated_entries: estimated && Math.round((estimated * bytes) / sample.blob.size),
  };
  // Where the beginning ends, an entry may have been cut, which is no fault of the file.
  if (preview.entries.length >= ENTRIES_MAX) return whole;
  const last = preview.entries.at(-1);
  const isBroken = last !== undefined && 'parse_error' in last;
  return { ...whole, errors: [], entries: isBroken ? preview.entries.slice(0, -1) : preview.entries };
}

/** The columns of a look: time, level and message first, what only says where a line stood last or not at all. */
export function columnsOf(entries: readonly Record<string, unknown>[]): string[] {
  const names = [...new Set(entries.flatMap((entry) => Object.keys(entry)))];
  const rank = (name: string) => {
    const at = FIRST.findIndex((group) => group.includes(name.toLowerCase()));
    return at < 0 ? FIRST.length : at;
  };
  return names.filter((name) => !LEFT_OUT.includes(name)).sort((one, other) => rank(one) - rank(other));
}

const FIRST = [
  ['@timestamp'],
  ['timestamp', 'time', 'ts', 'date', 'datetime', 'eventtime'],
  ['level', 'severity', 'loglevel', 'log_level', 'lvl'],
  ['service', 'service_name', 'app'],
  ['message', 'msg', 'text', 'log', 'body'],
];
const LEFT_OUT = ['original', 'line_number', 'row_number', 'log_pattern'];
