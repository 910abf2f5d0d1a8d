/** The beginning of a text that may be very long. Invariant: no character is cut in two. */
export function beginning(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
