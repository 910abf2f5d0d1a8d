/** All of it by keys alone. */
import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { PASSWORD, useBrowser } from './browser';
import { rows } from './exploring';
import { fill } from './scene';

const { url, opened } = useBrowser();

const TABS_MAX = 80;

/** Where the keys go, and whether one sees it: by an outline, as what is chosen in a menu, or as the page as a whole. */
async function seen(page: Page): Promise<void> {
  const look = () =>
    page.evaluate(() => {
      const focused = document.activeElement;
      if (!focused || focused === document.body) return 'the focus is lost';
      if (focused.matches('main, [data-highlighted]')) return 'seen';
      for (let at: Element | null = focused; at; at = at.parentElement) {
        const { outlineStyle, outlineWidth } = getComputedStyle(at);
        if (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0) return 'seen';
      }
      return `the focus is not seen: ${focused.outerHTML.slice(0, 200)}`;
    });
  await expect.poll(look).toBe('seen');
}

function inHand(page: Page) {
  const press = async (...keys: string[]) => {
    for (const key of keys) {
      await page.keyboard.press(key);
      await seen(page);
    }
  };
  const type = async (text: string) => {
    await page.keyboard.type(text);
    await seen(page);
  };
  /** Tab by Tab, without going around. */
  const tabTo = async (wanted: Locator) => {
    await wanted.waitFor();
    for (let at = 0; at < TABS_MAX; at += 1) {
      if (await wanted.evaluate((one) => one === document.activeElement)) return;
      await press('Tab');
    }
    throw new Error(`${wanted} is not come to`);
  };
  return { press, type, tabTo };
}

describe('by keys alone', () => {
  it('one registers, makes a key, searches, opens a line, pins a column, pauses and logs out', async () => {
    const { page } = await opened();
    const { press, type, tabTo } = inHand(page);
    await page.goto('/register');
    const name = `keys-${process.pid}`;
    for (const [label, text] of [
      ['Username', name],
      ['E-mail', `${name}@example.org`],
      ['Password', PASSWORD],
      ['Password once more', PASSWORD],
    ] as const) {
      await tabTo(page.getByLabel(label, { exact: true }));
      await type(text);
    }
    await press('Enter');
    await page.waitForURL(/\/start/);
    await seen(page);

    await tabTo(page.getByRole('button', { name: 'Make a key' }));
    await press('Enter');
    const key = (await page.getByText(/^antler_/).textContent()) ?? '';
    await seen(page);
    await fill(url, key);

    await press('g', 'e');
    await page.waitForURL(/\/explore/);
    await rows(page).nth(3).waitFor();
    await press('/');
    await type('level:error');
    await press('Enter');
    await page.waitForURL(/q=level%3Aerror/);
    // The lines of the search before stay until this one is answered, and there are errors among them.
    const levels = rows(page).locator('[data-column="level"]').getByRole('img');
    await expect
      .poll(async () => new Set(await levels.evaluateAll((marks) => marks.map((mark) => mark.ariaLabel))))
      .toEqual(new Set(['error']));
    await press('Escape', 'j', 'j', 'Enter');
    const line = page.getByRole('complementary', { name: 'The line' });
    await line.getByText('trace_id').first().waitFor();
    await press('Escape');
    await line.waitFor({ state: 'detached' });
    await seen(page);
    await press('Enter');
    await tabTo(line.getByRole('button', { name: 'Close the line' }));
    await press('Enter');
    await line.waitFor({ state: 'detached' });
    await seen(page);

    await tabTo(page.getByRole('columnheader', { name: 'Service' }).getByRole('button'));
    await press('p');
    await page.waitForURL(/cols=service.*pin=1/);
    await tabTo(page.getByRole('columnheader', { name: 'Level' }).getByRole('button'));
    await press('Delete');
    await page.waitForURL(/cols=service%2Ctimestamp%2Cmessage/);
    await seen(page);

    await press('/', 'Escape', 'l');
    await page.getByText('● live').waitFor();
    await press('Space');
    await page.getByText('‖ paused').waitFor();
    await press('Control+k');
    await type('log out');
    await press('Enter');
    await page.waitForURL(/\/login/);
    await expect
      .poll(() => page.getByLabel('Username or e-mail').evaluate((one) => one === document.activeElement))
      .toBe(true);
  });
});
