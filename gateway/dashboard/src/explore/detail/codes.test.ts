import { describe, expect, it } from 'vitest';
import { runs, stripped } from './codes';

describe('codes of terminals', () => {
  it('are runs of one look', () => {
    expect(runs('a \u001b[31mred\u001b[0m b')).toEqual([
      { text: 'a ', look: null },
      { text: 'red', look: { ink: 'red' } },
      { text: ' b', look: null },
    ]);
  });

  it('add to each other until they are taken back', () => {
    expect(runs('\u001b[1;32mok\u001b[39m still\u001b[m').map(({ look }) => look)).toEqual([
      { bold: true, ink: 'green' },
      { bold: true, ink: undefined },
    ]);
  });

  it('name the nearest colour of many', () => {
    const ink = (code: string) => runs(`\u001b[${code}mx`)[0]?.look?.ink;
    expect([ink('38;5;196'), ink('38;2;255;170;0'), ink('38;5;46'), ink('38;5;244'), ink('94')]).toEqual([
      'red',
      'yellow',
      'green',
      'grey',
      'blue',
    ]);
    expect(runs('\u001b[38;5;196;4mx')[0]?.look).toEqual({ ink: 'red', underline: true });
  });

  it('are taken out whatever they do', () => {
    expect(stripped('\u001b[2Ja\u001b]0;title\u0007b\u001b]8;;x\u001b\\c\u001b(Bd\u009b31me\u001b')).toBe(
      'abcde',
    );
    expect(stripped('plain [31m text')).toBe('plain [31m text');
  });

  it('of a hostile text are read in time that grows with its length', () => {
    const began = performance.now();
    for (const part of ['\u001b[', '\u001b]', '\u001b[1;', '\u001bP', `\u001b[${'1;'.repeat(9)}m`])
      stripped(part.repeat(100_000));
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
