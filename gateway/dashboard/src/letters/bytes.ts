/**
 * What came, made readable: every character that one would not see, and every byte that is no text, is written out.
 *
 * Invariant: the plain pieces put together, with the marks read back, are what came; nothing hides between them.
 */
import { writtenOut } from '../design/readable';

export interface Piece {
  text: string;
  /** Stands for something that cannot be seen. */
  isMark: boolean;
}

/** Controls, what steers the direction of text or has no width, and line ends of other kinds. */
const HIDDEN = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  const plain = (to: number) => {
    if (to > at) found.push({ text: text.slice(at, to), isMark: false });
  };
  for (const match of text.matchAll(HIDDEN)) {
    plain(match.index);
    found.push({ text: writtenOut(match[0]), isMark: true });
    // A line goes on being a line.
    if (match[0] === '\n') found.push({ text: '\n', isMark: false });
    at = match.index + match[0].length;
  }
  plain(text.length);
  return found;
}

/** Bytes as text; those that are no UTF-8 become marks. */
export function piecesOfBytes(bytes: Uint8Array): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = textEnd(bytes, at);
    if (end > at) found.push(...pieces(UTF8.decode(bytes.subarray(at, end))));
    if (end < bytes.length) found.push({ text: `\\x${hex(bytes[end])}`, isMark: true });
    at = end + 1;
  }
  return found;
}

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });
const STRICT = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Where the text that begins here ends: at the end, or before a byte that belongs to no character. */
function textEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const length = lengthOf(bytes[at] ?? 0);
    if (length === 0 || !isText(bytes.subarray(at, at + length), length)) return at;
    at += length;
  }
  return at;
}

/** How many bytes a character has that begins with this one. */
function lengthOf(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

function isText(bytes: Uint8Array, length: number): boolean {
  if (length === 1) return true;
  if (bytes.length < length) return false;
  try {
    STRICT.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function hex(byte: number | undefined): string {
  return (byte ?? 0).toString(16).padStart(2, '0');
}

export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** What came, as text to begin a mended line with. */
export function mendable({ raw, encoding }: { raw: string; encoding: 'text' | 'base64' }): string {
  return encoding === 'text' ? raw : UTF8.decode(bytesOf(raw));
}
