/** Fields whose names and values are odd, or many, wherever explore shows them. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { sendLines, useBrowser } from './browser';
import { rows } from './exploring';

const { url, person } = useBrowser();

const NAMES = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  'with space',
  'emoji😀',
  '\u202eevil',
];
const LONG = 'long'.repeat(60);

/** Somebody with a line that has all of them; its text is written by hand, as `__proto__` would be lost otherwise. */
async function having(path: string) {
  const one = await person();
  const fields = [...NAMES, LONG, 'bell\u0007'].map((name) => `${JSON.stringify(name)}:"of ${name.length}"`);
  const line = `{"level":"info","service":"عربي","host":"${'w'.repeat(600)}","message":"odd",${fields.join()}}`;
  const response = await fetch(`${url}/api/logs/bulk/`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${one.token}` },
    body: `[${line}]`,
  });
  expect(response.status).toBe(200);
  await one.page.goto(path);
  return one;
}

const fields = (page: Page) => page.getByRole('complementary', { name: 'Fields' });

describe('fields with odd names', () => {
  it('are listed, opened and asked for, and hide nothing of their names', async () => {
    const { page } = await having('/explore');
    await rows(page).nth(1).waitFor();
    for (const name of [...NAMES.slice(0, 6), '\\u202eevil', 'bell\\x07', LONG]) {
      await page.getByLabel('Find a field').fill(name.startsWith('\\') ? 'evil' : name.replace('\\x07', ''));
      await fields(page).getByRole('button', { name, exact: true }).click();
      await fields(page)
        .getByRole('button', { name: `Only ${name} of` })
        .waitFor();
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(1440);
    await page.getByLabel('Find a field').fill('__proto__');
    await fields(page).getByRole('button', { name: 'Only __proto__ of' }).click();
    await page.waitForURL(/q=__proto__/);
    await rows(page).getByText('odd').waitFor();
  });

  it('are columns, and stand in the line', async () => {
    const cols = ['timestamp', ...NAMES.slice(0, 4), '\u202eevil', 'message'].join();
    const { page } = await having(`/explore?cols=${encodeURIComponent(cols)}`);
    for (const name of [...NAMES.slice(0, 4), '\\u202eevil'])
      await page.getByRole('columnheader', { name, exact: false }).first().waitFor();
    await expect
      .poll(() => rows(page).nth(1).locator('[data-column="__proto__"]').textContent())
      .toBe('of 9');
    await rows(page).nth(1).click();
    const line = page.getByRole('complementary', { name: 'The line' });
    for (const name of [...NAMES.slice(0, 6), '\\u202eevil', LONG])
      await line.getByText(name, { exact: true }).first().waitFor();
  });

  it('that hold a comma are columns of their own, also when the page is loaded again', async () => {
    const { page, token } = await person();
    await sendLines(url, token, [{ message: 'odd', 'a,b': 'both', 'c\\': 'slash' }]);
    await page.goto('/explore');
    await rows(page).nth(1).waitFor();
    for (const name of ['a,b', 'c\\']) {
      await page.getByLabel('Find a field').fill(name);
      await fields(page)
        .getByRole('button', { name: `Column ${name}`, exact: true })
        .click();
    }
    await page.reload();
    const cells = rows(page).nth(1).getByRole('gridcell');
    await expect.poll(async () => (await cells.allInnerTexts()).slice(3)).toEqual(['both', 'slash', 'odd']);
  });

  it('make tables', async () => {
    const { page } = await having('/explore');
    for (const name of NAMES.slice(0, 6)) {
      const q = `* | stats count() by ${JSON.stringify(name)}`;
      await page.goto(`/explore?q=${encodeURIComponent(q)}`);
      await page.getByRole('columnheader', { name }).waitFor();
      await page.getByRole('button', { name: `Search for ${name} of ${name.length}` }).waitFor();
    }
  });
});

describe('five hundred fields, and five hundred values of one', () => {
  it('are shown in parts, and found by what is typed', async () => {
    const { page, token } = await person();
    const lines = Array.from({ length: 500 }, (_, at) => ({ service: `shop-${at}`, [`field_${at}`]: at }));
    await sendLines(url, token, lines);
    await page.goto('/explore');
    await fields(page).getByRole('button', { name: 'field_0', exact: true }).waitFor();
    expect(await fields(page).getByRole('listitem').count()).toBeLessThan(300);
    await fields(page)
      .getByRole('button', { name: /^Show \d+ more$/ })
      .click();
    await fields(page).getByRole('button', { name: 'field_499', exact: true }).waitFor();
    await fields(page)
      .getByRole('button', { name: /lines have others/ })
      .click();
    await page.getByLabel('Find a value of service').fill('shop-444');
    await fields(page).getByRole('button', { name: 'Only service shop-444' }).click();
    await expect.poll(() => rows(page).count()).toBe(2);
  });
});

it('an address that names no line opens none', async () => {
  const { page } = await having('/explore?line=');
  await rows(page).nth(1).waitFor();
  expect(await page.getByRole('complementary', { name: 'The line' }).count()).toBe(0);
});
