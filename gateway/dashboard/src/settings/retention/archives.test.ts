import { expect, test } from 'vitest';
import type { Archive } from '../../api/schema';
import { contentWords, exportBody, isUnderWay, wantedWords } from './archives';

function archive(part: Partial<Archive>): Archive {
  return {
    id: '6f1c',
    kind: 'export',
    state: 'succeeded',
    progress: 100,
    lines: 0,
    files: 0,
    searches: 0,
    size: 0,
    sha256: null,
    warnings: [],
    error: null,
    user_id: '6f1c',
    created_at: '2026-03-01T08:00:00.000Z',
    updated_at: '2026-03-01T08:00:00.000Z',
    took_ms: null,
    expires_at: null,
    wanted: null,
    from: null,
    ...part,
  };
}

test('what is empty in the form is everything', () => {
  expect(exportBody({ from: ' ', to: '', streams: '', include: ['lines', 'settings'] })).toEqual({
    include: ['lines', 'settings'],
  });
  expect(exportBody({ from: 'now-7d', to: '', streams: 'logs-a-*, logs-b', include: ['lines'] })).toEqual({
    from: 'now-7d',
    streams: ['logs-a-*', 'logs-b'],
    include: ['lines'],
  });
});

test('times and streams are of lines only', () => {
  expect(exportBody({ from: 'now-7d', to: 'now', streams: 'x', include: ['settings'] })).toEqual({
    include: ['settings'],
  });
});

test('an archive says what is in it', () => {
  expect(contentWords(archive({ lines: 20_000, files: 1, size: 1_203_200 }))).toBe(
    '20,000 lines · 1 file · 1.2 MB',
  );
  expect(contentWords(archive({}))).toBe('–');
  const wanted = { from: null, to: '2026-03-01', streams: ['logs-a-*'], include: ['lines' as const] };
  expect(wantedWords(archive({ wanted }), (at) => at)).toBe('lines of logs-a-*, up to 2026-03-01');
});

test('what waits for the quota is under way', () => {
  expect(isUnderWay(archive({ state: 'retrying' }))).toBe(true);
  expect(isUnderWay(archive({ state: 'cancelled' }))).toBe(false);
});
