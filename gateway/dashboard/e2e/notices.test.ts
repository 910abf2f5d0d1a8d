/** Notices: what a person is told, where, and how loudly. */
import type { Page, WebSocketRoute } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { type Person, useBrowser } from './browser';

const { url, person } = useBrowser();

async function upload({ token }: Person, name: string, text: string) {
  const body = new FormData();
  body.set('file', new Blob([text], { type: 'text/csv' }), name);
  const headers = { Authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/api/logs/upload/`, { method: 'POST', headers, body });
  expect(response.status).toBeLessThan(300);
}

/** The page's own socket of notices, to say on it what the server says. */
async function socketOf(page: Page): Promise<() => WebSocketRoute> {
  const sockets: WebSocketRoute[] = [];
  await page.routeWebSocket(/\/ws\/notifications/, (socket) => {
    socket.connectToServer();
    sockets.push(socket);
  });
  await page.goto('/');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await expect.poll(() => sockets.length).toBeGreaterThan(0);
  return () => {
    const last = sockets.at(-1);
    if (!last) throw new Error('there is no socket');
    return last;
  };
}

function quota(message: string, code = 'quota_warning') {
  return JSON.stringify({ type: 'system', code, message, count: 1 });
}

function toasts(page: Page) {
  return page.getByRole('region', { name: 'News' }).locator('> div');
}

describe('a file of mine that was read', () => {
  it('is told, counted in the title, listed, and leads to the file', async () => {
    const me = await person();
    const { page } = me;
    await page.goto('/');
    await page.getByRole('button', { name: 'Notices', exact: true }).waitFor();
    await page.waitForLoadState('networkidle');
    await upload(me, 'disks.csv', 'time,level,message\n2026-03-01T08:00:00Z,error,disk full\n');
    await toasts(page).getByText('“disks.csv” was read: 1 line.').waitFor();
    await expect.poll(() => page.title()).toBe('(1) Home · Antler');
    await page.getByRole('button', { name: 'Notices: 1 new' }).click();
    await expect.poll(() => page.title()).toBe('Home · Antler');
    const last = page.getByRole('region', { name: 'Last notices' });
    await last.getByRole('link', { name: '“disks.csv” was read: 1 line.' }).click();
    await page.waitForURL(/\/uploads\?file=/);
    await page.getByText('disk full').first().waitFor();
  });
});

describe('notices', () => {
  it('are three at once at most, and the others are in the list, also after a reload', async () => {
    const { page } = await person();
    const socket = await socketOf(page);
    for (const at of [1, 2, 3, 4, 5]) socket().send(quota(`${at}0 % of the lines are used`));
    await toasts(page).getByText('50 % of the lines are used.').waitFor();
    expect(await toasts(page).count()).toBe(3);
    await page.reload();
    await page.getByRole('button', { name: 'Notices: 5 new' }).click();
    const last = page.getByRole('region', { name: 'Last notices' });
    await expect.poll(() => last.getByRole('listitem').count()).toBe(5);
    await last.getByRole('button', { name: 'Clear' }).click();
    await last.getByText('None yet').waitFor();
    await toasts(page).getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => last.getByRole('listitem').count()).toBe(5);
  });

  it('stay where they need somebody, and go on after the connection broke', async () => {
    const { page } = await person();
    const socket = await socketOf(page);
    const first = socket();
    await first.close({ code: 1001, reason: 'the server is stopping' });
    await expect.poll(() => socket() !== first).toBe(true);
    socket().send(quota('all lines of the day are used', 'quota_exceeded'));
    const toast = toasts(page).filter({ hasText: 'All lines of the day are used.' });
    await toast.getByRole('link', { name: 'Show' }).click();
    await page.waitForURL(/\/settings\/quota/);
  });

  it('sound, and use the desktop, as it was chosen', async () => {
    const { context, page } = await person();
    await context.grantPermissions(['notifications']);
    await context.addInitScript(() => {
      const heard: string[] = [];
      Object.assign(window, { heard });
      document.hasFocus = () => false;
      class Shown {
        static permission = 'granted';
        static requestPermission = async () => 'granted';
        constructor(_: string, { body }: { body: string }) {
          heard.push(body);
        }
      }
      const start = OscillatorNode.prototype.start;
      OscillatorNode.prototype.start = function (at) {
        heard.push('sound');
        start.call(this, at);
      };
      Object.assign(window, { Notification: Shown });
    });
    const heard = () => page.evaluate(() => (window as never as { heard: string[] }).heard);
    const socket = await socketOf(page);
    socket().send(quota('first'));
    await toasts(page).getByText('First.').waitFor();
    expect(await heard()).toEqual([]);
    await page.getByRole('button', { name: /^Notices/ }).click();
    await page.getByLabel('By a sound').check();
    await page.getByLabel(/On the desktop/).check();
    await page.getByLabel(/title of the tab/).uncheck();
    await page.reload();
    await page.getByRole('heading', { level: 1 }).waitFor();
    socket().send(quota('second'));
    await toasts(page).getByText('Second.').waitFor();
    // One of all windows makes it, and they settle first which.
    await expect.poll(heard).toEqual(['sound', 'Second.']);
    expect(await page.title()).toBe('Home · Antler');
  });
});
