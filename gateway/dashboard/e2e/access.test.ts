/** Every page, in both themes, held against the rules for access. */
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { useBrowser } from './browser';
import { DOORS, fill, PLACES } from './scene';

const { url, opened, person } = useBrowser();

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { violations } = await (window as never as { axe: typeof axe }).axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
    });
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`,
    );
  });
  return found;
}

async function settled(page: Page, path: string) {
  await page.goto(path);
  await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' });
  await page.waitForLoadState('networkidle');
}

describe.each(['light', 'dark'] as const)('rules for access, %s', (colorScheme) => {
  it('hold on every page', async () => {
    const { page, token } = await person({ colorScheme });
    await fill(url, token);
    const broken: Record<string, string[]> = {};
    for (const [name, path] of PLACES) {
      await settled(page, path);
      const found = await violations(page);
      if (found.length > 0) broken[name] = found;
    }
    const { page: outside } = await opened({ colorScheme });
    for (const [name, path] of DOORS) {
      await settled(outside, path);
      const found = await violations(outside);
      if (found.length > 0) broken[name] = found;
    }
    expect(broken).toEqual({});
  }, 240_000);

  it('hold where something is opened', async () => {
    const { page, token } = await person({ colorScheme });
    await fill(url, token);
    await settled(page, '/explore?cols=timestamp%2Clevel%2Cservice%2Cmessage&pin=2');
    const open = ['Notices', 'Searches ▾', 'View ▾', 'Export ▾', 'Service'];
    const broken: Record<string, string[]> = {};
    for (const name of open) {
      await page.getByRole('button', { name, exact: true }).click();
      await page.locator('[data-radix-popper-content-wrapper]').waitFor();
      const found = await violations(page);
      if (found.length > 0) broken[name] = found;
      await page.keyboard.press('Escape');
      await page.locator('[data-radix-popper-content-wrapper]').waitFor({ state: 'detached' });
    }
    expect(broken).toEqual({});
  });
});

describe('a phone', () => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true };

  it('shows times whole, where nothing can be pointed at', async () => {
    const { page } = await person(phone);
    await page.goto('/settings/security');
    const cell = page
      .getByRole('cell')
      .filter({ has: page.locator('time') })
      .first();
    await cell.waitFor();
    expect((await cell.locator('time').allInnerTexts()).join()).toMatch(/(now|ago)\s+\d\d:\d\d:\d\d$/);
  });

  it('has pinned columns and the others beside each other, none over another', async () => {
    const { page, token } = await person(phone);
    await fill(url, token);
    await page.goto('/explore?cols=host,service,timestamp,trace_id,message&pin=3');
    const row = page.getByRole('grid', { name: 'Lines' }).getByRole('row').nth(2);
    await row.waitFor();
    const grid = page.getByRole('grid', { name: 'Lines' });
    for (const left of [0, 60, 10_000]) {
      await grid.evaluate((box, left) => box.scrollTo({ left }), left);
      const cells = await row
        .getByRole('gridcell')
        .evaluateAll((cells) =>
          cells.map((cell) => cell.getBoundingClientRect()).map(({ left, right }) => [left, right]),
        );
      const ends = cells.slice(0, -1).map(([, right = 0]) => Math.round(right));
      expect(cells.slice(1).map(([left = 0]) => Math.round(left))).toEqual(ends);
    }
  });

  it('has where and who one is in one line', async () => {
    const { page, name } = await person(phone);
    await page.goto('/');
    const tops = [
      page.getByRole('link', { name: 'Antler' }),
      page.getByRole('button', { name: `${name} ▾` }),
    ];
    const boxes = await Promise.all(tops.map((box) => box.boundingBox()));
    const [one = Number.NaN, other = Number.NaN] = boxes
      .map((box) => box && box.y + box.height / 2)
      .map(Number);
    expect(Math.abs(one - other)).toBeLessThan(5);
  });

  it('shows every page without scrolling sideways', async () => {
    const { page, token } = await person(phone);
    await fill(url, token);
    const wide: string[] = [];
    for (const [name, path] of PLACES) {
      await settled(page, path);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) wide.push(`${name} by ${over} px`);
    }
    expect(wide).toEqual([]);
  }, 120_000);
});
