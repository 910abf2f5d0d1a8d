import { expect, it } from 'vitest';
import { explored } from './explored';

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
