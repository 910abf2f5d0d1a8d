import { expect, test } from 'vitest';
import { Failure } from '../api/client';
import { fieldOf, reasonOf } from './sending';

test('a failure tells its field and the reason without the name of the field', () => {
  const failure = new Failure(422, 'invalid_field', 'the field name cannot be taken: it is missing', {
    field: 'name',
    reason: 'it is missing',
  });
  expect(fieldOf(failure)).toBe('name');
  expect(reasonOf(failure)).toBe('It is missing.');
});

test('what names no field is told as a whole', () => {
  const failure = new Failure(503, 'unavailable', 'try again soon');
  expect(fieldOf(failure)).toBeNull();
  expect(reasonOf(failure)).toBe('Try again soon.');
  expect(fieldOf(new Error('x'))).toBeNull();
});
