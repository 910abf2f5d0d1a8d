/** Addresses in a text. Invariant: only those of http and https are ever links. */

export interface Piece {
  text: string;
  href: string | null;
}

const ADDRESS = /https?:\/\/[^\s"'<>`{}|\\^]+/gi;
const LINKS_MAX = 100;

export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(ADDRESS)) {
    // What ends a sentence or a bracket is none of it.
    const found = match[0].replace(/[.,;:!?)\]]+$/, '');
    const href = safe(found);
    if (!href) continue;
    if (match.index > at) pieces.push({ text: text.slice(at, match.index), href: null });
    pieces.push({ text: found, href });
    at = match.index + found.length;
    if (pieces.length > LINKS_MAX) break;
  }
  if (at < text.length || pieces.length === 0) pieces.push({ text: text.slice(at), href: null });
  return pieces;
}

function safe(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url && (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname ? url.href : null;
}
