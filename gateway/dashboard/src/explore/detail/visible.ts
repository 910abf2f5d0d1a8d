/** Bytes as they came, with signs for what has no letter. It is for looking at, not for copying. */

const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is shown
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

export function visible(text: string): string {
  return text.replace(UNSEEN, (sign) => {
    const code = sign.charCodeAt(0);
    if (sign === '\n') return '␊\n';
    if (sign === '\t') return '␉\t';
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return '␡';
    return `‹${code.toString(16).toUpperCase().padStart(4, '0')}›`;
  });
}
