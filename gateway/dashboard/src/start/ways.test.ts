import { describe, expect, it } from 'vitest';
import { isLocal, listening, placeOf } from './listeners';
import { NO_KEY, type Place, waysFor } from './ways';

const PAGE = new URL('https://logs.example.org/antler/');

function health(status: 'ok' | 'skipped', detail: string, name = 'tcp') {
  const dependencies = { [name]: { status, latency_ms: 0, detail } };
  return { status: 'ok' as const, version: '0', uptime_s: 1, dependencies };
}

describe('where lines go', () => {
  it('is the part of the site that the page has', () => {
    expect(placeOf(undefined, PAGE)).toEqual({
      site: 'https://logs.example.org/antler',
      tcp: null,
      syslog: null,
    });
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
    expect(placeOf(health('ok', 'listens on 0.0.0.0:5514', 'syslog'), PAGE)).toMatchObject({
      tcp: null,
      syslog: { host: 'logs.example.org', port: 5514 },
    });
  });

  it('reads addresses of IPv6', () => {
    expect(listening('listens on [::1]:5000')).toEqual({ host: '[::1]', port: 5000 });
    expect(listening('off')).toBeNull();
    expect([isLocal('127.0.0.1'), isLocal('[::1]'), isLocal('10.0.0.7')]).toEqual([true, true, false]);
  });
});

describe('ways to send', () => {
  const site = 'http://127.0.0.1:8000';
  const tcp = { host: '127.0.0.1', port: 5000 };
  const syslog = { host: '127.0.0.1', port: 5514 };
  const text = (id: string, place: Partial<Place> = {}) =>
    waysFor({ site, tcp, syslog, ...place }, 'antler_1_2').find((way) => way.id === id)?.snippet ?? '';

  it('all hold the key, and none the word for a missing one', () => {
    for (const { snippet, also } of waysFor({ site, tcp, syslog }, 'antler_1_2')) {
      for (const text of [snippet, also?.snippet ?? snippet]) {
        expect(text).toContain('antler_1_2');
        expect(text).not.toContain(NO_KEY);
      }
    }
  });

  it('are only those that the server takes', () => {
    const ids = waysFor({ site, tcp: null, syslog: null }, NO_KEY).map(({ id }) => id);
    expect(ids).toEqual(['curl', 'file', 'filebeat', 'opentelemetry', 'python', 'node']);
  });

  it('stand in an order, each once', () => {
    const ids = waysFor({ site, tcp, syslog }, NO_KEY).map(({ id }) => id);
    expect(ids.join(' ')).toBe(
      'curl file filebeat rsyslog opentelemetry follow docker kubernetes journal python node',
    );
  });

  it.each([
    ['http://127.0.0.1:8000', 'http://127.0.0.1:8000'],
    ['https://logs.example.org/antler', 'https://logs.example.org:443/antler'],
    ['http://logs.example.org', 'http://logs.example.org:80'],
    ['http://[::1]:8000', 'http://[::1]:8000'],
  ])('tell Filebeat the port of %s', (site, host) => {
    expect(text('filebeat', { site })).toContain(`  hosts: ["${host}"]\n`);
  });

  it('have the quotes around the key escaped for rsyslog', () => {
    expect(text('rsyslog')).toContain(
      '%MSGID% [antler token=\\"antler_1_2\\"]%STRUCTURED-DATA%%msg:::sp-if-no-1st-sp%%msg%"',
    );
  });

  it('reach addresses of IPv6 without the brackets of a URL', () => {
    const there = { host: '[::1]', port: 5514 };
    expect(text('rsyslog', { syslog: there })).toContain('target="::1" port="5514"');
    expect(text('follow', { tcp: there })).toContain('> /dev/tcp/::1/5514');
  });
});
