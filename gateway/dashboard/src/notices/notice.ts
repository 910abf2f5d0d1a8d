/**
 * What a person should know, read from what the server tells.
 *
 * Invariant: a notice has the same id wherever it is read, so that it is told once. To add a kind, such as alerts: a line in
 * `READERS`. It tells nobody.
 */
import type { Job } from '../api/schema';
import type { Place } from '../app/place';
import { exact } from '../design/numbers';
import { sentence } from '../design/states';

export interface Notice {
  id: string;
  kind: 'news' | 'warning' | 'error';
  text: string;
  /** When it was read, by the clock of this browser. */
  at: string;
  /** Where one sees more. */
  place?: Place;
}

/** A message of `/ws/notifications/`. */
export interface Note {
  type: string;
  [name: string]: unknown;
}

type Read = Omit<Notice, 'at'>;

const TEXT_MAX = 500;

/** The notes that are asked for. Errors as they come in are for the pages of lines. */
export const TOPICS = ['alert', 'system', 'upload_status'];

const READERS: Record<string, (note: Note) => Read | null> = {
  system: ({ code, message }) => {
    const name = String(code);
    const text = sentence(message);
    const id = `system:${name}:${text}`;
    if (name === 'notifications_left_out') return { id, kind: 'warning', text };
    if (!name.startsWith('quota_')) return null;
    const kind = name === 'quota_warning' ? 'warning' : 'error';
    return { id, kind, text, place: { to: '/settings/quota' } };
  },
};

export function noticeOf(note: Note, now = new Date()): Notice | null {
  const read = Object.hasOwn(READERS, note.type) ? READERS[note.type]?.(note) : null;
  return read ? { ...read, text: read.text.slice(0, TEXT_MAX), at: now.toISOString() } : null;
}

/** Whether work has changed of which the list of jobs tells more. */
export function isOfJobs(note: Note): boolean {
  return note.type === 'upload_status' && ['SUCCESS', 'FAILURE'].includes(String(note.status));
}

/** States of jobs as they were seen, by id. */
export type Seen = ReadonlyMap<string, Job['state']>;

/** What ended since the jobs were looked at, of one's own; nothing at the first look. */
export function noticesOf(jobs: readonly Job[], seen: Seen | null, user: string, now = new Date()): Notice[] {
  if (!seen) return [];
  return jobs
    .filter(({ id, state, user_id }) => user_id === user && hasEnded(state) && seen.get(id) !== state)
    .map((job): Notice => ({ ...ofJob(job), at: now.toISOString() }))
    .reverse();
}

function hasEnded(state: Job['state']): boolean {
  return state === 'succeeded' || state === 'failed';
}

const WORDS = { upload: 'was read', export: 'is ready', import: 'was brought in' } as const;
const PLACES = { upload: '/uploads', export: '/settings/retention', import: '/settings/retention' } as const;

function ofJob({ id, kind, name, state, error, result, updated_at }: Job): Read {
  const what = kind === 'upload' ? `“${name}”` : `The ${kind}`;
  const place = { to: PLACES[kind], ...(kind === 'upload' && { search: { file: id } }) };
  const own = { id: `job:${id}:${state}:${updated_at}`, place };
  if (state === 'failed') {
    const text = `${what} failed${error ? `: ${sentence(error.message)}` : '.'}`;
    return { ...own, kind: 'error', text: text.slice(0, TEXT_MAX) };
  }
  const counted = `${what} ${WORDS[kind]}: ${lines(result.indexed)}`;
  if (result.failed === 0) return { ...own, kind: 'news', text: `${counted}.` };
  return { ...own, kind: 'warning', text: `${counted}; ${lines(result.failed)} could not be taken.` };
}

function lines(count: number): string {
  return `${exact(count)} ${count === 1 ? 'line' : 'lines'}`;
}
