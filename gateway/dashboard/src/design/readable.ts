/** Text of others in which nothing steers how the text around it is shown. Invariant: what can be seen stays as it is. */

/** Controls, and what turns the direction of all that follows. */
const STEERING = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

export function readable(text: string): string {
  return text.replace(STEERING, (character) =>
    character === '\n' || character === '\t' ? character : writtenOut(character),
  );
}

/** As programs write it; `\x80` and above stand for bytes, `\u0080` and above for characters. */
export function writtenOut(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const known = SHORT[character];
  if (known) return known;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  const digits = code.toString(16).padStart(4, '0');
  return code > 0xffff ? `\\u{${digits}}` : `\\u${digits}`;
}

const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
