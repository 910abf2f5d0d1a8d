/** A long text in chunks that are drawn one by one. Invariant: joined they are the text; none ends inside of a character. */

const CHUNK = 8_000;
/** So far before its end a chunk may end at a space or a row. */
const SEARCHED = 400;

export function chunksOf(text: string): string[] {
  const chunks: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = edge(text, at + CHUNK);
    chunks.push(text.slice(at, end));
    at = end;
  }
  return chunks;
}

/** A place for an end at or before this one. */
export function edge(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const tail = text.slice(at - SEARCHED, at);
  const row = tail.lastIndexOf('\n');
  const space = row >= 0 ? row : tail.lastIndexOf(' ');
  if (space >= 0) return at - SEARCHED + space + 1;
  const code = text.charCodeAt(at - 1);
  return code >= 0xd800 && code < 0xdc00 ? at - 1 : at;
}
