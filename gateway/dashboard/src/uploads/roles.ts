/** What a role may do, so that nobody is offered what the server would refuse. It lets nobody in: the server does. */
import type { Me } from '../app/session';

type Role = Me['role'];

const SENDERS: readonly Role[] = ['developer', 'admin', 'superadmin'];

/** Whether somebody may send lines, and steer how they are read. */
export function maySend(role: Role | undefined): boolean {
  return role !== undefined && SENDERS.includes(role);
}

/** Whether somebody may change and delete what is kept. */
export function mayChange(role: Role | undefined): boolean {
  return role !== undefined && role !== 'viewer';
}

export function mayAdminister(role: Role | undefined): boolean {
  return role === 'admin' || role === 'superadmin';
}
