/**
 * A text of a line: codes of terminals as colours, words that were looked for as marks.
 *
 * Invariant: what is shown is the text without its codes and nothing else; a text with neither costs nothing.
 */
import type { ReactNode } from 'react';
import css from './ansi.module.css';
import { hasCodes, type Look, runs, stripped } from './codes';

export function Text({ text, marks }: { text: string; marks?: readonly string[] }): ReactNode {
  const pattern = marks && patternOf(marks);
  const coloured = hasCodes(text);
  if (!coloured) return pattern ? marked(text, pattern) : text;
  const places = pattern ? placesOf(stripped(text), pattern) : [];
  let at = 0;
  return runs(text).map((run, key) => {
    const start = at;
    at += run.text.length;
    const inside = cut(run.text, start, places);
    return run.look ? <Looks key={key} look={run.look} inside={inside} /> : <span key={key}>{inside}</span>;
  });
}

function Looks({ look: { ink, ground, ...rest }, inside }: { look: Look; inside: ReactNode }) {
  const look = Object.entries(rest)
    .filter(([, is]) => is)
    .map(([name]) => name);
  return (
    <span className={css.run} data-ink={ink} data-ground={ground} data-look={look.join(' ') || undefined}>
      {inside}
    </span>
  );
}

const patterns = new WeakMap<readonly string[], RegExp | null>();

function patternOf(marks: readonly string[]): RegExp | null {
  const known = patterns.get(marks);
  if (known !== undefined) return known;
  const words = marks.filter(Boolean).sort((one, other) => other.length - one.length);
  const escaped = words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  const pattern = words.length > 0 ? new RegExp(escaped.join('|'), 'giu') : null;
  patterns.set(marks, pattern);
  return pattern;
}

type Place = [start: number, end: number];

function placesOf(text: string, pattern: RegExp): Place[] {
  return [...text.matchAll(pattern)].map((match) => [match.index, match.index + match[0].length]);
}

function marked(text: string, pattern: RegExp): ReactNode {
  const places = placesOf(text, pattern);
  return places.length > 0 ? cut(text, 0, places) : text;
}

/** A part of a text that begins at `start`, with what of it is marked. */
function cut(text: string, start: number, places: Place[]): ReactNode {
  const end = start + text.length;
  const parts: ReactNode[] = [];
  let at = start;
  for (const [from, to] of places) {
    if (to <= at || from >= end) continue;
    const begin = Math.max(from, at);
    if (begin > at) parts.push(text.slice(at - start, begin - start));
    at = Math.min(to, end);
    parts.push(<mark key={begin}>{text.slice(begin - start, at - start)}</mark>);
  }
  if (parts.length === 0) return text;
  if (at < end) parts.push(text.slice(at - start));
  return parts;
}
