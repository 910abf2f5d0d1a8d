import { beforeEach, expect, it } from 'vitest';
import { beOf, empty, forgetNotices, KEPT_MAX, keep, markSeen, putBack, unreadOf, useKept } from './kept';
import type { Notice } from './notice';

function notice(at: number): Notice {
  return { id: String(at), kind: 'news', text: `${at}`, at: new Date(at * 1000).toISOString() };
}

function ids(): string[] {
  return useKept.getState().all.map(({ id }) => id);
}

function unread(): number {
  return unreadOf(useKept.getState());
}

beforeEach(() => {
  forgetNotices();
  beOf('me');
});

it('keeps the last ones, the newest first, each once', () => {
  for (let at = 1; at <= KEPT_MAX + 5; at += 1) keep(notice(at));
  keep(notice(KEPT_MAX + 5));
  expect([ids().length, ids()[0], ids().at(-1)]).toEqual([KEPT_MAX, String(KEPT_MAX + 5), '6']);
});

it('counts those that came since one looked', () => {
  keep(notice(1));
  keep(notice(2));
  expect(unread()).toBe(2);
  markSeen();
  expect(unread()).toBe(0);
  keep(notice(3));
  expect(unread()).toBe(1);
});

it('gives back what was cleared, behind what came since', () => {
  keep(notice(1));
  const all = empty();
  keep(notice(2));
  putBack(all);
  putBack(all);
  expect(ids()).toEqual(['2', '1']);
});

it('shows nobody what somebody else was told, also after a login in the same window', () => {
  keep(notice(1));
  beOf('me');
  expect(ids()).toEqual(['1']);
  beOf('other');
  expect([ids(), unread()]).toEqual([[], 0]);
});

it('survives the page, and is gone with the login', () => {
  keep(notice(1));
  expect(localStorage.getItem('antler.notices')).toContain('"1"');
  forgetNotices();
  expect(localStorage.getItem('antler.notices')).not.toContain('"me"');
});
