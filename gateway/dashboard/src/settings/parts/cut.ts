/** Names in titles and on buttons, where there is little room. Invariant: no character is cut in two. */

const LENGTH_MAX = 32;

export function cut(text: string, most = LENGTH_MAX): string {
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most).join('')}…` : text;
}
