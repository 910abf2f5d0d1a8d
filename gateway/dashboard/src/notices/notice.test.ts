import { describe, expect, it } from 'vitest';
import type { Job } from '../api/schema';
import { isOfJobs, noticeOf, noticesOf } from './notice';

const now = new Date('2026-03-01T08:00:00Z');

describe('a note of the server', () => {
  it('that a limit is near is a warning, and leads to the quota', () => {
    const note = { type: 'system', code: 'quota_warning', message: '80 % of the lines of a day are used' };
    expect(noticeOf(note, now)).toEqual({
      id: 'system:quota_warning:80 % of the lines of a day are used.',
      kind: 'warning',
      text: '80 % of the lines of a day are used.',
      at: '2026-03-01T08:00:00.000Z',
      place: { to: '/settings/quota' },
    });
    expect(noticeOf({ ...note, code: 'quota_exceeded' }, now)?.kind).toBe('error');
  });

  it('that is for nobody to act upon is none', () => {
    const notes = [
      { type: 'system', code: 'stopping', message: 'the server is stopping' },
      { type: 'system', code: 'log_events_left_out', message: '7 more errors came in' },
      { type: 'log_event', data: {} },
      { type: '__proto__' },
      { type: 'toString' },
      { type: 'pong' },
    ];
    expect(notes.map((note) => noticeOf(note, now))).toEqual(notes.map(() => null));
  });

  it('that is very long is cut', () => {
    const note = { type: 'system', code: 'quota_warning', message: 'x'.repeat(10_000) };
    expect(noticeOf(note, now)?.text.length).toBe(500);
  });

  it('that a file was read lets the jobs be asked', () => {
    const of = (status: string) => isOfJobs({ type: 'upload_status', status });
    expect(['STARTED', 'RETRY', 'SUCCESS', 'FAILURE', 'CANCELLED'].filter(of)).toEqual([
      'SUCCESS',
      'FAILURE',
    ]);
  });
});

function job(change: Partial<Job>): Job {
  return {
    id: 'u1',
    kind: 'upload',
    name: 'disks.csv',
    state: 'succeeded',
    progress: 100,
    result: { total: 1284, indexed: 1284, failed: 0 },
    tries: 1,
    error: null,
    user_id: 'me',
    created_at: '2026-03-01T07:59:00Z',
    started_at: null,
    updated_at: '2026-03-01T08:00:00Z',
    took_ms: 10,
    ...change,
  };
}

function told(...jobs: Job[]): string[] {
  return noticesOf(jobs, new Map([['u1', 'running']]), 'me', now).map(({ kind, text }) => `${kind}: ${text}`);
}

describe('work of one’s own that ends', () => {
  it('is told with what came of it', () => {
    expect(told(job({}))).toEqual(['news: “disks.csv” was read: 1,284 lines.']);
    expect(told(job({ result: { total: 4, indexed: 1, failed: 3 } }))).toEqual([
      'warning: “disks.csv” was read: 1 line; 3 lines could not be taken.',
    ]);
    const error = { code: 'unreadable', message: 'the file is no text' };
    expect(told(job({ state: 'failed', error }))).toEqual([
      'error: “disks.csv” failed: The file is no text.',
    ]);
    expect(told(job({ kind: 'export', id: 'e1' }))).toEqual(['news: The export is ready: 1,284 lines.']);
  });

  it('is told once, and the first that ended first', () => {
    const [one, other] = [job({ id: 'u2', name: 'b' }), job({ name: 'a' })];
    const notices = noticesOf([one, other], new Map(), 'me', now);
    expect(notices.map(({ text }) => text)).toEqual([
      '“a” was read: 1,284 lines.',
      '“b” was read: 1,284 lines.',
    ]);
    expect(told(job({ id: 'u1', state: 'running' }))).toEqual([]);
    const known = new Map([['u1', 'succeeded' as const]]);
    expect(noticesOf([job({})], known, 'me', now)).toEqual([]);
  });

  it('is not told where it had ended before one looked, is of others, or was stopped by somebody', () => {
    expect(noticesOf([job({})], null, 'me', now)).toEqual([]);
    expect(told(job({ user_id: 'other' }))).toEqual([]);
    expect(told(job({ state: 'cancelled' }))).toEqual([]);
  });
});
