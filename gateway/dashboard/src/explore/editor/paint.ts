/**
 * Colours of a text that stays one piece.
 *
 * The pieces are ranges that the browser paints: so no letter is moved, and none is drawn apart from its neighbours.
 * Invariant: what several editors paint does not mix; a browser that cannot do it shows the text in one colour.
 */
import type { Kind } from './tokens';

export interface Piece {
  kind: Kind | 'error' | 'warning';
  start: number;
  end: number;
}

export const canPaint = typeof CSS !== 'undefined' && 'highlights' in CSS;

const KINDS: Piece['kind'][] = [
  'field',
  'operator',
  'keyword',
  'string',
  'number',
  'regex',
  'pipe',
  'command',
  'function',
  'bracket',
  'error',
  'warning',
];

const painted = new Map<object, Map<Piece['kind'], StaticRange[]>>();

/** Paints these pieces in place of those that this owner had. */
export function paint(owner: object, node: Text, pieces: Piece[]) {
  if (!canPaint) return;
  const ranges = new Map<Piece['kind'], StaticRange[]>();
  for (const { kind, start, end } of pieces) {
    if (start >= end || end > node.length) continue;
    const range = new StaticRange({
      startContainer: node,
      startOffset: start,
      endContainer: node,
      endOffset: end,
    });
    const known = ranges.get(kind);
    if (known) known.push(range);
    else ranges.set(kind, [range]);
  }
  const before = painted.get(owner);
  painted.set(owner, ranges);
  for (const kind of KINDS) if (ranges.has(kind) || before?.has(kind)) show(kind);
}

export function unpaint(owner: object) {
  if (painted.delete(owner)) for (const kind of KINDS) show(kind);
}

function show(kind: Piece['kind']) {
  const all = [...painted.values()].flatMap((ranges) => ranges.get(kind) ?? []);
  const highlight = new Highlight();
  for (const range of all) highlight.add(range);
  CSS.highlights.set(`query-${kind}`, highlight);
}
