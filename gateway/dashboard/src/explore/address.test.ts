import { describe, expect, it } from 'vitest';
import { read, written } from './address';

const usual = { columns: ['timestamp', 'level', 'message'], pinned: 1 };

describe('what is explored', () => {
  it('is the last quarter of an hour where the address says nothing', () => {
    expect(read({}, usual)).toEqual({
      q: '',
      from: 'now-15m',
      to: 'now',
      live: false,
      line: null,
      oldestFirst: false,
      ...usual,
    });
  });

  it('comes back from its address as it was', () => {
    const explored = {
      q: 'level:error | stats count() by "a,b"',
      from: '2026-03-01T08:00:00Z',
      to: '2026-03-01T09:00:00Z',
      live: true,
      line: '0-17-0',
      oldestFirst: true,
      columns: ['timestamp', '__proto__', 'a,b', 'message'],
      pinned: 2,
    };
    expect(read(written(explored, usual) as Record<string, string>, usual)).toEqual(explored);
  });

  it('has a short address where it is usual', () => {
    const said = Object.values(written(read({}, usual), usual)).filter((value) => value !== undefined);
    expect(said).toEqual([]);
  });

  it('takes what others wrote', () => {
    expect(read({ live: 'true', cols: ',a,,b,a' }, usual)).toMatchObject({ live: true, columns: ['a', 'b'] });
    expect(read({ cols: ',', pin: '2' }, usual)).toMatchObject(usual);
    for (const pin of ['9', '-1', 'x', '1.5', 'Infinity'])
      expect([0, 1]).toContain(read({ cols: 'a,b', pin }, usual).pinned);
  });

  it('lets go what is pinned here, where the address says columns', () => {
    expect(read({ cols: 'a,b' }, usual).pinned).toBe(0);
    expect(written({ ...read({}, usual), pinned: 0 }, usual)).toMatchObject({
      cols: 'timestamp,level,message',
      pin: undefined,
    });
  });
});
