/**
 * Who stands behind an id: people, service accounts, keys. Invariant: nobody is asked for that the person may not see; an id
 * without a name stays an id.
 */
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { question } from '../../api/questions';
import { useMay } from '../../app/roles';
import { useMe } from '../../app/session';

export interface Named {
  id: string;
  name: string;
  kind: 'person' | 'service account' | 'key';
}

const ALL = { query: { size: 1000 } };

/** Everybody whose name is known, people first. */
export function useNamed(): Named[] {
  const me = useMe();
  const enabled = useMay('admin') === true;
  const people = useQuery({ ...question('GET /api/tenant/users', ALL), enabled }).data?.results;
  const machines = useQuery({ ...question('GET /api/tenant/service-accounts', ALL), enabled }).data?.results;
  const keys = useQuery(question('GET /api/users/profile/api-keys', ALL)).data?.results;
  return useMemo(() => {
    const own = me && !people ? [me] : [];
    return [
      ...[...(people ?? []), ...own].map(
        ({ id, username }): Named => ({ id, name: username, kind: 'person' }),
      ),
      ...(machines ?? []).map(({ id, name }): Named => ({ id, name, kind: 'service account' })),
      ...(keys ?? []).map(({ id, name }): Named => ({ id, name, kind: 'key' })),
    ];
  }, [me, people, machines, keys]);
}

/** The name of an id, or the id. */
export function useNames(): (id: string) => string {
  const named = useNamed();
  const names = useMemo(() => new Map(named.map(({ id, name }) => [id, name])), [named]);
  return (id) => names.get(id) ?? id;
}
