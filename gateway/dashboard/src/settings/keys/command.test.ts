import { expect, test } from 'vitest';
import { command, fieldsOf } from './command';

const server = 'https://logs.example.org/antler/';

test('a key that may send sends a line', () => {
  expect(command(server, 'antler_1', ['ingest', 'read'], ['*'])).toBe(
    `curl -H 'Authorization: Bearer antler_1' -H 'Content-Type: application/json' -d '{"message":"hello"}' 'https://logs.example.org/antler/api/logs/'`,
  );
});

test('one that may only read reads', () => {
  expect(command(server, 'k', ['read'], ['*'])).toContain(
    `'https://logs.example.org/antler/api/logs/?size=1'`,
  );
  expect(command(server, 'k', ['audit'], ['*'])).toContain('/api/audit/');
  expect(command(server, 'k', ['admin'], ['*'])).toContain('/api/tenant/users/');
});

test('the line is of a stream that the key reaches', () => {
  const namespace = (pattern: string) => fieldsOf([pattern])?.['data_stream.namespace'];
  expect(namespace('logs-nginx-*')).toBe('test');
  expect(namespace('*-pt')).toBe('pt');
  expect(fieldsOf(['logs-*'])?.['data_stream.type']).toBe('logs');
  expect(fieldsOf(['a-b-c-d'])).toBeNull();
  expect(fieldsOf(['*'])).toEqual({});
});
