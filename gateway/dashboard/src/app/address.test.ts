import { describe, expect, it } from 'vitest';
import { merged, oneOf, pageOf } from './address';

describe('the address', () => {
  it('says only what is not empty', () => {
    expect(merged({ status: 'failed', page: '3' }, { page: undefined, search: '' })).toEqual({
      status: 'failed',
    });
  });

  it('has a page that is a whole number from 1 on', () => {
    expect(['3', '1e9'].map(pageOf)).toEqual([3, 1e9]);
    for (const text of [undefined, '', '0', '-2', '1.5', 'last', '9'.repeat(30), '4294967296'])
      expect(pageOf(text)).toBe(1);
  });

  it('has one of the words that are known, or none', () => {
    expect(oneOf(['failed', 'cancelled'], '__proto__')).toBeUndefined();
    expect(oneOf(['failed', 'cancelled'], 'failed')).toBe('failed');
  });
});
