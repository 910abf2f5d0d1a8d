/** Dead letters as a person deals with many of them. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { posted, useBrowser } from './browser';

const { url, person } = useBrowser();

/** Somebody who has so many letters, and sees them. */
async function having(count: number) {
  const one = await person();
  const lines = [{ message: 'good' }, ...Array.from({ length: count }, (_, at) => `no object ${at}`)];
  await posted(`${url}/api/logs/bulk/`, lines, one.token);
  await one.page.goto('/dead-letters');
  await letters(one.page).nth(count).waitFor();
  return one;
}

const letters = (page: Page) => page.getByRole('table').getByRole('row');

describe('dead letters', () => {
  it('that are chosen are sent again, and those that are refused again are told with the reason', async () => {
    const { page } = await having(8);
    const refused = (await letters(page).nth(2).getByRole('link').textContent()) ?? '';
    await page.route(`**/dead-letters/${refused}/replay/**`, (route) =>
      route.fulfill({ status: 400, json: { error: { code: 'invalid_line', message: 'nested too deep' } } }),
    );
    for (const at of [1, 2, 3]) await letters(page).nth(at).getByRole('checkbox').check();
    await page.getByText('3 of 8 letters chosen').waitFor();
    await page.getByRole('button', { name: 'Send 3 letters again' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Send 3 letters' }).click();
    await dialog.getByText('2 sent again, 1 was refused: nested too deep').waitFor();
    await dialog.getByText(refused).waitFor();
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    await expect.poll(() => letters(page).count()).toBe(7);
    await page.getByRole('link', { name: refused, exact: true }).waitFor();
  });

  it('are dropped after a question that names their number', async () => {
    const { page } = await having(4);
    await page.getByLabel('Choose all').check();
    await letters(page).nth(1).getByRole('checkbox').uncheck();
    await page.getByRole('button', { name: 'Drop 3 letters' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/Drop these 3 letters.*cannot be undone/).waitFor();
    await dialog.getByRole('button', { name: 'Drop 3 letters' }).click();
    await page.getByText('3 letters dropped').waitFor();
    await expect.poll(() => letters(page).count()).toBe(2);
  });

  it('are stopped in the middle, and told how many were not tried', async () => {
    const { page } = await having(30);
    const held: (() => void)[] = [];
    await page.route('**/dead-letters/*/replay/**', async (route) => {
      await new Promise<void>((go) => held.push(go));
      await route.continue();
    });
    await page.getByRole('button', { name: 'Send 30 letters again' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Send 30 letters' }).click();
    await expect.poll(() => held.length).toBeGreaterThan(0);
    await dialog.getByRole('button', { name: 'Stop' }).click();
    await expect.poll(() => held.length).toBe(4);
    for (const go of held) go();
    await dialog.getByText('4 sent again. 26 were not tried.').waitFor();
  });

  it('are found by when they were set aside, and by their reason', async () => {
    const { page } = await having(3);
    await page.getByLabel('Set aside').selectOption('In the last hour');
    await page.waitForURL(/since=1h/);
    await expect.poll(() => letters(page).count()).toBe(4);
    await page.clock.install({ time: Date.now() + 2 * 3_600_000 });
    await page.reload();
    await page.getByText('No letter fits the filter').waitFor();
    await page.getByRole('link', { name: 'Show all 3 letters' }).click();
    await expect.poll(() => letters(page).count()).toBe(4);
  });

  it('say how long ago they were set aside, which grows while one looks', async () => {
    const { page } = await having(2);
    await page.clock.install();
    await page.reload();
    const ago = letters(page).nth(1).locator('time');
    await ago.waitFor();
    await page.clock.fastForward('03:00');
    await ago.getByText('3 min ago').waitFor();
    await page.clock.fastForward('02:00');
    await ago.getByText('5 min ago').waitFor();
  });
});
