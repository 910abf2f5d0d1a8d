/** Files as a person sends them: looked into, refused with the reason, read, found again. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { useBrowser } from './browser';
import { rows } from './exploring';

const { person } = useBrowser();

const CSV = `time,level,message
2026-03-01T08:00:00Z,error,disk full
2026-03-01T08:00:01Z,info,disk empty
`;

async function choose(page: Page, name: string, text: string): Promise<void> {
  const file = { name, mimeType: 'text/plain', buffer: Buffer.from(text) };
  await page.locator('input[type="file"]').first().setInputFiles([file]);
}

describe('files', () => {
  it('are looked into before they are sent, read, and found again', async () => {
    const { page } = await person();
    await page.goto('/uploads');
    await choose(page, 'disks.csv', CSV);
    await page.getByText('disk full').first().waitFor();
    await page.getByRole('button', { name: /^Send/ }).click();
    await page.getByRole('link', { name: 'disks.csv' }).first().click();
    await page.waitForURL(/file=/);
    await page.getByText('disk empty').first().waitFor();
  });

  it('that were read to their end say so, and lead to their lines in explore', async () => {
    const { page } = await person();
    await page.goto('/uploads');
    await choose(page, 'disks.csv', CSV);
    await page.getByText('disk full').first().waitFor();
    await page.getByRole('button', { name: 'Send the file' }).click();
    const sent = page.getByRole('region', { name: 'Files sent from this page' });
    await sent.getByRole('cell', { name: /^.?\s*read\s+2 lines$/ }).waitFor();
    await sent.getByRole('link', { name: 'disks.csv' }).click();
    await page.getByRole('link', { name: 'Explore its lines' }).click();
    await page.waitForURL(/\/explore\?q=upload_id/);
    await expect.poll(() => rows(page).count()).toBe(3);
    for (const text of ['disk full', 'disk empty']) await rows(page).getByText(text).waitFor();
  });

  it('that cannot be sent say why beside the button', async () => {
    const { page } = await person();
    await page.goto('/uploads');
    await choose(page, 'empty.log', '');
    const button = page.getByRole('button', { name: 'Send the file' });
    const told = page.getByText('This file cannot be sent: the list says why.');
    await told.waitFor();
    expect(await button.getAttribute('aria-describedby')).toBe(await told.getAttribute('id'));
    await button.click({ force: true });
    expect(await page.getByText('Sent from this page').count()).toBe(0);
    await choose(page, 'disks.csv', CSV);
    await page.getByText('disk full').first().waitFor();
    expect(await told.count()).toBe(0);
    await button.click();
    await page.getByText('Sent from this page').waitFor();
  });

  it('of the wrong kind are refused with the reason', async () => {
    const { page } = await person();
    await page.goto('/uploads');
    await choose(page, 'empty.log', '');
    await page.getByText(/empty/i).nth(1).waitFor();
  });
});
