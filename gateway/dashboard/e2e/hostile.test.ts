/** Text that would run if it were anything but text: on every page that shows lines, none of it runs. */
import { describe, expect, it } from 'vitest';
import { sendLines, useBrowser } from './browser';

const { url, person } = useBrowser();

const RUN = 'window.__ran=(window.__ran||0)+1';
const BASES = [
  `<script>${RUN}</script>`,
  `<img src=x onerror="${RUN}">`,
  `<svg onload="${RUN}">`,
  `<iframe srcdoc="<script>parent.${RUN}</script>"></iframe>`,
  `<a href="javascript:${RUN}">open</a>`,
  `javascript:${RUN}`,
  `<body onload=${RUN}>`,
  `<details open ontoggle=${RUN}>`,
  `<math><mtext></p><style><!--</style><img src=x onerror=${RUN}>`,
  `<input autofocus onfocus=${RUN}>`,
  `<object data="javascript:${RUN}">`,
  `<base href="https://example.org/">`,
  `<meta http-equiv=refresh content="0;url=javascript:${RUN}">`,
  `<link rel=stylesheet href="data:text/css,*{display:none}">`,
  `<style>*{display:none}</style>`,
  `\${${RUN}}`,
  `{{constructor.constructor('${RUN}')()}}`,
  `=cmd|'/c calc'!A0`,
  `\u001b]8;;javascript:${RUN}\u0007open\u001b]8;;\u0007`,
  `\u001b[31m<script>${RUN}</script>\u001b[0m`,
];
const AROUND: ((text: string) => string)[] = [
  (text) => text,
  (text) => `"${text}`,
  (text) => `'>${text}`,
  (text) => `"></textarea>${text}`,
  (text) => `--></script>${text}`,
  (text) => text.toUpperCase(),
  (text) => text.replaceAll('<', '\u003c\u0000'),
  (text) => `\u202e${text}`,
  (text) => `😀${text}😀`,
  (text) => `&lt;${text}&gt;&#60;script&#62;`,
  (text) => encodeURIComponent(text),
  (text) => `http://example.org/${text}`,
  (text) => `data:text/html,${text}`,
  (text) => `Error: ${text}\n  at run (${text}:1:1)`,
  (text) => `{"a":${JSON.stringify(text)}}`,
];
const HOSTILE = BASES.flatMap((base) => AROUND.map((around) => around(base)));

describe(`${HOSTILE.length} hostile texts`, () => {
  it('are shown and do not run', async () => {
    const { page, token } = await person();
    const lines = HOSTILE.map((text, at) => ({
      message: text,
      service: text.slice(0, 120),
      host: text.slice(0, 120),
      level: ['error', 'warning', 'info'][at % 3],
      trace_id: `trace-${at % 7}`,
      nested: { text, list: [text] },
      ...(at < 60 && { [`f${text.slice(0, 60)}`]: text }),
    }));
    lines.push({ ...lines[0], __proto__: null, constructor: 'x', toString: 'y' } as never);
    await sendLines(url, token, lines);
    page.on('dialog', (dialog) => void dialog.dismiss());
    const places: string[] = ['/', '/patterns', '/explore'];
    for (const text of BASES) places.push(`/explore?q=${encodeURIComponent(JSON.stringify(text))}`);
    for (const place of places) {
      await page.goto(place);
      await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' });
      await page.waitForLoadState('networkidle');
    }
    await page.goto('/explore');
    const rows = page.getByRole('grid', { name: 'Lines' }).getByRole('row');
    await rows.nth(5).waitFor();
    for (let at = 1; at < 12; at += 1) {
      await rows.nth(at).click();
      await page.getByRole('complementary', { name: 'The line' }).waitFor();
      await page.keyboard.press('Escape');
    }
    expect(await page.evaluate(() => (window as never as { __ran?: number }).__ran ?? 0)).toBe(0);
    const strange = await page
      .locator('iframe, object, embed, img[onerror], base[href^="http"], a[href^="javascript"]')
      .count();
    expect(strange).toBe(0);
  });
});
