import { describe, expect, it } from 'vitest';
import { type Chosen, whyNot, withoutDoubles } from './chosen';

const file = (name: string) => new File(['x'], name, { lastModified: 1 });
const chosen = (name: string, id: number): Chosen => ({ id, file: file(name), detected: null });

describe('choosing files', () => {
  it('takes none twice', () => {
    const { taken } = withoutDoubles([chosen('a.log', 1)], [file('a.log'), file('b.log'), file('b.log')]);
    expect(taken.map(({ name }) => name)).toEqual(['b.log']);
  });

  it('takes as many as can be sent at once and names the others', () => {
    const nine = Array.from({ length: 9 }, (_, at) => chosen(`${at}.log`, at));
    const { taken, left } = withoutDoubles(nine, [file('a.log'), file('b.log')]);
    expect([taken.length, left.map(({ name }) => name)]).toEqual([1, ['b.log']]);
  });
});

describe('why nothing can be sent', () => {
  const refused = (name: string, id: number): Chosen => ({
    ...chosen(name, id),
    detected: { is: 'refused', why: 'is empty' },
  });

  it('is that files are being looked at, as long as one is', () => {
    expect(whyNot([refused('a.log', 1), chosen('b.log', 2)])).toBe('They are being looked at.');
  });

  it('is what is wrong with them', () => {
    expect(whyNot([refused('a.log', 1)])).toBe('This file cannot be sent: the list says why.');
    expect(whyNot([refused('a.log', 1), refused('b.log', 2)])).toMatch(/^None of these files/);
  });
});
