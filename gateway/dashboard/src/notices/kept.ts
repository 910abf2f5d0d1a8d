/**
 * The last notices of whoever is logged in.
 *
 * Invariant: a notice is there once, and nobody sees those of somebody else. All windows of a browser show the same ones.
 */
import { create } from 'zustand';
import { persist } from 'zustand/middleware';
import type { Notice } from './notice';

export const KEPT_MAX = 50;
const NAME = 'antler.notices';

interface Kept {
  owner: string | null;
  /** The newest first. */
  all: Notice[];
  /** When they were looked at. */
  seenAt: string;
}

const NOTHING: Kept = { owner: null, all: [], seenAt: '' };

export const useKept = create<Kept>()(persist(() => NOTHING, { name: NAME, version: 1 }));

/** Another window has written. */
export function shareNotices(): () => void {
  const hear = ({ key }: StorageEvent) => key === NAME && void useKept.persist.rehydrate();
  addEventListener('storage', hear);
  return () => removeEventListener('storage', hear);
}

/** Those of anybody else are forgotten. */
export function beOf(owner: string) {
  if (useKept.getState().owner !== owner) useKept.setState({ ...NOTHING, owner });
}

export function forgetNotices() {
  useKept.setState(NOTHING);
}

export function keep(notice: Notice) {
  const { all } = useKept.getState();
  if (all.some(({ id }) => id === notice.id)) return;
  useKept.setState({ all: [notice, ...all].slice(0, KEPT_MAX) });
}

export function markSeen() {
  useKept.setState(({ all, seenAt }) => ({ seenAt: all[0]?.at ?? seenAt }));
}

export function empty(): Notice[] {
  const { all } = useKept.getState();
  useKept.setState({ all: [] });
  return all;
}

export function putBack(notices: Notice[]) {
  useKept.setState(({ all }) => {
    const known = new Set(all.map(({ id }) => id));
    return { all: [...all, ...notices.filter(({ id }) => !known.has(id))].slice(0, KEPT_MAX) };
  });
}

export function unreadOf({ all, seenAt }: Kept): number {
  return all.filter(({ at }) => at > seenAt).length;
}
