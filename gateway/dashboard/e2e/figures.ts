/**
 * How fast it is, as a table for people: first paint, a million rows, two thousand lines a second.
 *
 * Times are printed and never asserted, for they depend on the machine; what must hold on every machine is asserted.
 */
import type { CDPSession, Page } from 'playwright-core';
import { afterAll, expect, it } from 'vitest';
import { sendLines, useBrowser } from './browser';
import { fed, GRID, looking, readToEnd } from './exploring';
import { fill } from './scene';

const { url, opened, person } = useBrowser();
const MILLION = 1_000_000;
const LINES_PER_SECOND = 2000;
/** As many lines as live mode keeps; from then on it may not grow. */
const KEPT_MAX = 100_000;
/** How long it is watched from then on; `LIVE_MINUTES` says how much longer. */
const FLAT_PARTS = process.env.LIVE_MINUTES ? Number(process.env.LIVE_MINUTES) : 4;
const FLAT_PART_S = process.env.LIVE_MINUTES ? 60 : 15;

const table: { figure: string; measured: string; wanted: string }[] = [];
afterAll(() => {
  const widths = [40, 44];
  const lines = [{ figure: 'figure', measured: 'measured', wanted: 'wanted' }, ...table].map(
    ({ figure, measured, wanted }) =>
      `${figure.padEnd(widths[0] ?? 0)}${measured.padEnd(widths[1] ?? 0)}${wanted}`,
  );
  process.stdout.write(`\n${lines.join('\n')}\n`);
});

function tell(figure: string, measured: string, wanted: string) {
  table.push({ figure, measured, wanted });
}

function at(share: number, values: number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? Number.NaN;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

/** The gaps between pictures while something goes on in the page. */
async function frames(page: Page, during: () => Promise<unknown>): Promise<number[]> {
  await page.evaluate(() => {
    const times: number[] = [];
    const look = (time: number) => {
      times.push(time);
      if ('times' in window) requestAnimationFrame(look);
    };
    Object.assign(window, { times });
    requestAnimationFrame(look);
  });
  await during();
  const times = await page.evaluate(() => {
    const { times } = window as never as { times: number[] };
    Reflect.deleteProperty(window, 'times');
    return times;
  });
  return times.slice(1).map((time, index) => time - (times[index] ?? time));
}

function tellFrames(figure: string, gaps: number[]) {
  const measured = `p50 ${ms(at(0.5, gaps))}, p95 ${ms(at(0.95, gaps))}, most ${ms(Math.max(...gaps))}`;
  tell(figure, measured, 'p95 at most 33 ms');
}

it.each(['/login', '/', '/explore'])('first paint of %s', async (path) => {
  const paints: number[] = [];
  const ready: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    const { context, page, token } = path === '/login' ? { ...(await opened()), token: '' } : await person();
    if (token) await fill(url, token);
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' });
    const [paint, now] = await page.evaluate(() => [
      performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? performance.now(),
      performance.now(),
    ]);
    paints.push(paint ?? Number.NaN);
    ready.push(now ?? Number.NaN);
    await context.close();
  }
  tell(
    `first paint of ${path}, cold, of 5`,
    `${ms(at(0.5, paints))}, page there ${ms(at(0.5, ready))}`,
    'under 1 s',
  );
});

it('a million rows', async () => {
  const { page, token } = await person();
  await fill(url, token);
  await fed(page, MILLION);
  await page.goto('/explore');
  const grid = page.getByRole('grid', GRID);
  await grid.waitFor();
  const began = performance.now();
  await readToEnd(page, MILLION);
  tell('a million rows read to the end', `${((performance.now() - began) / 1000).toFixed(1)} s`, '');
  expect(await grid.getAttribute('aria-rowcount')).toBe(String(MILLION + 1));
  await grid.evaluate((box) => box.scrollTo({ top: box.scrollHeight }));
  await grid.getByText(`line ${MILLION - 1} of many`).waitFor();
  expect(await grid.getByRole('row').count()).toBeLessThan(120);
  const scroll = (by: number, count: number) =>
    grid.evaluate(
      (box, [by, count]) =>
        new Promise<void>((done) => {
          let left = count;
          const step = () => {
            box.scrollTop += by;
            left -= 1;
            if (left > 0) requestAnimationFrame(step);
            else done();
          };
          step();
        }),
      [by, count] as const,
    );
  await grid.evaluate((box) => box.scrollTo({ top: box.scrollHeight / 2 }));
  tellFrames('frames, 60 px a frame, in the middle', await frames(page, () => scroll(60, 600)));
  tellFrames('frames, a screen a frame', await frames(page, () => scroll(-700, 600)));
  tellFrames('frames, 100 screens a frame', await frames(page, () => scroll(70_000, 100)));
  await page.context().close();
}, 900_000);

async function heapMb(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  return usedSize / 1e6;
}

it(
  'two thousand lines a second',
  async () => {
    const { context, page, token } = await looking(url, await person(), '/explore?live=1');
    await page.getByText('● live').waitFor();
    const cdp = await context.newCDPSession(page);
    const grid = page.getByRole('grid', GRID);
    const each = 500;
    let sent = 0;
    let isOver = false;
    const began = performance.now();
    const sending = (async () => {
      while (!isOver) {
        const lines = Array.from({ length: each }, (_, index) => ({
          level: ['info', 'info', 'warning', 'error'][index % 4],
          service: `service-${index % 7}`,
          message: `live line ${sent + index}: order ${index * 7} placed in ${index % 400} ms`,
        }));
        await sendLines(url, token, lines);
        sent += each;
        const ahead = (sent / LINES_PER_SECOND) * 1000 - (performance.now() - began);
        if (ahead > 0) await new Promise((done) => setTimeout(done, ahead));
      }
    })();
    const wait = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000));
    await wait(KEPT_MAX / LINES_PER_SECOND + 5);
    const heaps = [await heapMb(cdp)];
    const gaps = await frames(page, async () => {
      for (let part = 0; part < FLAT_PARTS; part += 1) {
        await wait(FLAT_PART_S);
        heaps.push(await heapMb(cdp));
      }
    });
    isOver = true;
    await sending;
    const rate = sent / ((performance.now() - began) / 1000);
    tell('lines a second that were sent', rate.toFixed(0), String(LINES_PER_SECOND));
    tell(
      `heap once full, and each ${FLAT_PART_S} s on`,
      `${heaps.map((mb) => mb.toFixed(0)).join(', ')} MB`,
      'flat',
    );
    tellFrames(`frames while ${LINES_PER_SECOND} lines/s come`, gaps);
    const shown = Number(await grid.getAttribute('aria-rowcount'));
    tell('rows that are kept', String(shown), `at most ${KEPT_MAX} and a page`);
    expect(shown).toBeLessThanOrEqual(KEPT_MAX + 1000);
    const last = `live line ${sent - 1}:`;
    await grid.evaluate((box) => box.scrollTo({ top: 0 }));
    await grid.getByText(last).waitFor();
  },
  240_000 + FLAT_PARTS * FLAT_PART_S * 1000,
);
