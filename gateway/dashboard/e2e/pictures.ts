/** Pictures of every page: light, dark and on a phone, for people to look at. They go to `e2e/screenshots`. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'vitest';
import { useBrowser } from './browser';
import { DOORS, fill, PLACES } from './scene';

const { url, opened, person } = useBrowser();
const folder = join(import.meta.dirname, 'screenshots');
const SHAPES = {
  light: { colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true },
} as const;

it.each(Object.entries(SHAPES))(
  '%s',
  async (shape, options) => {
    mkdirSync(folder, { recursive: true });
    const { page, token } = await person(options);
    await fill(url, token);
    const { page: outside } = await opened(options);
    for (const [[name, path], of] of [
      ...PLACES.map((one) => [one, page] as const),
      ...DOORS.map((one) => [one, outside] as const),
    ]) {
      await of.goto(path);
      await of.waitForLoadState('networkidle');
      await of.screenshot({ path: join(folder, `${name}-${shape}.png`) });
    }
  },
  300_000,
);
