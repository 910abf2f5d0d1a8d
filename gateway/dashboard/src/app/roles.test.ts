import { expect, test } from 'vitest';
import { GIVEN_ROLES, may, reaches, scopesOf } from './roles';

test('a role may do what its scopes say, and an unknown one nothing', () => {
  expect(may('viewer', 'read')).toBe(true);
  expect(may('viewer', 'ingest')).toBe(false);
  expect(may('security-admin', 'audit')).toBe(true);
  expect(may('security-admin', 'write')).toBe(true);
  expect(may('security-admin', 'admin')).toBe(false);
  expect(may('admin', 'audit')).toBe(true);
  expect(scopesOf('__proto__')).toEqual([]);
  expect(may(undefined, 'read')).toBe(false);
});

test('nobody reaches a role above the own', () => {
  expect(reaches('admin', 'superadmin')).toBe(false);
  expect(reaches('superadmin', 'admin')).toBe(true);
  expect(reaches('admin', 'admin')).toBe(true);
});

test('a tenant does not give the role of the operator', () => {
  expect(GIVEN_ROLES).not.toContain('superadmin');
});
