/** Listens for notices as long as somebody is logged in. What it hears it keeps and tells once. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { changed, question } from '../api/questions';
import { Socket } from '../api/socket';
import { usePreferences } from '../app/preferences';
import { useMe } from '../app/session';
import { setBadge } from '../design/page';
import { isOpen } from '../jobs/state';
import { beOf, keep, shareNotices, unreadOf, useKept } from './kept';
import { isOfJobs, type Note, type Notice, noticeOf, noticesOf, type Seen, TOPICS } from './notice';
import { beFirst, raise } from './raise';

const JOBS = 20;
/** While an export or an import goes on: the socket tells of files only. */
const LOOK_MS = 3000;

export function useNotices() {
  const user = useMe()?.id;
  useEffect(beFirst, []);
  useEffect(shareNotices, []);
  useEffect(() => {
    if (!user) return;
    beOf(user);
    const socket = new Socket<Note>({
      route: 'GET /ws/notifications',
      greeting: { type: 'subscribe', topics: TOPICS },
      hear: (note) => {
        const notice = noticeOf(note);
        if (notice) take(notice);
        if (isOfJobs(note)) void changed('GET /api/jobs', 'GET /api/logs/metadata');
      },
    });
    return () => socket.close();
  }, [user]);
  useJobs(user);
  useBadge();
}

function take(notice: Notice) {
  keep(notice);
  raise(notice);
}

function useJobs(user: string | undefined) {
  const { data } = useQuery({
    ...question('GET /api/jobs', { query: { size: JOBS } }),
    enabled: user !== undefined,
    refetchInterval: ({ state }) =>
      state.data?.results.some(({ kind, state }) => kind !== 'upload' && isOpen(state)) ? LOOK_MS : false,
    refetchIntervalInBackground: true,
  });
  const seen = useRef<{ of: string; states: Seen } | null>(null);
  useEffect(() => {
    if (!data || !user) return;
    const before = seen.current?.of === user ? seen.current.states : null;
    for (const notice of noticesOf(data.results, before, user)) take(notice);
    seen.current = { of: user, states: new Map(data.results.map(({ id, state }) => [id, state])) };
  }, [data, user]);
}

function useBadge() {
  const isWanted = usePreferences((state) => state.notices.badge);
  const unread = useKept(unreadOf);
  useEffect(() => {
    setBadge(isWanted ? unread : 0);
    return () => setBadge(0);
  }, [isWanted, unread]);
}
