/** What an archive is about and where it is, in words. */
import type { Archive } from '../../api/schema';
import { bytes, exact } from '../../design/numbers';

export function isUnderWay({ state }: Archive): boolean {
  return state === 'pending' || state === 'running' || state === 'retrying';
}

export const STATE_WORDS: Record<Archive['state'], string> = {
  pending: 'waiting',
  running: 'under way',
  retrying: 'waits, and goes on by itself',
  succeeded: 'done',
  failed: 'failed',
  cancelled: 'stopped',
};

/** What was wanted of an export. `day` writes a time. */
export function wantedWords({ wanted }: Archive, day: (at: string) => string): string {
  if (!wanted) return 'everything';
  const { from, to, streams, include } = wanted;
  const time = from ? `from ${day(from)} to ${day(to)}` : `up to ${day(to)}`;
  const of = streams.length === 0 || streams.includes('*') ? '' : ` of ${streams.join(', ')}`;
  return include.includes('lines') ? `${include.join(', ')}${of}, ${time}` : include.join(', ');
}

/** What is in it so far. */
export function contentWords({ lines, files, searches, size }: Archive): string {
  const parts: [number, string, string][] = [
    [lines, 'line', 'lines'],
    [files, 'file', 'files'],
    [searches, 'saved search', 'saved searches'],
  ];
  const there = parts
    .filter(([count]) => count > 0)
    .map(([count, one, many]) => `${exact(count)} ${count === 1 ? one : many}`);
  return [...there, ...(size > 0 ? [bytes(size)] : [])].join(' · ') || '–';
}

export interface ExportAsked {
  from: string;
  to: string;
  streams: string;
  include: Part[];
}

export const PARTS = ['lines', 'settings', 'files'] as const;
export type Part = (typeof PARTS)[number];

/** The body of the request: what is empty is everything. */
export function exportBody({ from, to, streams, include }: ExportAsked) {
  const patterns = streams.split(/[\s,;]+/).filter(Boolean);
  const isOfLines = include.includes('lines');
  return {
    ...(isOfLines && from.trim() && { from: from.trim() }),
    ...(isOfLines && to.trim() && { to: to.trim() }),
    ...(isOfLines && patterns.length > 0 && { streams: patterns }),
    include,
  };
}
