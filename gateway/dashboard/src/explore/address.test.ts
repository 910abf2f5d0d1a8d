import { describe, expect, it } from 'vitest';
import { read, written } from './address';

const usual = ['timestamp', 'level', 'message'];

describe('what is explored', () => {
  it('is the last quarter of an hour where the address says nothing', () => {
    expect(read({}, usual)).toEqual({
      q: '',
      from: 'now-15m',
      to: 'now',
      live: false,
      line: null,
      oldestFirst: false,
      columns: usual,
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
      columns: ['timestamp', '__proto__', 'message'],
    };
    expect(read(written(explored, usual) as Record<string, string>, usual)).toEqual(explored);
  });

  it('has a short address where it is usual', () => {
    const said = Object.values(written(read({}, usual), usual)).filter((value) => value !== undefined);
    expect(said).toEqual([]);
  });

  it('takes what others wrote', () => {
    expect(read({ live: 'true', cols: ',a,,b' }, usual)).toMatchObject({ live: true, columns: ['a', 'b'] });
  });
});
