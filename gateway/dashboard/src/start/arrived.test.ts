import { expect, it } from 'vitest';
import { newest } from './arrived';

const lines = (...ids: string[]) => ids.map((id) => ({ id }));

it('puts the newest arrival first and keeps a few', () => {
  expect(newest(lines('b', 'a'), lines('c', 'd'), 3)).toEqual(lines('d', 'c', 'b'));
});

it('shows a line once', () => {
  expect(newest(lines('b', 'a'), lines('b', 'c'), 9)).toEqual(lines('c', 'b', 'a'));
});
