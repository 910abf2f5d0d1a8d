/** The other pages as a person uses them: the first line, keys, members, letters, home, patterns. */
import { describe, expect, it } from 'vitest';
import { PASSWORD, posted, useBrowser } from './browser';
import { fill } from './scene';

const { url, opened, person } = useBrowser();

describe('the first run', () => {
  it('goes from registering to the first line, which is seen as it comes', async () => {
    const { page } = await opened();
    await page.goto('/register');
    await page.getByLabel('Username').fill(`first-${process.pid}`);
    await page.getByLabel('E-mail').fill(`first-${process.pid}@example.org`);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('Password once more').fill(PASSWORD);
    await page.getByRole('button', { name: 'Register' }).click();
    await page.waitForURL(/\/start/);
    await page.getByText('Waiting for the first line').waitFor();
    await page.getByRole('button', { name: 'Make a key' }).click();
    const shown = page.getByText(/Authorization: Bearer antler_/).first();
    await shown.waitFor();
    const key = (await shown.textContent())?.match(/Bearer (antler_[A-Za-z0-9_-]+)/)?.[1];
    await posted(`${url}/api/logs/`, { level: 'info', message: 'hello from the shell' }, key);
    await page.getByText('The first line is here.').waitFor();
    await page.getByText('hello from the shell').first().waitFor();
    await page.getByRole('link', { name: 'Watch all lines live' }).click();
    await page.waitForURL(/\/explore\?.*live=1/);
    await page.getByRole('grid', { name: 'Lines' }).getByText('hello from the shell').waitFor();
  });

  it('shows example lines to who has none, by a switch that stays as it was left', async () => {
    const { page } = await person();
    await page.goto('/start');
    const play = page.getByRole('switch', { name: 'Play example lines' });
    await play.click();
    await page.getByText(/[1-9][\d,]* lines so far; it ends in \d+ min/).waitFor();
    await page.reload();
    expect(await play.isChecked()).toBe(true);
    await page.getByRole('link', { name: 'Watch example lines' }).click();
    await page.waitForURL(/\/explore\?.*live=1/);
    await page.getByRole('grid', { name: 'Lines' }).getByText('GET /').first().waitFor();
    await page.goBack();
    await play.click();
    await page.getByText('kept for a day').waitFor();
    expect(await play.isChecked()).toBe(false);
  });

  it('says at the field what cannot be, and keeps what was typed', async () => {
    const { page } = await opened();
    await page.goto('/register');
    await page.getByLabel('Username').fill(`second-${process.pid}`);
    await page.getByLabel('E-mail').fill(`second-${process.pid}@example.org`);
    await page.getByLabel('Password', { exact: true }).fill('password');
    await page.getByLabel('Password once more').fill('password');
    await page.getByRole('button', { name: 'Register' }).click();
    await page
      .getByText(/common/i)
      .first()
      .waitFor();
    expect(await page.getByLabel('Username').inputValue()).toBe(`second-${process.pid}`);
  });
});

describe('home', () => {
  it('shows true numbers, and leads to the lines behind them', async () => {
    const { page, token } = await person();
    await fill(url, token, 400);
    await page.goto('/');
    await page.getByText('400', { exact: true }).first().waitFor();
    await page.getByText('12.5 %').first().waitFor();
    await page.getByRole('link', { name: 'checkout' }).first().click();
    await page.waitForURL(/\/explore\?.*checkout/);
  });
});

describe('patterns', () => {
  it('gather what is alike, and lead to the lines', async () => {
    const { page, token } = await person();
    await fill(url, token, 400);
    await page.goto('/patterns');
    await page
      .getByText(/refused by gateway: timeout after/)
      .first()
      .click();
    await page.waitForURL(/\/explore\?/);
    await page
      .getByRole('grid', { name: 'Lines' })
      .getByText(/refused by gateway/)
      .first()
      .waitFor();
  });
});

describe('settings', () => {
  it('make a key that works, show it once, and take it back', async () => {
    const { page } = await person();
    await page.goto('/settings/keys');
    await page.getByRole('button', { name: 'Create key' }).first().click();
    await page.getByLabel('Name').fill('shipper');
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /create/i })
      .click();
    const shown = page.getByText(/antler_[A-Za-z0-9_-]{20,}/).first();
    await shown.waitFor();
    const key = (await shown.textContent())?.match(/antler_[A-Za-z0-9_-]{20,}/)?.[0];
    await posted(`${url}/api/logs/`, { message: 'by the new key' }, key);
    await page.reload();
    await page
      .getByRole('cell', { name: /shipper/ })
      .first()
      .waitFor();
    expect(await page.getByText(key ?? 'none').count()).toBe(0);
  });

  it('say what the server refuses: the last admin stays', async () => {
    const { page, name } = await person();
    await page.goto('/settings/members');
    await page.getByText(name).first().waitFor();
    await page.getByRole('heading', { name: 'What roles may do' }).waitFor();
  });

  it('name the zone of the browser where none was chosen, as does a time that is pointed at', async () => {
    const { page } = await person({ timezoneId: 'Europe/Lisbon' });
    await page.goto('/settings/profile');
    const zone = page.getByLabel('Times in');
    await zone.getByText('The zone of this browser, Europe/Lisbon').waitFor({ state: 'attached' });
    expect(await zone.inputValue()).toBe('local');
    expect(await page.getByText('Your profile says').count()).toBe(0);
    await page
      .getByTitle(/^20\d\d-.* Europe\/Lisbon$/)
      .first()
      .waitFor();
  });

  it('list the logins, and the audit of what was done', async () => {
    const { page } = await person();
    await page.goto('/settings/security');
    await page.getByText('this one').first().waitFor();
    await page.goto('/settings/audit');
    await page
      .getByText(/session opened/)
      .first()
      .waitFor();
  });
});

describe('dead letters', () => {
  it('are read, mended and sent again', async () => {
    const { page, token } = await person();
    await posted(`${url}/api/logs/bulk/`, [{ message: 'good' }, 'no object'], token).catch(() => {});
    await page.goto('/dead-letters');
    await page
      .getByText(/no object/)
      .first()
      .waitFor();
    await page.getByRole('table').getByRole('link').first().click();
    await page.getByLabel('The line, mended').fill('{"message":"mended at last"}');
    await page.getByRole('button', { name: /^Send/ }).first().click();
    await page.goto('/explore?q=mended');
    await page.getByRole('grid', { name: 'Lines' }).getByText('mended at last').waitFor();
  });
});

describe('a server that is away', () => {
  it('is told, and what was typed stays', async () => {
    const { context, page, token } = await person();
    await fill(url, token, 100);
    await page.goto('/explore');
    await page.getByRole('grid', { name: 'Lines' }).waitFor();
    await page.getByLabel('Query', { exact: true }).fill('level:error');
    await context.setOffline(true);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page
      .getByText(/does not answer/)
      .first()
      .waitFor();
    expect(await page.getByLabel('Query', { exact: true }).inputValue()).toBe('level:error');
    await context.setOffline(false);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page
      .getByRole('grid', { name: 'Lines' })
      .getByText(/refused/)
      .first()
      .waitFor();
  });
});

describe('a login that ends in the middle of work', () => {
  it('is asked for again in the same place', async () => {
    const { context, page, token } = await person();
    await fill(url, token, 100);
    await page.goto('/explore');
    await page.getByRole('grid', { name: 'Lines' }).waitFor();
    await page.getByLabel('Query', { exact: true }).fill('level:warning');
    await context.clearCookies();
    // What completes the query may be refused first.
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Your login has ended' });
    await dialog.getByLabel('Password').fill(PASSWORD);
    await dialog.getByRole('button', { name: 'Log in' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('grid', { name: 'Lines' }).getByText(/retry/).first().waitFor();
    expect(await page.getByLabel('Query', { exact: true }).inputValue()).toBe('level:warning');
  });

  it('takes nothing from a query that is being typed, and is told by what one can do', async () => {
    const { page, name, token } = await person();
    await fill(url, token, 100);
    await page.clock.install({ time: new Date() });
    await page.goto('/explore');
    await page.getByRole('grid', { name: 'Lines' }).getByText(/retry/).first().waitFor();
    const query = page.getByLabel('Query', { exact: true });
    // The clock of the page stands still while one types.
    await page.clock.pauseAt(new Date(Date.now() + 5000));
    await query.pressSequentially('level:war');
    const headers = { Authorization: `Bearer ${token}` };
    expect((await fetch(`${url}/api/auth/sessions/`, { method: 'DELETE', headers })).status).toBe(200);
    const refused = page.waitForResponse(/\/auth\/refresh\//);
    await query.press('n');
    await page.clock.runFor(300);
    expect((await refused).status()).toBe(401);
    await page.keyboard.type('ing and service:search');
    const dialog = page.getByRole('dialog', { name: 'Your login has ended' });
    expect(await dialog.count()).toBe(0);
    await page.clock.resume();
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await dialog.waitFor();
    const told = page.getByRole('alert').filter({ hasText: 'Your login has ended. Log in again to go on.' });
    await told.first().waitFor();
    expect(await page.getByText(/Bearer/).count()).toBe(0);
    expect(await dialog.getByLabel('User name or e-mail').inputValue()).toBe(name);
    await dialog.getByLabel('Password').fill(PASSWORD);
    await dialog.getByRole('button', { name: 'Log in' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await query.inputValue()).toBe('level:warning and service:search');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('grid', { name: 'Lines' }).getByText(/retry/).first().waitFor();
  });
});
