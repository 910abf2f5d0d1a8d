import { expect, test } from 'vitest';
import type { Key } from '../../api/schema';
import { change, dayOf, empty, endOf, ofKey, patterns } from './wanted';

const now = new Date('2026-03-01T08:00:00Z');

function key(part: Partial<Key>): Key {
  return {
    id: '1f9c',
    name: 'shipper',
    owner: '6f1c',
    prefix: 'antler_1f9c',
    scopes: ['ingest'],
    streams: ['*'],
    expires_at: null,
    created_at: now.toISOString(),
    last_used_at: null,
    last_used: null,
    active: true,
    ...part,
  };
}

test('patterns are typed as one likes and counted once', () => {
  expect(patterns(' logs-*-pt,logs-nginx-* \n logs-*-pt')).toEqual(['logs-*-pt', 'logs-nginx-*']);
  expect(patterns('  ')).toEqual([]);
});

test('an end is so many days ahead, or the end of a day', () => {
  expect(endOf({ end: 'never', day: '' }, now)).toBeNull();
  expect(endOf({ end: '30', day: '' }, now)).toBe('2026-03-31T08:00:00.000Z');
  const end = new Date(endOf({ end: 'day', day: '2026-04-02' }, now) ?? '');
  expect([dayOf(end), end.getHours(), end.getMinutes()]).toEqual(['2026-04-02', 23, 59]);
  expect(endOf({ end: 'day', day: '' }, now)).toBeUndefined();
  expect(endOf({ end: 'day', day: 'soon' }, now)).toBeUndefined();
});

test('a change says only what is otherwise', () => {
  const before = ofKey(key({ expires_at: '2026-06-01T10:20:30.000Z' }));
  expect(change(before, before, now)).toEqual({});
  expect(change(before, { ...before, name: 'other' }, now)).toEqual({ name: 'other' });
  expect(change(before, { ...before, end: 'never' }, now)).toEqual({ expires_at: null });
  expect(change(before, { ...before, scopes: ['read'] }, now)).toEqual({ scopes: ['read'] });
});

test('no streams are all streams, in the form and for the server', () => {
  const before = ofKey(key({ streams: ['logs-a-*', 'logs-b-*'] }));
  expect(before.streams).toBe('logs-a-*, logs-b-*');
  expect(change(before, { ...before, streams: '' }, now)).toEqual({ streams: ['*'] });
  expect(ofKey(key({ streams: ['*'] })).streams).toBe('');
  expect(empty().streams).toBe('');
});
