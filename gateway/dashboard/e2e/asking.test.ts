/** What a person does with a question beside asking it: narrow it in time, keep it, take its answer along, wait for it. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Page, Route } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { sendLines, useBrowser } from './browser';
import { ask, looking, rows } from './exploring';

const { url, person } = useBrowser();
const filled = async (path?: string, count?: number) => looking(url, await person(), path, count);

/** Draws in the histogram from one share of its width to others, one after the other. */
async function drag(page: Page, from: number, ...to: number[]) {
  const box = await page.getByRole('slider', { name: 'Bars of lines over time' }).boundingBox();
  if (!box) throw new Error('there is no histogram');
  const y = box.y + box.height / 3;
  await page.mouse.move(box.x + box.width * from, y);
  await page.mouse.down();
  for (const share of to) await page.mouse.move(box.x + box.width * share, y, { steps: 5 });
}

function spanOf(page: Page): number {
  const { searchParams } = new URL(page.url());
  return Date.parse(searchParams.get('to') ?? '') - Date.parse(searchParams.get('from') ?? '');
}

describe('the histogram', () => {
  it('shows a span alone that is drawn up in it', async () => {
    const { page } = await filled();
    await drag(page, 0.4, 0.6);
    await page
      .getByText(/Enter zooms in/)
      .first()
      .waitFor();
    await page.mouse.up();
    await page.waitForURL(/from=20.*to=20/);
    // A fifth of a quarter of an hour, but for the widths of two bars.
    expect(spanOf(page)).toBeGreaterThan(140_000);
    expect(spanOf(page)).toBeLessThan(220_000);
    await page.goBack();
    await expect.poll(() => new URL(page.url()).search).toBe('');
  });

  it('changes nothing by a drag that comes back to where it began, or is let go by Escape', async () => {
    const { page } = await filled();
    await drag(page, 0.4, 0.6, 0.4);
    await page.mouse.up();
    await drag(page, 0.4, 0.6);
    await page.keyboard.press('Escape');
    await page.mouse.up();
    expect(new URL(page.url()).search).toBe('');
  });
});

describe('a search that takes long', () => {
  const SEARCH = '**/api/logs/search/?*';
  const isOfRows = (route: Route) => new URL(route.request().url()).searchParams.get('size') === '200';

  it('says how long it has taken, can be cancelled, and asked again', async () => {
    const { page } = await filled();
    let isHeld = true;
    await page.route(SEARCH, async (route) => {
      if (!isHeld || !isOfRows(route)) await route.continue();
    });
    await page.goto('/explore?q=level%3Aerror');
    await page.getByText(/Searching … [1-9]\d* s/).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).first().click();
    await page.getByText('The search was stopped').waitFor();
    isHeld = false;
    await page.getByRole('button', { name: 'Search again' }).click();
    await rows(page)
      .getByText(/refused/)
      .first()
      .waitFor();
  });

  it('shows the lines of the search before until it is answered, and says that it does', async () => {
    const { page } = await filled();
    let isHeld = true;
    await page.route(SEARCH, async (route) => {
      if (!isHeld || !isOfRows(route)) await route.continue();
    });
    await ask(page, 'level:error');
    const told = page.getByRole('status').filter({ hasText: /Searching … [1-9]/ });
    await told.waitFor();
    expect(await rows(page).count()).toBeGreaterThan(10);
    await told.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('these lines are of the one before').waitFor();
    isHeld = false;
    await page.getByRole('button', { name: 'Search again' }).click();
    const levels = rows(page).locator('[data-level="info"]');
    await expect.poll(() => levels.count()).toBe(0);
  });

  it('says where more lines did not come, and asks for them again', async () => {
    const { page } = await filled();
    let isAway = true;
    await page.route(SEARCH, async (route) => {
      if (isAway && new URL(route.request().url()).searchParams.has('cursor')) await route.abort();
      else await route.continue();
    });
    await page.goto('/explore?q=order');
    await page.getByText(/More lines could not be read: The server does not answer/).waitFor();
    isAway = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    const grid = page.getByRole('grid', { name: 'Lines', exact: true });
    await expect.poll(() => grid.getAttribute('aria-rowcount')).toBe('402');
  });

  it('says it of an answer that has a part of the lines only', async () => {
    const { page } = await filled();
    const warning = 'A part of the store could not be read: 2 segments are missing.';
    await page.route(SEARCH, async (route) => {
      const response = await route.fetch();
      const json = { ...(await response.json()), partial: true, warnings: isOfRows(route) ? [warning] : [] };
      await route.fulfill({ response, json });
    });
    await ask(page, 'level:error');
    await page.getByText(warning).waitFor();
    await rows(page)
      .getByText(/refused/)
      .first()
      .waitFor();
  });
});

describe('a question that is kept', () => {
  async function save(page: Page, name: string) {
    await page.getByRole('button', { name: /^Searches/ }).click();
    await page.getByRole('button', { name: 'Save this search' }).click();
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByRole('button', { name: 'Save search' }).click();
    await page.getByText(`Saved “${name}”.`).waitFor();
  }

  it('is opened again by its name', async () => {
    const { page } = await filled();
    await ask(page, 'level:error and service:checkout');
    await page.waitForURL(/q=level/);
    await save(page, 'Refused payments');
    await page.goto('/explore');
    await page.getByRole('button', { name: /^Searches/ }).click();
    await page
      .getByRole('region', { name: 'Saved' })
      .getByRole('button', { name: /^Refused payments/ })
      .click();
    await page.waitForURL(/q=level%3Aerror\+and\+service%3Acheckout/);
    await rows(page)
      .getByText(/refused/)
      .first()
      .waitFor();
  });

  it('asks for the values of its places, where it is a template', async () => {
    const { page } = await filled();
    await ask(page, 'level:error and service:$' + '{service}');
    await page.waitForURL(/q=level/);
    await save(page, 'Errors of a service');
    await page
      .getByRole('region', { name: 'Templates' })
      .getByRole('button', { name: /^Errors of a service/ })
      .click();
    await page.getByLabel('service', { exact: true }).fill('search');
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await expect
      .poll(() => page.getByLabel('Query', { exact: true }).inputValue())
      .toMatch(/service:"?search/);
    const services = rows(page).locator('[data-column="service"]');
    await expect.poll(async () => [...new Set(await services.allInnerTexts())]).toEqual(['search']);
  });

  it('is in the history, and asked again from there', async () => {
    const { page } = await filled();
    for (const query of ['service:catalogue', 'level:warning']) {
      await ask(page, query);
      await rows(page).nth(3).waitFor();
      await page.waitForLoadState('networkidle');
    }
    await page.getByRole('button', { name: /^Searches/ }).click();
    const history = page.getByRole('region', { name: 'History' });
    await history.getByRole('button', { name: /^service:catalogue/ }).click();
    await page.waitForURL(/q=service%3Acatalogue/);
    expect(await page.getByLabel('Query', { exact: true }).inputValue()).toBe('service:catalogue');
  });
});

describe('an answer that is taken along', () => {
  it('is a table of the lines found, in which no cell is a formula', async () => {
    const { page, token } = await filled();
    await sendLines(url, token, [{ level: 'error', service: 'checkout', message: '=1+1' }]);
    await ask(page, 'level:error');
    await page.waitForURL(/q=level/);
    await page.getByRole('button', { name: /^Export/ }).click();
    const coming = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: 'Download CSV, columns shown' }).click();
    const [head, ...lines] = (await readFile(await (await coming).path(), 'utf8')).trim().split(/\r?\n/);
    expect(head).toBe('timestamp,level,service,message');
    expect(lines.length).toBe(76);
    expect(lines.every((line) => line.includes(',error,'))).toBe(true);
    expect(lines.filter((line) => line.endsWith("'=1+1")).length).toBe(1);
  });

  it('comes by a command that can be pasted', async () => {
    const { context, page, token } = await filled();
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await ask(page, 'service:"checkout" and level:error');
    await page.waitForURL(/q=service/);
    await page.getByRole('button', { name: /^Export/ }).click();
    await page.getByRole('menuitem', { name: 'Copy as curl' }).click();
    await page.getByText('The command is in the clipboard.').waitFor();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    expect(command).not.toContain(token);
    const { stdout } = await promisify(execFile)('sh', ['-c', command], {
      env: { ...process.env, ANTLER_TOKEN: token },
    });
    const found = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { service: string });
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found.map(({ service }) => service))).toEqual(new Set(['checkout']));
  });
});

describe('a field', () => {
  it('that is a number tells its least, most and usual values', async () => {
    const { page } = await filled();
    const fields = page.getByRole('complementary', { name: 'Fields' });
    await fields.getByLabel('Find a field').fill('duration');
    await fields.getByRole('button', { name: 'http.duration_ms', exact: true }).click();
    const told = fields.locator('dl');
    await told.waitFor();
    const values = Array.from({ length: 600 }, (_, at) => (at * 37) % 900);
    const measures = (await told.locator('div').allTextContents()).join(' ');
    expect(measures).toContain(`min${Math.min(...values)} `);
    expect(measures).toContain(`max${Math.max(...values)} `);
    expect(measures).toMatch(/median\d+/);
  });
});
