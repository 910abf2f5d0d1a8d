/** Live mode as a person watches it. */
import { describe, expect, it } from 'vitest';
import { sendLines, useBrowser } from './browser';
import { looking, rows } from './exploring';

const { url, person } = useBrowser();
const filled = async (path?: string, count?: number) => looking(url, await person(), path, count);

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

  it('shows lines of a megabyte cut, stays smooth while one scrolls, and opens them whole', async () => {
    const { page, token } = await filled('/explore?live=1');
    await page.getByText('● live').waitFor();
    await page.evaluate(() => {
      const meter = window as never as { longest: number };
      let before = performance.now();
      const look = (now: number) => {
        meter.longest = Math.max(meter.longest, now - before);
        before = now;
        requestAnimationFrame(look);
      };
      meter.longest = 0;
      requestAnimationFrame(look);
    });
    const big = (at: number) => ({ message: `big ${at} ${'x '.repeat(499_000)}the very end` });
    for (const at of [1, 2, 3]) await sendLines(url, token, [big(at)]);
    await rows(page).getByText('big 3').waitFor();
    const box = await page.getByRole('grid', { name: 'Lines' }).boundingBox();
    await page.mouse.move((box?.x ?? 0) + 300, (box?.y ?? 0) + 300);
    for (const by of [400, 400, -400, 400, -1200]) await page.mouse.wheel(0, by);
    const row = rows(page).filter({ hasText: 'big 3' });
    expect((await row.textContent())?.length).toBeLessThan(3000);
    await row.click();
    const line = page.getByRole('complementary', { name: 'The line' });
    await line
      .getByRole('button', { name: /^Show the rest/ })
      .first()
      .click();
    await expect.poll(async () => (await line.textContent())?.includes('the very end')).toBe(true);
    const longest = await page.evaluate(() => (window as never as { longest: number }).longest);
    expect(longest).toBeLessThan(2000);
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

  it('marks lines that did not come, with their number, and shows them', async () => {
    const one = await person();
    const gaps: ((gap: object) => void)[] = [];
    // As the server tells a reader that was too slow.
    await one.page.routeWebSocket(/\/ws\/logs\/stream/, (socket) => {
      socket.connectToServer();
      gaps.push((gap) => socket.send(JSON.stringify({ type: 'gap', reason: 'slow_reader', ...gap })));
    });
    const { page, token } = await looking(url, one, '/explore?live=1');
    await page.getByText('● live').waitFor();
    await sendLines(url, token, [{ message: 'before the gap' }]);
    await rows(page).getByText('before the gap').waitFor();
    gaps.at(-1)?.({ from: 1, to: 38, count: 1037 });
    await rows(page).getByText('1,037 lines were not shown here').waitFor();
    await sendLines(url, token, [{ message: 'behind the gap' }]);
    await rows(page).getByText('behind the gap').waitFor();
    await page.getByRole('button', { name: 'show them' }).click();
    await page.waitForURL(/from=20.*to=20/);
    for (const text of ['before the gap', 'behind the gap']) await rows(page).getByText(text).waitFor();
    expect(await rows(page).getByText('were not shown').count()).toBe(0);
  });
});
