/**
 * The escape codes of terminals in a text: runs that look alike.
 *
 * Invariant: the runs joined are the text without its codes; colours are names, so that every theme has its own for them.
 * What a code does beside colour and weight is left out.
 */

export type Ink = 'red' | 'yellow' | 'green' | 'cyan' | 'blue' | 'magenta' | 'grey';

export interface Look {
  ink?: Ink | undefined;
  ground?: Ink | undefined;
  bold?: boolean;
  faint?: boolean;
  italic?: boolean;
  underline?: boolean;
  struck?: boolean;
}

export interface Run {
  text: string;
  look: Look | null;
}

const CODE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  /(?:\u001b\[|\u009b)([0-?]*)[ -/]*([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[PX^_][^\u001b]*(?:\u001b\\)?|\u001b[ -/]*[0-~]?|\u009b/g;

/** In the order of the codes; what is black or white is as the text around it. */
const BASIC: (Ink | undefined)[] = [
  undefined,
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  undefined,
];

export function hasCodes(text: string): boolean {
  return text.includes('\u001b') || text.includes('\u009b');
}

export function stripped(text: string): string {
  return hasCodes(text) ? text.replace(CODE, '') : text;
}

export function runs(text: string): Run[] {
  const found: Run[] = [];
  let look: Look | null = null;
  let at = 0;
  for (const match of text.matchAll(CODE)) {
    if (match.index > at) found.push({ text: text.slice(at, match.index), look });
    if (match[2] === 'm') look = changed(look, match[1] ?? '');
    at = match.index + match[0].length;
  }
  if (at < text.length) found.push({ text: text.slice(at), look });
  return found;
}

function changed(before: Look | null, parameters: string): Look | null {
  const codes = parameters.split(/[;:]/).map(Number);
  let look: Look = { ...before };
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 0) look = {};
    else if (code === 38 || code === 48) {
      const [ink, length] = extended(codes.slice(at + 1, at + 5));
      if (code === 38) look.ink = ink;
      else look.ground = ink;
      at += length;
    } else Object.assign(look, simple(code));
  }
  return Object.values(look).some(Boolean) ? look : null;
}

function simple(code: number): Look {
  if (code >= 30 && code <= 37) return { ink: BASIC[code - 30] };
  if (code >= 40 && code <= 47) return { ground: BASIC[code - 40] };
  if (code >= 90 && code <= 97) return { ink: code === 90 ? 'grey' : BASIC[code - 90] };
  if (code >= 100 && code <= 107) return { ground: code === 100 ? 'grey' : BASIC[code - 100] };
  switch (code) {
    case 1:
      return { bold: true };
    case 2:
      return { faint: true };
    case 3:
      return { italic: true };
    case 4:
      return { underline: true };
    case 7:
      return { ground: 'grey' };
    case 9:
      return { struck: true };
    case 22:
      return { bold: false, faint: false };
    case 23:
      return { italic: false };
    case 24:
      return { underline: false };
    case 27:
    case 49:
      return { ground: undefined };
    case 29:
      return { struck: false };
    case 39:
      return { ink: undefined };
    default:
      return {};
  }
}

/** `5;N` of a table or `2;R;G;B`, and how many numbers that took. */
function extended([kind, first = 0, second = 0, third = 0]: number[]): [Ink | undefined, number] {
  if (kind === 2) return [nearest(first, second, third), 4];
  if (kind !== 5) return [undefined, 1];
  if (first < 16) return [first === 8 ? 'grey' : BASIC[first % 8], 2];
  if (first >= 232) return ['grey', 2];
  const cube = first - 16;
  return [nearest(Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51), 2];
}

function nearest(red: number, green: number, blue: number): Ink | undefined {
  const most = Math.max(red, green, blue);
  const range = most - Math.min(red, green, blue);
  if (range < 40) return most > 40 && most < 180 ? 'grey' : undefined;
  const turn =
    most === red
      ? (green - blue) / range
      : most === green
        ? 2 + (blue - red) / range
        : 4 + (red - green) / range;
  const sixth = ((turn * 60 + 360) % 360) / 60;
  if (sixth < 0.5 || sixth >= 5.5) return 'red';
  if (sixth < 1.4) return 'yellow';
  if (sixth < 2.6) return 'green';
  if (sixth < 3.4) return 'cyan';
  return sixth < 4.4 ? 'blue' : 'magenta';
}
