import { describe, expect, it } from 'vitest';
import { explored, merged, oneOf, pageOf } from './address';

describe('the address', () => {
  it('says only what is not empty', () => {
    expect(merged({ status: 'failed', page: '3' }, { page: undefined, search: '' })).toEqual({
      status: 'failed',
    });
  });

  it('reads whatever stands there', () => {
    expect(['2', '0', '-1', 'x', '1.5', undefined, '1e9'].map(pageOf)).toEqual([2, 1, 1, 1, 1, 1, 1e9]);
    expect(oneOf(['failed', 'cancelled'], '__proto__')).toBeUndefined();
    expect(oneOf(['failed', 'cancelled'], 'failed')).toBe('failed');
  });

  it('shows the last line, too, where lines are explored', () => {
    const { search } = explored({
      query: 'a:b',
      from: '2026-01-01T00:00:00.000Z',
      to: '2026-01-01T00:00:00.000Z',
    }) as never as {
      search: Record<string, string>;
    };
    expect(search).toEqual({ q: 'a:b', from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T00:00:00.001Z' });
  });
});
