/** Where the server listens, as its health says it. It reads, and decides nothing else. */
import type { Health } from '../api/schema';
import type { Listener, Place } from './ways';

const ANYWHERE = /^(0\.0\.0\.0|\[::\])$/;

/** `listens on 127.0.0.1:5000` */
export function listening(detail: string | undefined): Listener | null {
  const found = /listens on (\S+):(\d+)$/.exec(detail ?? '');
  return found?.[1] && found[2] ? { host: found[1], port: Number(found[2]) } : null;
}

/** `page` is the address of the page: what listens everywhere is reached as the page is. */
export function placeOf(health: Health | undefined, page: URL): Place {
  const site = `${page.origin}${page.pathname}`.replace(/\/$/, '');
  const reached = (name: 'tcp' | 'syslog') => {
    const dependency = health?.dependencies[name];
    const listener = dependency?.status === 'ok' ? listening(dependency.detail) : null;
    return listener && ANYWHERE.test(listener.host) ? { ...listener, host: page.hostname } : listener;
  };
  return { site, tcp: reached('tcp'), syslog: reached('syslog') };
}

/** Whether only the machine of the server reaches a listener. */
export function isLocal(host: string): boolean {
  return /^(127\.|\[?::1\]?$|localhost$)/.test(host);
}
