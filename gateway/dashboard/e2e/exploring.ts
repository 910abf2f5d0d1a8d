/** Explore in the hands of a person: filled with lines, asked, looked at. */
import type { Page } from 'playwright-core';
import type { Person } from './browser';
import { fill } from './scene';

export const GRID = { name: 'Lines', exact: true } as const;

export function rows(page: Page) {
  return page.getByRole('grid', GRID).getByRole('row');
}

/** Somebody whose tenant has lines, and who sees them. */
export async function looking(url: string, person: Person, path = '/explore', count = 600): Promise<Person> {
  await fill(url, person.token, count);
  await person.page.goto(path);
  await rows(person.page).nth(3).waitFor();
  return person;
}

export async function ask(page: Page, query: string): Promise<void> {
  await page.getByLabel('Query', { exact: true }).fill(query);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
}

const PAGE_ROWS = 200;

/** The page is given the answers of searches by itself, as pages of so many lines in all. Nothing else is changed. */
export async function fed(page: Page, total: number): Promise<void> {
  await page.addInitScript(
    ([total, size]) => {
      const { fetch } = window;
      const begin = Date.now();
      const line = (index: number) => ({
        id: `0-${index}-0`,
        timestamp: new Date(begin - index).toISOString(),
        level: ['info', 'info', 'debug', 'warning', 'error'][index % 5],
        service: `service-${index % 7}`,
        message: `line ${index} of many: order ${index * 7} placed in ${index % 400} ms`,
      });
      window.fetch = async (input, init) => {
        const asked = new URL(String(input instanceof Request ? input.url : input), location.href);
        if (!asked.pathname.endsWith('/api/logs/search/') || asked.searchParams.get('size') !== String(size))
          return fetch(input, init);
        const from = Number(asked.searchParams.get('cursor') ?? 0);
        const count = Math.min(size, total - from);
        const results = Array.from({ length: count }, (_, index) => line(from + index));
        const next = from + size < total ? String(from + size) : null;
        const rest = { query: '', page: 1, size, total: null, took: 1, partial: false, warnings: [] };
        return Response.json({ ...rest, results, next_cursor: next, aggregations: null });
      };
    },
    [total, PAGE_ROWS] as const,
  );
}

/** Scrolls to the end as often as more lines come. */
export async function readToEnd(page: Page, total: number): Promise<void> {
  await page.getByRole('grid', GRID).evaluate(
    (box, wanted) =>
      new Promise<void>((done) => {
        const step = () => {
          if (Number(box.getAttribute('aria-rowcount')) >= wanted) return done();
          box.scrollTop = box.scrollHeight;
          requestAnimationFrame(step);
        };
        step();
      }),
    total + 1,
  );
}
