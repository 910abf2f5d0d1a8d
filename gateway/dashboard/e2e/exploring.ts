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
