import { expect, test } from 'vitest';
import { asked, filtersOf, isFiltered, placeOf, toFilters, toNewer, toOlder } from './asked';

test('the address is read with nothing but what is known', () => {
  const filters = filtersOf({ actor: 'system', entry: '0-17', other: 'x' });
  expect(filters).toMatchObject({ actor: 'system', from: '' });
  expect(asked(filters)).toEqual({ actor: 'system' });
  expect(isFiltered(filters)).toBe(true);
  expect(isFiltered(filtersOf({}))).toBe(false);
});

test('a place is a page, with its cursor if there is one', () => {
  expect(placeOf({})).toEqual({ page: 1, size: 50 });
  expect(placeOf({ page: '3', cursor: '0-17' })).toEqual({ page: 3, size: 50, cursor: '0-17' });
  expect(placeOf({ page: '-1' })).toEqual({ page: 1, size: 50 });
});

test('other filters begin with the newest entry', () => {
  expect(toFilters({ actor: ' key ', action: '' })).toEqual({
    page: undefined,
    cursor: undefined,
    actor: 'key',
    action: undefined,
  });
});

test('one goes to older entries by cursor and back by page', () => {
  expect(toOlder(1, '0-17')).toEqual({ page: '2', cursor: '0-17' });
  expect(toNewer(1)).toBeNull();
  expect(toNewer(2)).toEqual({ page: undefined, cursor: undefined });
  expect(toNewer(3)).toEqual({ page: '2', cursor: undefined });
  expect(toNewer(5000)).toBeNull();
});
