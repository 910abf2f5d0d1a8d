/** The page Send logs as a person who has a shipper uses it. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { useBrowser } from './browser';

const { url, person } = useBrowser();

/** The server as one that has these listeners, whatever the one of the tests has. */
async function listening(page: Page, syslog: string | null): Promise<void> {
  await page.route('**/health', async (route) => {
    const response = await route.fetch();
    const { dependencies, ...rest } = await response.json();
    delete dependencies.syslog;
    const listener = syslog && { status: 'ok', latency_ms: 0, detail: `listens on ${syslog}` };
    const json = { ...rest, dependencies: { ...dependencies, ...(listener && { syslog: listener }) } };
    await route.fulfill({ response, json });
  });
}

async function picked(page: Page, way: string): Promise<string | null> {
  await page.getByRole('navigation', { name: 'Ways to send' }).getByRole('link', { name: way }).click();
  return page.getByRole('region', { name: `For ${way}`, exact: true }).textContent();
}

describe('a shipper', () => {
  it('is told the address of this server and a key that was made here', async () => {
    const { page } = await person();
    await listening(page, '127.0.0.1:5514');
    await page.goto('/start');
    await page.getByRole('button', { name: 'Make a key' }).click();
    const key = await page.getByText(/^antler_/).textContent();
    expect(await picked(page, 'Filebeat')).toContain(`hosts: ["${url}"]\n  api_key: "antler:${key}"`);
    expect(await picked(page, 'rsyslog')).toContain('target="127.0.0.1" port="5514"');
    expect(await picked(page, 'rsyslog')).toContain(`[antler token=\\"${key}\\"]`);
    await page.getByText('Port 5514 is open on the server’s own machine only').waitFor();
    const variables = await picked(page, 'OpenTelemetry');
    expect(variables).toContain(`ENDPOINT=${url}/v1/logs\n`);
    expect(variables).toContain(`Authorization=Bearer%20${key}\n`);
    await page.getByText('otlphttp').waitFor();
  });

  it('of syslog is not offered where the server has no listener for it', async () => {
    const { page } = await person();
    await listening(page, null);
    await page.goto('/start');
    const ways = page.getByRole('navigation', { name: 'Ways to send' });
    await ways.getByRole('link', { name: 'A growing file' }).waitFor();
    expect((await ways.getByRole('link').allInnerTexts()).slice(0, 5)).toEqual([
      'curl',
      'A file',
      'Filebeat',
      'OpenTelemetry',
      'A growing file',
    ]);
  });
});
