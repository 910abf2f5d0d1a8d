/** What a share of a limit means, in words. Invariant: a warning says what happens at the limit, and until when. */
import type { QuotaUse } from '../../api/schema';

export type Share = QuotaUse['lines'];
export type Name = 'lines' | 'bytes' | 'calls' | 'streams' | 'sockets' | 'seats';

export const TITLES: Record<Name, string> = {
  lines: 'Lines today',
  bytes: 'Bytes today',
  calls: 'Calls this hour',
  streams: 'Streams',
  sockets: 'Live connections',
  seats: 'Seats',
};

const AT_LIMIT: Record<Name, string> = {
  lines: 'lines are refused with 429 until the day ends',
  bytes: 'lines are refused with 429 until the day ends',
  calls: 'requests are refused with 429 until the hour ends',
  streams: 'lines that would begin another stream become dead letters',
  sockets: 'no other can be opened',
  seats: 'nobody else can be invited',
};

/** Nothing as long as there is room. */
export function warning(name: Name, share: Share): string | null {
  if (share.status === 'ok') return null;
  const what = TITLES[name];
  return share.status === 'exceeded'
    ? `${what}: the limit is reached; ${AT_LIMIT[name]}.`
    : `${what}: ${shown(share)} of the limit. At the limit ${AT_LIMIT[name]}.`;
}

/** A percentage with at most three digits. */
export function shown({ percentage_used: percentage, used }: Share): string {
  return `${used > 0 && percentage < 0.01 ? '< 0.01' : Number(percentage.toPrecision(3))} %`;
}

/** How much of a bar is filled, in percent; a little is seen of what is there at all. */
export function filled(used: number, limit: number): number {
  if (used <= 0) return 0;
  return Math.min(Math.max((used / Math.max(limit, 1)) * 100, 0.5), 100);
}
