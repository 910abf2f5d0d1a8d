/** Explore as a person uses it: ask, narrow, read, watch. */
import { describe, expect, it } from 'vitest';
import { sendLines, useBrowser } from './browser';
import { ask, GRID, looking, rows } from './exploring';

const { url, person } = useBrowser();

const filled = async (path?: string, count?: number) => looking(url, await person(), path, count);

describe('a question', () => {
  it('is answered with its lines, their number and their place in time, and stands in the address', async () => {
    const { page } = await filled();
    await ask(page, 'level:error and service:checkout');
    await page.waitForURL(/q=level%3Aerror/);
    await page.getByText('payment').first().waitFor();
    const levels = rows(page).locator('[data-column="level"]').getByRole('img');
    await expect
      .poll(async () => new Set(await levels.evaluateAll((marks) => marks.map((mark) => mark.ariaLabel))))
      .toEqual(new Set(['error']));
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

describe('columns', () => {
  it('are taken in from the fields, and stand in the address', async () => {
    const { page } = await filled('/explore?cols=timestamp,level,host,message');
    await page.getByRole('columnheader', { name: /Host/ }).waitFor();
    await rows(page).getByText('web-1').first().waitFor();
  });

  it('that are pinned stay in sight while the others scroll sideways, however wide they are made', async () => {
    const many =
      'timestamp,level,service,host,trace_id,http.status,http.duration_ms,id,received_at,source,message';
    const { page } = await filled(`/explore?cols=${many}&from=now-1h`);
    const grid = page.getByRole('grid', GRID);
    const head = (name: string) => grid.getByRole('columnheader', { name: new RegExp(`^${name}`) });
    await head('Service').getByRole('button').click();
    await page.getByRole('menuitem', { name: 'Pin to the left' }).click();
    await page.waitForURL(/cols=service.*pin=1/);
    await head('Time').getByRole('button').press('p');
    await page.waitForURL(/cols=service%2Ctimestamp.*pin=2/);
    const edge = page.getByRole('slider', { name: 'Width of Service' });
    for (let at = 0; at < 5; at += 1) await edge.press('ArrowRight');
    await grid.evaluate((box) => box.scrollTo({ left: box.scrollWidth }));
    await expect.poll(() => grid.evaluate((box) => box.scrollLeft)).toBeGreaterThan(100);
    const places = async (column: string) => {
      const cell = await rows(page).nth(2).locator(`[data-column="${column}"]`).boundingBox();
      return [Math.round(cell?.x ?? -1), Math.round(cell?.width ?? -1)];
    };
    const left = Math.round((await grid.boundingBox())?.x ?? -1);
    expect(await places('service')).toEqual([left, 180]);
    expect(await places('timestamp')).toEqual([left + 180, 108]);
    expect(Math.round((await head('Time').boundingBox())?.x ?? -1)).toBe(left + 180);
    expect((await places('level'))[0]).toBeLessThan(left + 180);
    await page.reload();
    await head('Time')
      .getByRole('button', { name: /pinned/ })
      .waitFor();
    await head('Service').getByRole('button').press('p');
    await page.waitForURL(/cols=timestamp%2Cservice.*pin=1/);
  });

  it('are moved and taken away by their menu', async () => {
    const { page } = await filled('/explore?cols=timestamp,level,host,message');
    const choose = async (column: string, title: string) => {
      await page.getByRole('columnheader', { name: column }).getByRole('button').click();
      await page.getByRole('menuitem', { name: title }).click();
    };
    await choose('Host', 'Move left');
    await page.waitForURL(/cols=timestamp%2Chost%2Clevel%2Cmessage/);
    await choose('Level', 'Take away');
    await page.waitForURL(/cols=timestamp%2Chost%2Cmessage/);
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
