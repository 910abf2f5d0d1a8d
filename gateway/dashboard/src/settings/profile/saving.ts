/** Changes of the own profile. What is not named stays as it is. */
import { ask } from '../../api/client';
import { answers, changed, question } from '../../api/questions';
import type { Routes } from '../../api/schema';

export type ProfileChange = Routes['PATCH /api/users/profile']['body'];

export async function saveProfile(change: ProfileChange) {
  const profile = await ask('PATCH /api/users/profile', { body: change });
  answers.setQueryData(question('GET /api/users/profile').queryKey, profile);
  await changed('GET /api/users/me', 'GET /api/tenant/users');
}
