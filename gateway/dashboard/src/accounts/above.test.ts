import { expect, it } from 'vitest';
import { Failure } from '../api/client';
import { reasonAbove } from './above';

const atName = new Failure(422, 'invalid_field', 'the field username cannot be taken: it is taken', {
  field: 'username',
  reason: 'it is taken',
});

it('says nothing above the form of a field that it has', () => {
  expect(reasonAbove(atName, ['username', 'email'])).toBeNull();
});

it('says above the form what is about no field of it', () => {
  expect(reasonAbove(atName, ['email'])).toBe('The field username cannot be taken: it is taken.');
  expect(reasonAbove(new Failure(0, 'unreachable', 'The server does not answer.'), ['email'])).toBe(
    'The server does not answer.',
  );
  expect(reasonAbove(null, [])).toBeNull();
});

it('speaks of the link where nobody typed a token', () => {
  const spent = new Failure(422, 'invalid_field', 'the field token cannot be taken: it counts once', {
    field: 'token',
    reason: 'it counts once',
  });
  expect(reasonAbove(spent, ['username'])).toBe('The link cannot be used. It counts once.');
  expect(reasonAbove(spent, ['token'])).toBeNull();
});
