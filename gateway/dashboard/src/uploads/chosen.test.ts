import { describe, expect, it } from 'vitest';
import { type Chosen, withoutDoubles } from './chosen';

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
