/**
 * What a file is, by its first bytes and its name, before anything of it is sent.
 *
 * Invariant: what the server would read is never refused here. The server looks again, more closely.
 */

/** Files of one go. */
export const FILES_MAX = 10;
/** Bytes of a file that the server takes if it was not told otherwise. */
export const FILE_BYTES_MAX = 2 ** 30;
/** Enough to tell what a file is. */
export const HEAD_BYTES = 64 * 1024;

export type Format = 'json' | 'ndjson' | 'csv' | 'text';
export type Packing = 'gz' | 'zstd' | 'zip';
export type Detected =
  | { is: 'lines'; format: Format }
  | { is: 'packed'; packing: Packing }
  | { is: 'refused'; why: string };

const PACKED: [string, Packing][] = [
  ['1f8b', 'gz'],
  ['28b52ffd', 'zstd'],
  ['504b0304', 'zip'],
  ['504b0506', 'zip'],
];

/** First bytes of what holds no lines, or of what is packed as nobody here unpacks it. */
const REFUSED: [string, string][] = [
  ['89504e47', 'an image'],
  ['ffd8ff', 'an image'],
  ['47494638', 'an image'],
  ['25504446', 'a PDF document'],
  ['d0cf11e0', 'an Office document'],
  ['7f454c46', 'a program'],
  ['4d5a9000', 'a program'],
  ['cafebabe', 'a program'],
  ['53514c69746520666f726d6174203300', 'a database'],
  ['456c6646696c6500', 'a Windows event log; export it as CSV or text'],
  ['50415231', 'a Parquet table; export it as CSV or JSON'],
  ['4f626a01', 'an Avro file; export it as JSON'],
  ['d4c3b2a1', 'captured network packets'],
  ['0a0d0d0a', 'captured network packets'],
  ['425a68', 'packed with bzip2; pack it as gz, zstd or zip'],
  ['fd377a585a00', 'packed with xz; pack it as gz, zstd or zip'],
  ['377abcaf271c', 'a 7z archive; pack it as zip'],
  ['526172211a07', 'a rar archive; pack it as zip'],
  ['04224d18', 'packed with lz4; pack it as gz, zstd or zip'],
];

const TAR_AT = 257;
const OFFICE_FIRST = '[Content_Types].xml';
const NAME_AT = 30;
/** Of so many bytes one may be a control character in a text. */
const CONTROLS_ONE_OF = 20;

export function detected(head: Uint8Array, name: string, bytes: number): Detected {
  if (bytes === 0) return refused('is empty');
  if (bytes > FILE_BYTES_MAX)
    return refused(
      'has more than 1 GiB, which is all that the server takes of one file; pack it, or send it in parts',
    );
  const hex = hexOf(head.subarray(0, 16));
  const packing = PACKED.find(([first]) => hex.startsWith(first))?.[1];
  if (packing === 'zip' && ascii(head, NAME_AT, OFFICE_FIRST.length) === OFFICE_FIRST)
    return refused('looks like an Office document; export it as CSV or text');
  if (packing) return { is: 'packed', packing };
  if (ascii(head, TAR_AT, 5) === 'ustar') return refused('looks like a tar archive; pack it as zip');
  const known = REFUSED.find(([first]) => hex.startsWith(first))?.[1];
  if (known) return refused(`looks like ${known}`);
  const charset = hex.startsWith('fffe') ? 'utf-16le' : hex.startsWith('feff') ? 'utf-16be' : 'utf-8';
  if (charset === 'utf-8' && isBinary(head))
    return refused('holds binary data; send text, JSON or CSV, or gz, zstd or zip of these');
  return { is: 'lines', format: formatOf(new TextDecoder(charset).decode(head), name.toLowerCase()) };
}

function formatOf(text: string, name: string): Format {
  const begin = text.trimStart();
  const lines = begin.split('\n', 3).filter((line) => line.trim() !== '');
  if (begin.startsWith('{')) return lines.slice(0, 2).some(isObject) ? 'ndjson' : 'json';
  if (/^\[\s*[{\]]/.test(begin)) return 'json';
  if (/\.(csv|tsv)$/.test(name) || isTable(lines)) return 'csv';
  return 'text';
}

function isObject(line: string): boolean {
  try {
    return line.startsWith('{') && JSON.parse(line) !== null;
  } catch {
    return false;
  }
}

/** A header of names, and a row with as many cells. */
function isTable([header, row]: string[]): boolean {
  if (header === undefined || row === undefined) return false;
  return [',', ';', '\t', '|'].some((delimiter) => {
    const names = header.split(delimiter);
    return (
      names.length > 2 &&
      names.length === row.split(delimiter).length &&
      names.every((name) => /^\s*"?[\p{L}_@][\p{L}\d_@. -]{0,62}"?\s*$/u.test(name))
    );
  });
}

function isBinary(head: Uint8Array): boolean {
  const controls = head.filter((byte) => byte < 8 || (byte > 13 && byte < 32 && byte !== 27)).length;
  return controls * CONTROLS_ONE_OF > head.length;
}

function refused(why: string): Detected {
  return { is: 'refused', why };
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function ascii(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
