/** Making and changing a key. Invariant: what was typed stays as long as the dialog is open. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask, Failure } from '../../api/client';
import { changed, question } from '../../api/questions';
import type { Key, NewKey } from '../../api/schema';
import { may } from '../../app/roles';
import { useSending } from '../../app/sending';
import { tell } from '../../app/toasts';
import { Dialog } from '../../design/dialog';
import { cut } from '../parts/cut';
import { KeyForm } from './form';
import { allIfNone, change, empty, endOf, ofKey, patterns, type Wanted } from './wanted';

interface MakeProps {
  role: string;
  /** The service account that is to have it, or nothing. */
  owner: string;
  /** What was typed before it was closed by a slip. */
  draft: Wanted | null;
  onDraft: (draft: Wanted | null) => void;
  onMade: (key: NewKey) => void;
  onClose: () => void;
}

export function MakeKey({ role, owner, draft, onDraft, onMade, onClose }: MakeProps) {
  const isAdmin = may(role, 'admin');
  const wanted = draft ?? {
    ...empty(isAdmin ? owner : ''),
    scopes: [may(role, 'ingest') ? 'ingest' : 'read'],
  };
  const sending = useSending();
  const machines = useQuery({
    ...question('GET /api/tenant/service-accounts', { query: { size: 1000 } }),
    enabled: isAdmin,
  });
  const make = () =>
    sending.send(async () => {
      const body = {
        name: wanted.name,
        scopes: wanted.scopes,
        streams: allIfNone(patterns(wanted.streams)),
        expires_at: checkedEnd(wanted),
        ...(wanted.owner && { service_account: wanted.owner }),
      };
      onMade(await ask('POST /api/users/profile/api-keys', { body }));
      onDraft(null);
      await changed('GET /api/users/profile/api-keys', 'GET /api/tenant/service-accounts');
    });
  return (
    <Dialog title="Create an API key" onClose={onClose}>
      <KeyForm
        wanted={wanted}
        onChange={onDraft}
        onSend={() => void make()}
        onClose={() => {
          onDraft(null);
          onClose();
        }}
        sending={sending}
        role={role}
        machines={machines.data?.results}
        act="Create key"
      />
    </Dialog>
  );
}

export function ChangeKey({ apiKey, role, onClose }: { apiKey: Key; role: string; onClose: () => void }) {
  const before = ofKey(apiKey);
  const [wanted, setWanted] = useState(before);
  const sending = useSending();
  const save = async () => {
    const done = await sending.send(async () => {
      checkedEnd(wanted);
      const body = change(before, wanted, new Date());
      await ask('PATCH /api/users/profile/api-keys/{id}', { path: { id: apiKey.id }, body });
      await changed('GET /api/users/profile/api-keys');
    });
    if (!done) return;
    onClose();
    tell(`The key ${wanted.name} is changed; its secret is the same.`);
  };
  return (
    <Dialog title={`Change the key ${cut(apiKey.name)}`} onClose={onClose}>
      <KeyForm
        wanted={wanted}
        onChange={setWanted}
        onSend={() => void save()}
        onClose={onClose}
        sending={sending}
        role={role}
        act="Save"
      />
    </Dialog>
  );
}

/** A day that is none would be sent as no end at all, so it is refused here. */
function checkedEnd(wanted: Wanted): string | null {
  const end = endOf(wanted, new Date());
  if (end !== undefined) return end;
  const details = { field: 'expires_at', reason: 'choose the last day on which it counts' };
  throw new Failure(422, 'invalid_field', details.reason, details);
}
