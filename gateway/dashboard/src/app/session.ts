/**
 * Who uses this page.
 *
 * The login is in cookies that no script can read. Invariant: after a login or logout nothing of the one before is known.
 */
import { useQuery } from '@tanstack/react-query';
import { ask, hasLogin } from '../api/client';
import { answers, question } from '../api/questions';
import type { Routes } from '../api/schema';
import { forgetNotices } from '../notices/kept';

export type Me = Routes['GET /api/users/me']['answer'];

export const me = question('GET /api/users/me');

/** There is somebody wherever the shell is shown. */
export function useMe(): Me | undefined {
  return useQuery({ ...me, staleTime: 60_000 }).data;
}

export async function logIn(username: string, password: string) {
  await ask('POST /api/auth/login', { query: { cookie: true }, body: { username, password } });
  // Whoever was here before may have been somebody else.
  void answers.resetQueries();
}

export async function logOut() {
  try {
    await ask('POST /api/auth/logout');
  } finally {
    answers.clear();
    forgetNotices();
  }
}

/** Whether to ask who it is, or to show the way in at once. */
export async function known(): Promise<boolean> {
  if (!hasLogin()) return false;
  try {
    await answers.ensureQueryData(me);
    return true;
  } catch (error) {
    if (error instanceof Error && 'status' in error && (error.status === 401 || error.status === 403))
      return false;
    throw error;
  }
}
