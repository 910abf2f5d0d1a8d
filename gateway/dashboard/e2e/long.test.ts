/** A list that is higher than browsers can scroll. */
import { describe, expect, it } from 'vitest';
import { useBrowser } from './browser';
import { fed, GRID, readToEnd } from './exploring';
import { fill } from './scene';

const { url, person } = useBrowser();

/** Wrapped and roomy, they are 68 pixels high. */
const ROWS = 130_000;

describe('a list that is higher than browsers can scroll', () => {
  it('is scrolled by pixels, dragged to any row, and gone through by keys to both ends', async () => {
    const { page, token } = await person();
    await fill(url, token);
    await fed(page, ROWS);
    await page.goto('/explore');
    const grid = page.getByRole('grid', GRID);
    const row = (at: number) => grid.getByText(`line ${at} of many`);
    for (const title of ['Wrap lines', 'Roomy rows']) {
      await page.getByRole('button', { name: 'View' }).click();
      await page.getByRole('menuitemcheckbox', { name: title }).click();
    }
    await row(0).waitFor();
    await readToEnd(page, ROWS);
    expect(await grid.evaluate((box) => box.scrollHeight)).toBeLessThan(ROWS * 68);
    const toShare = (share: number) =>
      grid.evaluate((box, share) => box.scrollTo({ top: box.scrollHeight * share }), share);
    await toShare(1);
    await row(ROWS - 1).waitFor();

    await toShare(0.5);
    const middle = grid.locator('[aria-rowindex]:not([aria-rowindex="1"])');
    const indexes = () => middle.evaluateAll((rows) => rows.map((row) => Number(row.ariaRowIndex)));
    await expect.poll(async () => Math.abs(((await indexes())[0] ?? 0) / ROWS - 0.5)).toBeLessThan(0.02);
    const box = await grid.boundingBox();
    await page.mouse.move((box?.x ?? 0) + 300, (box?.y ?? 0) + 300);
    const seen = ((await indexes())[15] ?? 0) - 2;
    await row(seen).waitFor();
    const y = async () => (await row(seen).boundingBox())?.y ?? 0;
    const before = await y();
    for (let time = 1; time <= 3; time += 1) {
      await page.mouse.wheel(0, 100);
      await expect.poll(async () => Math.round(before - (await y()))).toBe(100 * time);
    }

    await grid.focus();
    await page.keyboard.press('Home');
    await row(0).waitFor();
    await page.keyboard.press('End');
    await row(ROWS - 1).waitFor();
    await page.keyboard.press('k');
    await page.locator(`[aria-rowindex="${ROWS}"][data-active]`).waitFor();
    await page.keyboard.press('Home');
    await page.keyboard.press('j');
    await page.locator('[aria-rowindex="3"][data-active]').waitFor();
  }, 240_000);
});
