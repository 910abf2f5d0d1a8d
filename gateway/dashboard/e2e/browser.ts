/**
 * A browser, and people in it.
 *
 * Invariant: a page that logs an error, breaks its policy or throws fails the test that had it. Everybody has a tenant.
 */
import { existsSync } from 'node:fs';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject } from 'vitest';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
export const PASSWORD = 'three blue otters';

export function executable(): string {
  const path = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (!path) throw new Error('there is no chromium; install it, or say where it is by CHROMIUM');
  return path;
}

export interface Person {
  context: BrowserContext;
  page: Page;
  name: string;
  /** For requests beside the browser. */
  token: string;
}

let count = 0;

/** One browser for a file of tests. */
export function useBrowser(url: string = inject('url')) {
  let browser: Browser;
  let problems: string[] = [];
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executable(),
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
    });
  });
  afterAll(() => browser.close());
  afterEach(() => {
    const told = problems;
    problems = [];
    expect(told, 'what the pages complained about').toEqual([]);
  });

  const opened = async (options: BrowserContextOptions = {}) => {
    const context = await browser.newContext({
      baseURL: url,
      viewport: { width: 1440, height: 900 },
      ...options,
    });
    context.setDefaultTimeout(15_000);
    context.on('weberror', (error) => problems.push(String(error.error())));
    context.on('console', (message) => {
      // The browser itself logs every answer above 399; pages are tested for what they make of them.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        problems.push(message.text());
    });
    return { context, page: await context.newPage() };
  };
  const person = async (options: BrowserContextOptions = {}): Promise<Person> => {
    count += 1;
    const name = `p${process.pid}-${count}`;
    const body = {
      username: name,
      email: `${name}@example.org`,
      password: PASSWORD,
      password_confirm: PASSWORD,
    };
    const { token } = (await posted(`${url}/api/auth/register/`, body)) as { token: string };
    const { context, page } = await opened(options);
    const login = await context.request.post(`${url}/api/auth/login/?cookie=true`, {
      data: { username: name, password: PASSWORD },
    });
    expect(login.status()).toBe(200);
    return { context, page, name, token };
  };
  return { url, opened, person };
}

export async function posted(url: string, body: unknown, token?: string): Promise<unknown> {
  const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Sends lines as a shipper does. */
export async function sendLines(url: string, token: string, lines: object[]): Promise<void> {
  await posted(`${url}/api/logs/bulk/`, lines, token);
}
