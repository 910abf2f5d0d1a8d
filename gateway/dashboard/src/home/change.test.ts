import { expect, it } from 'vitest';
import { difference, growth, pointsBetween } from './change';

it.each([
  [112, 100, '+12 %'],
  [50, 100, '−50 %'],
  [1_000_000, 999_000, '+0.1 %'],
  [1_000_001, 1_000_000, 'nearly as before'],
  [1400, 100, '× 14'],
  [300, 100, '+200 %'],
  [7, 7, 'as before'],
  [0, 0, 'as before'],
  [5, 0, 'none before'],
  [0, 1500, '1,500 before'],
])('says how %d differs from %d', (now, before, words) => {
  expect(growth(now, before)).toBe(words);
});

it('tells points between shares', () => {
  expect(pointsBetween(0.0186, 0.0156)).toBe('+0.3 points');
  expect(pointsBetween(0.01, 0.35)).toBe('−34 points');
  expect(pointsBetween(0, 0)).toBe('as before');
  expect(pointsBetween(0.100001, 0.1)).toBe('nearly as before');
});

it('counts what is few', () => {
  expect([difference(6, 6), difference(8, 6), difference(1, 6)]).toEqual(['as before', '+2', '−5']);
});
