import { describe, expect, it } from 'vitest';
import { listed, matching, measuring } from './listing';

const field = (name: string, count: number, role: string | null = null) => ({
  name,
  count,
  role,
  types: ['text' as const],
});

describe('fields are listed', () => {
  it('once each, under the name of their role', () => {
    const all = listed([field('severity', 3, 'level'), field('level', 4, 'level'), field('disk', 9)]);
    expect(all.map(({ name, count }) => [name, count])).toEqual([
      ['disk', 9],
      ['level', 7],
    ]);
  });

  it('with names that objects have, too', () => {
    expect(listed([field('__proto__', 1), field('constructor', 1)]).map(({ name }) => name)).toEqual([
      '__proto__',
      'constructor',
    ]);
  });

  it('by what was typed of their names', () => {
    const all = [{ name: 'http.status' }, { name: 'http.path' }, { name: 'Status' }];
    expect(matching(all, 'STATUS').map(({ name }) => name)).toEqual(['http.status', 'Status']);
    expect(matching(all, 'path http')).toEqual([{ name: 'http.path' }]);
    expect(matching(all, ' ')).toHaveLength(3);
  });
});

it('numbers are measured behind the filter', () => {
  expect(measuring('a or b', 'took ms')).toMatch(/^a or b \| stats min\("took ms"\) as min_of, avg/);
  expect(measuring('', 'x')).toMatch(/^\| stats min\(x\)/);
});
