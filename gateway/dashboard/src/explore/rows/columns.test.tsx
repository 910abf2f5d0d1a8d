import { describe, expect, it } from 'vitest';
import type { Line } from '../../api/schema';
import { fieldOf, lay, nameOf, textOf, widthOf } from './columns';

const line = JSON.parse(
  '{"id":"1","message":"m","a.b":"flat","http":{"status":500},"__proto__":"own","list":[1,2]}',
) as Line;

describe('the value of a column', () => {
  const cases: [string, unknown][] = [
    ['a.b', 'flat'],
    ['http.status', 500],
    ['http.status.x', undefined],
    ['__proto__', 'own'],
    ['constructor', undefined],
    ['toString.name', undefined],
  ];
  it.each(cases)('%s', (name, value) => expect(fieldOf(line, name)).toEqual(value));
});

describe('a cell', () => {
  it('holds a part of what is very long', () => {
    expect(textOf('x'.repeat(1_000_000)).length).toBeLessThan(3_000);
  });

  it('writes what is no text as JSON, and nothing for nothing', () => {
    expect([textOf([1, 2]), textOf(null), textOf(undefined), textOf(0)]).toEqual(['[1,2]', '', '', '0']);
  });
});

describe('columns', () => {
  it('of any name have a width', () => {
    expect([widthOf('constructor', {}), widthOf('a', { a: 90 })]).toEqual([140, 90]);
    expect(nameOf('toString')).toBe('toString');
  });

  it('are as wide as they were made, and the last one takes what is left', () => {
    const { '--columns': columns, '--wide': wide } = lay(
      { columns: ['timestamp', 'service', 'message'], pinned: 0 },
      {},
    );
    expect([columns, wide]).toEqual([
      '108px min(140px, 22vw) minmax(160px, 1fr)',
      'calc(108px + min(140px, 22vw) + 160px)',
    ]);
  });

  it('that are pinned stay beside each other', () => {
    const style = lay({ columns: ['a', 'service', 'b', 'message'], pinned: 3 }, { a: 90 });
    expect([style['--left-0'], style['--left-1'], style['--left-2'], style['--left-3']]).toEqual([
      'calc(0px)',
      'calc(0px + 90px)',
      'calc(0px + 90px + min(140px, 22vw))',
      undefined,
    ]);
  });
});
