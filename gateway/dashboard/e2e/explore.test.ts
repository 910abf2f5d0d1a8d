/** Explore as a person uses it: ask, narrow, read, watch. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { sendLines, useBrowser } from './browser';
import { fill } from './scene';

const { url, person } = useBrowser();

function rows(page: Page) {
  return page.getByRole('grid', { name: 'Lines' }).getByRole('row');
}

async function filled(path = '/explore', count = 600) {
  const one = await person();
  await fill(url, one.token, count);
  await one.page.goto(path);
  await rows(one.page).nth(3).waitFor();
  return one;
}

async function ask(page: Page, query: string) {
  await page.getByLabel('Query', { exact: true }).fill(query);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
}

describe('a question', () => {
  it('is answered with its lines, their number and their place in time, and stands in the address', async () => {
    const { page } = await filled();
    await ask(page, 'level:error and service:checkout');
    await page.waitForURL(/q=level%3Aerror/);
    await page.getByText('payment').first().waitFor();
    const levels = await rows(page).locator('[data-column="level"]').allInnerTexts();
    expect(new Set(levels.map((text) => text.trim().split('\n').at(-1)))).toEqual(new Set(['error']));
    await expect
      .poll(() => page.getByRole('region', { name: 'Lines over time' }).textContent())
      .toMatch(/lines/);
  });

  it('that is wrong says where, and what is typed stays', async () => {
    const { page } = await filled();
    await ask(page, 'level:(error');
    await page
      .getByText(/bracket|parenthes|\)/i)
      .first()
      .waitFor();
    expect(await page.getByLabel('Query', { exact: true }).inputValue()).toBe('level:(error');
  });

  it('that finds nothing says why, and offers the nearest lines', async () => {
    const { page } = await filled();
    await ask(page, 'nowheretobefound');
    await page.getByText('Nothing fits this query in this time').waitFor();
    await page.getByRole('button', { name: 'Take the query away' }).click();
    await rows(page).nth(3).waitFor();
  });

  it('is completed with values of the fields', async () => {
    const { page } = await filled();
    await page.keyboard.press('/');
    await page.keyboard.type('service:che');
    await page
      .getByRole('option', { name: /checkout/ })
      .first()
      .waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await page.getByLabel('Query', { exact: true }).inputValue()).toContain('checkout');
  });

  it('with pipes is answered by a table', async () => {
    const { page } = await filled();
    await ask(page, '* | stats count() by service');
    await page
      .getByRole('columnheader', { name: /service/ })
      .first()
      .waitFor();
    await page.getByText('catalogue').first().waitFor();
  });
});

describe('fields', () => {
  it('narrow the question by a click, and widen it by the other one', async () => {
    const { page } = await filled();
    const fields = page.getByRole('complementary', { name: 'Fields' });
    await fields.getByText('checkout', { exact: true }).first().click();
    await page.waitForURL(/service/);
    await expect
      .poll(() => page.getByLabel('Query', { exact: true }).inputValue())
      .toMatch(/service:\s*"?checkout/);
    await page.goBack();
    await expect.poll(() => page.getByLabel('Query', { exact: true }).inputValue()).toBe('');
  });
});

describe('a line', () => {
  it('opens with all its fields, has a link of its own, and closes by Escape', async () => {
    const { page } = await filled();
    await rows(page).nth(2).click();
    const line = page.getByRole('complementary', { name: 'The line' });
    await line.getByText('trace_id').first().waitFor();
    await page.waitForURL(/line=/);
    const link = page.url();
    await page.keyboard.press('Escape');
    await expect.poll(() => line.count()).toBe(0);
    await page.goto(link);
    await line.getByText('trace_id').first().waitFor();
  });

  it('stands among its neighbours', async () => {
    const { page } = await filled();
    await rows(page).nth(9).click();
    const line = page.getByRole('complementary', { name: 'The line' });
    await line.getByRole('tab', { name: 'Context' }).click();
    await expect.poll(() => line.getByRole('listitem').count()).toBeGreaterThan(5);
  });

  it('is gone to by j and k, and opened by Enter', async () => {
    const { page } = await filled();
    for (const key of ['j', 'j', 'k', 'Enter']) await page.keyboard.press(key);
    await page.getByRole('complementary', { name: 'The line' }).waitFor();
    expect(await page.locator('[aria-rowindex="2"][aria-selected="true"]').count()).toBe(1);
  });

  it('of a megabyte does not hang the page', async () => {
    const { page, token } = await filled();
    await sendLines(url, token, [{ level: 'info', message: `long ${'x'.repeat(1_000_000)}` }]);
    await ask(page, 'long');
    await rows(page).nth(1).click();
    await page
      .getByRole('complementary', { name: 'The line' })
      .getByText(/long x/)
      .first()
      .waitFor();
    const took = await page.evaluate(async () => {
      const began = performance.now();
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      return performance.now() - began;
    });
    expect(took).toBeLessThan(2000);
  });
});

describe('a long answer', () => {
  it('is read to its end, with few rows drawn', async () => {
    const { page } = await filled('/explore?from=now-1d', 3000);
    const grid = page.getByRole('grid', { name: 'Lines' });
    for (let at = 0; at < 40; at += 1) {
      await grid.evaluate((box) => box.scrollTo({ top: box.scrollHeight }));
      const known = Number(await grid.getAttribute('aria-rowcount'));
      if (known === 3001) break;
      await page.waitForTimeout(100);
    }
    expect(await grid.getAttribute('aria-rowcount')).toBe('3001');
    await grid.evaluate((box) => box.scrollTo({ top: box.scrollHeight }));
    await page.locator('[aria-rowindex="3001"]').waitFor();
    expect(await rows(page).count()).toBeLessThan(120);
  });
});

describe('live', () => {
  it('shows what comes, waits while one reads, and loses nothing', async () => {
    const { page, token } = await filled();
    await page.getByRole('button', { name: 'Live', exact: true }).click();
    await page.getByText('● live').waitFor();
    await sendLines(url, token, [{ level: 'info', message: 'a first one' }]);
    await rows(page).getByText('a first one').waitFor();
    await page.keyboard.press('Space');
    await page.getByText('‖ paused').waitFor();
    await sendLines(
      url,
      token,
      [1, 2, 3].map((at) => ({ level: 'info', message: `while paused ${at}` })),
    );
    const fresh = page.getByRole('button', { name: /3 new/ });
    await fresh.waitFor();
    expect(await rows(page).getByText('while paused').count()).toBe(0);
    await page.keyboard.press('Space');
    await expect.poll(() => rows(page).getByText('while paused').count()).toBe(3);
  });

  it('pauses when one scrolls away from the newest', async () => {
    const { page, token } = await filled('/explore?live=1');
    await page.getByText('● live').waitFor();
    await page.getByRole('grid', { name: 'Lines' }).evaluate((box) => box.scrollTo({ top: 2000 }));
    await page.getByText('‖ paused').waitFor();
    await sendLines(url, token, [{ message: 'came later' }]);
    await page.getByRole('button', { name: /1 new/ }).click();
    await rows(page).getByText('came later').waitFor();
  });

  it('goes on without a hole after the connection broke', async () => {
    const { context, page, token } = await filled('/explore?live=1');
    await page.getByText('● live').waitFor();
    await sendLines(url, token, [{ message: 'before the break' }]);
    await rows(page).getByText('before the break').waitFor();
    await context.setOffline(true);
    await page.evaluate(() => dispatchEvent(new Event('offline')));
    await sendLines(url, token, [{ message: 'during the break' }]);
    await context.setOffline(false);
    await sendLines(url, token, [{ message: 'after the break' }]);
    for (const text of ['during the break', 'after the break']) {
      await expect.poll(() => rows(page).getByText(text).count(), { timeout: 30_000 }).toBe(1);
    }
  });
});

describe('columns', () => {
  it('are taken in from the fields, and stand in the address', async () => {
    const { page } = await filled('/explore?cols=timestamp,level,host,message');
    await page.getByRole('columnheader', { name: /Host/ }).waitFor();
    await rows(page).getByText('web-1').first().waitFor();
  });
});

describe('keys', () => {
  it('run, step in time and hide the fields', async () => {
    const { page } = await filled();
    await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
    await page.keyboard.press('f');
    await expect.poll(() => page.getByRole('complementary', { name: 'Fields' }).count()).toBe(0);
    await page.keyboard.press('[');
    await page.waitForURL(/from=20/);
  });
});
