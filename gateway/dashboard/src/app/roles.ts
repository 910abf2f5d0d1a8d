/**
 * What each role may do, told before the server would refuse it. Invariant: it is a help for what is shown only; the server
 * decides.
 */
import { useMe } from './session';

export const SCOPES = ['ingest', 'read', 'write', 'admin', 'audit'] as const;
export type Scope = (typeof SCOPES)[number];

export const ROLES = ['viewer', 'analyst', 'developer', 'security-admin', 'admin', 'superadmin'] as const;
export type Role = (typeof ROLES)[number];

/** Those that a tenant gives; the other is the operator's. */
export const GIVEN_ROLES = ROLES.filter((role) => role !== 'superadmin');

/** What a scope lets do, as a verb with its object. */
export const SCOPE_WORDS: Record<Scope, string> = {
  ingest: 'send lines and files',
  read: 'search and watch lines',
  write: 'change files, saved searches and dead letters',
  admin: 'administer the tenant: members, keys, retention',
  audit: 'read the audit',
};

const SCOPES_OF: Record<Role, readonly Scope[]> = {
  viewer: ['read'],
  analyst: ['read', 'write'],
  'security-admin': ['read', 'write', 'audit'],
  developer: ['ingest', 'read', 'write'],
  admin: SCOPES,
  superadmin: SCOPES,
};

export function scopesOf(role: string): readonly Scope[] {
  return isRole(role) ? SCOPES_OF[role] : [];
}

export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}

export function may(role: string | undefined, scope: Scope): boolean {
  return role !== undefined && scopesOf(role).includes(scope);
}

/** Whether somebody in the one role may change who has the other, or give it. */
export function reaches(own: string, other: string): boolean {
  return ROLES.indexOf(own as Role) >= ROLES.indexOf(other as Role);
}

/** Whether whoever looks at the page may; `undefined` until it is known who that is. */
export function useMay(scope: Scope): boolean | undefined {
  const role = useMe()?.role;
  return role === undefined ? undefined : may(role, scope);
}
