import { expect, it } from 'vitest';
import { failure } from './client';

const refused = (status: number, code: string, message: string) =>
  Response.json({ error: { code, message, details: {} } }, { status, headers: { 'x-request-id': 'abc-1' } });

it('a login that has ended is told by what a person can do, with the id of the request', async () => {
  const told = await failure(refused(401, 'unauthorized', 'send Authorization: Bearer TOKEN'));
  expect(told).toMatchObject({ status: 401, code: 'unauthorized', requestId: 'abc-1' });
  expect(told.message).toBe('Your login has ended. Log in again to go on.');
});

it('what is wrong with a login is told as the server says it, as all else is', async () => {
  expect((await failure(refused(401, 'unauthorized', 'the password is wrong'), true)).message).toBe(
    'the password is wrong',
  );
  expect((await failure(refused(404, 'not_found', 'there is no such file'))).message).toBe(
    'there is no such file',
  );
});
