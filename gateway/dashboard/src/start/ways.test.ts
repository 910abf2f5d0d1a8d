import { describe, expect, it } from 'vitest';
import { isLocal, listening, placeOf } from './listeners';
import { NO_KEY, waysFor } from './ways';

const PAGE = new URL('https://logs.example.org/antler/');

function health(status: 'ok' | 'skipped', detail: string) {
  const dependencies = { tcp: { status, latency_ms: 0, detail } };
  return { status: 'ok' as const, version: '0', uptime_s: 1, dependencies };
}

describe('where lines go', () => {
  it('is the part of the site that the page has', () => {
    expect(placeOf(undefined, PAGE)).toEqual({ site: 'https://logs.example.org/antler', tcp: null });
  });

  it('is the port that the server says, on the host of the page if it listens everywhere', () => {
    expect(placeOf(health('ok', 'listens on 0.0.0.0:5000'), PAGE).tcp).toEqual({
      host: 'logs.example.org',
      port: 5000,
    });
    expect(placeOf(health('ok', 'listens on 127.0.0.1:5000'), PAGE).tcp).toEqual({
      host: '127.0.0.1',
      port: 5000,
    });
    expect(placeOf(health('skipped', 'the port is taken'), PAGE).tcp).toBeNull();
  });

  it('reads addresses of IPv6', () => {
    expect(listening('listens on [::1]:5000')).toEqual({ host: '[::1]', port: 5000 });
    expect(listening('off')).toBeNull();
    expect([isLocal('127.0.0.1'), isLocal('[::1]'), isLocal('10.0.0.7')]).toEqual([true, true, false]);
  });
});

describe('ways to send', () => {
  const site = 'http://127.0.0.1:8000';

  it('all hold the key, and none the word for a missing one', () => {
    for (const { snippet } of waysFor({ site, tcp: { host: '127.0.0.1', port: 5000 } }, 'antler_1_2')) {
      expect(snippet).toContain('antler_1_2');
      expect(snippet).not.toContain(NO_KEY);
    }
  });

  it('are only those that the server takes', () => {
    const ids = waysFor({ site, tcp: null }, NO_KEY).map(({ id }) => id);
    expect(ids).toEqual(['curl', 'file', 'python', 'node']);
  });

  it('have names of their own', () => {
    const ids = waysFor({ site, tcp: { host: 'h', port: 1 } }, NO_KEY).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
