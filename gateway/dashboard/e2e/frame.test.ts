/** The frame: files, policy, doors, places, keys. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, inject, it } from 'vitest';
import { PASSWORD, useBrowser } from './browser';
import { DOORS, PLACES } from './scene';

const url = inject('url');
const { opened, person } = useBrowser();

const FIRST_KB_MAX = 180;
const ALL_KB_MAX = 400;

async function kilobytes(urls: Iterable<string>): Promise<number> {
  let sum = 0;
  for (const url of urls)
    sum += gzipSync(Buffer.from(await (await fetch(url)).arrayBuffer()), { level: 9 }).length;
  return sum / 1000;
}

describe('what the browser loads', () => {
  it('fits into 180 kB for the first page, and all into 400 kB', async () => {
    const { page } = await person();
    const loaded = new Set<string>();
    page.on('request', (request) => {
      if (/\.(js|css)$/.test(new URL(request.url()).pathname)) loaded.add(request.url());
    });
    await page.goto('/');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('networkidle');
    const first = await kilobytes(loaded);
    for (const [, place] of [...PLACES, ...DOORS]) {
      await page.goto(place);
      await page.waitForLoadState('networkidle');
    }
    const all = await kilobytes(loaded);
    process.stdout.write(
      `first page ${first.toFixed(1)} kB, all ${all.toFixed(1)} kB of scripts and styles, gzipped\n`,
    );
    expect(first).toBeLessThanOrEqual(FIRST_KB_MAX);
    expect(all).toBeLessThanOrEqual(ALL_KB_MAX);
  });

  it('asks the server for what it has', () => {
    const tool = resolve(import.meta.dirname, '../tools/types.mjs');
    const { status, stderr } = spawnSync('node', [tool, `${url}/api/schema/`, '--check'], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('comes with the licences of what it is made of', async () => {
    expect(await (await fetch(`${url}/assets/licences.md`)).text()).toContain('react-dom');
  });

  it('is kept for ever under its hashed name, and comes compressed', async () => {
    const text = await (await fetch(url)).text();
    const script = text.match(/src="\.\/(assets\/[^"]+\.js)"/)?.[1];
    expect(script).toBeDefined();
    const response = await fetch(`${url}/${script}`, { headers: { 'Accept-Encoding': 'br' } });
    expect(response.headers.get('cache-control')).toContain('immutable');
    expect(response.headers.get('content-encoding')).toBe('br');
  });
});

describe('every address of the page', () => {
  const routes = readFileSync(resolve(import.meta.dirname, '../src/app/routes.tsx'), 'utf8');
  const paths = [...routes.matchAll(/(?:page|door|alias)\('(\/[^']*)'/g)].map(([, path]) => path ?? '');

  it.each(paths)('%s is served', async (path) => {
    const response = await fetch(`${url}${path}`, { headers: { Accept: 'text/html' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toContain("script-src 'self';");
  });

  it('that is none is a page that says so', async () => {
    const response = await fetch(`${url}/nothing/here`, { headers: { Accept: 'text/html' } });
    expect(response.status).toBe(404);
    const { page } = await person();
    await page.goto('/nothing/here');
    await page.getByText('There is no page here').waitFor();
  });
});

describe('the doors', () => {
  it('leads to the login and back to where one wanted to go', async () => {
    const { name } = await person();
    const { page } = await opened();
    await page.goto('/settings/keys');
    await page.waitForURL(/\/login/);
    await page.getByLabel(/name/i).first().fill(name);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.waitForURL(/\/settings\/keys/);
  });

  it('keeps no token where a script could read it', async () => {
    const { page } = await person();
    await page.goto('/');
    const kept = await page.evaluate(
      () => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie,
    );
    expect(kept).not.toMatch(/eyJ|antler_session|antler_refresh/);
  });
});

describe('keys', () => {
  it('open the palette, which reaches every page', async () => {
    const { page } = await person();
    await page.goto('/');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('audit');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/settings\/audit/);
  });

  it('are listed by ?', async () => {
    const { page } = await person();
    await page.goto('/');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  });
});
