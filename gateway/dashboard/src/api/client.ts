/**
 * Asks the server.
 *
 * What may be asked, with what, and what is answered stands in `schema.ts`. Invariant: a request that fails throws a
 * `Failure` with a sentence for people; one that met an access token at its end is sent again once with a new one.
 * It keeps nothing.
 */
import type { Routes } from './schema';

export type Route = keyof Routes;
type Value = string | number | boolean | readonly string[] | undefined;

/** `undefined` in a query is not sent. */
export interface Asked<R extends Route> {
  path?: Routes[R]['path'];
  query?: { [K in keyof Routes[R]['query']]?: Routes[R]['query'][K] | undefined };
  body?: Routes[R]['body'];
  signal?: AbortSignal | undefined;
}

export class Failure extends Error {
  constructor(
    /** 0 if no answer came. */
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Record<string, unknown> = {},
    readonly requestId: string | null = null,
  ) {
    super(message);
    this.name = 'Failure';
  }

  /** What was wrong with a field of a form. */
  get field(): string | null {
    return typeof this.details.field === 'string' ? this.details.field : null;
  }
}

const CODE_COOKIE = 'antler_csrf';

/** An address of this server, in the part of the site that it has. */
export function address(path: string): string {
  return new URL(path.replace(/^\//, ''), document.baseURI).toString();
}

/** The address of a route with its names and what is asked. */
export function addressOf<R extends Route>(route: R, { path, query }: Asked<R> = {}): string {
  const names = (path ?? {}) as Record<string, Value>;
  const filled = route
    .slice(route.indexOf(' ') + 1)
    .replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(names[name])));
  const url = new URL(address(filled.endsWith('/') ? filled : `${filled}/`));
  for (const [name, value] of Object.entries((query ?? {}) as Record<string, Value>)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== '') url.searchParams.append(name, String(one));
    }
  }
  return url.toString();
}

export async function ask<R extends Route>(route: R, asked: Asked<R> = {}): Promise<Routes[R]['answer']> {
  const method = route.slice(0, route.indexOf(' '));
  const { body, signal } = asked;
  const init: RequestInit = { method, ...(signal && { signal }) };
  if (body instanceof FormData) init.body = body;
  else if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { 'Content-Type': 'application/json' };
  }
  const response = await send(addressOf(route, asked), init);
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return (isJson ? await response.json() : undefined) as Routes[R]['answer'];
}

const LOGGING_IN = /\/auth\/(login|refresh|logout)\//;

/** What the server says of it is meant for programs. */
export const LOGIN_ENDED = 'Your login has ended. Log in again to go on.';

/** Hears `ended` when a login does not count any more and cannot be renewed. */
export const ended = new EventTarget();

/** A request of any kind, with the login of this browser. */
export async function send(url: string, init: RequestInit): Promise<Response> {
  let response = await fetched(url, init);
  if (response.status === 401 && !LOGGING_IN.test(url)) {
    if (hasLogin() && (await renewed())) response = await fetched(url, init);
    if (response.status === 401) ended.dispatchEvent(new Event('ended'));
  }
  if (!response.ok) throw await failure(response, LOGGING_IN.test(url));
  return response;
}

/** Whether this browser was given a login that has not come to its end by its time. */
export function hasLogin(): boolean {
  return code() !== null;
}

/** What proves that a page of ours asks. */
export function code(): string | null {
  return document.cookie.match(new RegExp(`(?:^|; )${CODE_COOKIE}=([^;]*)`))?.[1] ?? null;
}

let renewal: Promise<boolean> | null = null;

/** Has the browser get a new access token; whoever asks meanwhile waits for the same one. */
export function renewed(): Promise<boolean> {
  renewal ??= alone(renew).finally(() => {
    renewal = null;
  });
  return renewal;
}

/** A refresh token is good once, and another tab may have used it. */
async function renew(): Promise<boolean> {
  const isRenewed = (await fetched(address('/api/users/me/'), { method: 'GET' })).ok;
  return isRenewed || (await fetched(address('/api/auth/refresh/'), { method: 'POST' })).ok;
}

/** One tab at a time, where the browser lets tabs wait for each other. */
function alone(work: () => Promise<boolean>): Promise<boolean> {
  return navigator.locks ? navigator.locks.request('antler-login', work) : work();
}

async function fetched(url: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  const proof = code();
  if (proof && init.method !== 'GET') headers.set('X-CSRF-Token', proof);
  try {
    return await fetch(url, { ...init, headers, credentials: 'same-origin' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Failure(0, 'unreachable', 'The server does not answer. Try again in a moment.');
  }
}

/** Why it was refused, in a sentence for people; whoever is logging in is told why that failed. */
export async function failure(response: Response, isLoggingIn = false): Promise<Failure> {
  const id = response.headers.get('x-request-id');
  try {
    const { error } = (await response.json()) as {
      error: { code: string; message: string; details?: Record<string, unknown> };
    };
    const message = response.status === 401 && !isLoggingIn ? LOGIN_ENDED : error.message;
    return new Failure(response.status, error.code, message, error.details, id);
  } catch {
    return new Failure(
      response.status,
      'unreadable',
      `The server answered with status ${response.status}.`,
      {},
      id,
    );
  }
}
