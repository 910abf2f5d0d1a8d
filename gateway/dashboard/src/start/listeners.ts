/** Where the server listens, as its health says it. It reads, and decides nothing else. */
import type { Health } from '../api/schema';
import type { Place } from './ways';

const ANYWHERE = /^(0\.0\.0\.0|\[::\])$/;

/** `listens on 127.0.0.1:5000` */
export function listening(detail: string | undefined): { host: string; port: number } | null {
  const found = /listens on (\S+):(\d+)$/.exec(detail ?? '');
  return found?.[1] && found[2] ? { host: found[1], port: Number(found[2]) } : null;
}

/** `page` is the address of the page: what listens everywhere is reached as the page is. */
export function placeOf(health: Health | undefined, page: URL): Place {
  const site = `${page.origin}${page.pathname}`.replace(/\/$/, '');
  const listener = health?.dependencies.tcp;
  const tcp = listener?.status === 'ok' ? listening(listener.detail) : null;
  if (!tcp) return { site, tcp };
  return { site, tcp: ANYWHERE.test(tcp.host) ? { ...tcp, host: page.hostname } : tcp };
}

/** Whether only the machine of the server reaches a listener. */
export function isLocal(host: string): boolean {
  return /^(127\.|\[?::1\]?$|localhost$)/.test(host);
}
