/**
 * The layer below the text area: the same text, in colours.
 *
 * Invariant: it is one piece of text, so its letters stand where those of the text area stand.
 */
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { type Piece, paint, unpaint } from './paint';
import type { QueryProblem } from './problem';
import { read } from './tokens';

const LIST_WIDTH = 360;
const LONG = 2000;
const LONG_WAIT_MS = 40;

/** A row that is empty as yet has a height, too. */
export function shownText(value: string): string {
  const text = value.replace(/\r\n?/g, '\n');
  return text === '' || text.endsWith('\n') ? `${text}\n` : text;
}

type Found = { start: number; end: number; severity: 'error' | 'warning' }[];

export function useColours(
  layer: RefObject<HTMLDivElement | null>,
  value: string,
  problem: QueryProblem | null,
  found: Found,
) {
  const owner = useRef({});
  useLayoutEffect(() => {
    const node = layer.current?.firstChild;
    if (!(node instanceof Text)) return;
    const colour = () => paint(owner.current, node, piecesOf(value, problem, found));
    if (value.length < LONG) return colour();
    // Nobody waits for the colours of a long text.
    const timer = setTimeout(colour, LONG_WAIT_MS);
    return () => clearTimeout(timer);
  }, [layer, value, problem, found]);
  useEffect(() => () => unpaint(owner.current), []);
}

function piecesOf(value: string, problem: QueryProblem | null, found: Found): Piece[] {
  const pieces = read(value).tokens.filter(({ kind }) => kind !== 'word') as Piece[];
  // What is missing is shown at the sign before it.
  for (const { start, end, severity } of problem ? [{ ...problem, severity: 'error' as const }] : found)
    pieces.push({ kind: severity, start: end > start ? start : Math.max(start - 1, 0), end });
  return pieces;
}

/** Below the word that is completed, inside of the editor. */
export function usePlace(
  layer: RefObject<HTMLDivElement | null>,
  offered: { text: string; completion: { start: number } } | null,
): { left: number; top: number } {
  const [place, setPlace] = useState({ left: 0, top: 0 });
  const start = offered?.completion.start;
  useLayoutEffect(() => {
    const box = layer.current;
    const node = box?.firstChild;
    if (start === undefined || !box || !(node instanceof Text)) return;
    const range = document.createRange();
    range.setStart(node, Math.min(start, node.length));
    range.collapse(true);
    const rect = range.getClientRects()[0];
    const around = box.getBoundingClientRect();
    const room = Math.max(around.width - LIST_WIDTH, 0);
    const left = rect ? Math.min(Math.max(rect.left - around.left, 0), room) : 0;
    setPlace({ left, top: (rect ? Math.min(rect.bottom, around.bottom) - around.top : around.height) + 6 });
  }, [layer, start]);
  return place;
}
