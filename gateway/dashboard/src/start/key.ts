/**
 * The key that all snippets hold.
 *
 * It is made by a button and shown by the server this once, so it is kept among the answers until the page is loaded
 * again or somebody logs out. Invariant: none is made but by a press of the button.
 */
import { useQuery } from '@tanstack/react-query';
import { ask } from '../api/client';
import { answers, changed } from '../api/questions';
import type { NewKey } from '../api/schema';

const KEPT = ['the key of the first line'];

export function useMadeKey(): NewKey | undefined {
  return useQuery<NewKey>({
    queryKey: KEPT,
    queryFn: () => Promise.reject(new Error('a key is made by its button alone')),
    enabled: false,
    gcTime: Number.POSITIVE_INFINITY,
    staleTime: Number.POSITIVE_INFINITY,
  }).data;
}

export async function makeKey(name: string): Promise<void> {
  const key = await ask('POST /api/users/profile/api-keys', { body: { name, scopes: ['ingest'] } });
  answers.setQueryData(KEPT, key);
  await changed('GET /api/users/profile/api-keys');
}
