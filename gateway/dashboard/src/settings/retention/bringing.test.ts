import { expect, test } from 'vitest';
import { refusal } from './bringing';

test('a refusal says what the server said', () => {
  const body = JSON.stringify({ error: { code: 'invalid_lines', message: 'it is no archive' } });
  expect(refusal(400, body, 'r-1')).toMatchObject({ message: 'it is no archive', requestId: 'r-1' });
});

test('what cannot be read is told by its status', () => {
  for (const body of ['', '<html>', '{}', 'null'])
    expect(refusal(502, body, null).message).toBe('The server answered with status 502.');
});
