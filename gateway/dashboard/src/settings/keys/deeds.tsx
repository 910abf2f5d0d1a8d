/** Revoking a key and drawing it a new secret: both stop what uses it, so both ask, naming it and its last use. */
import { ask } from '../../api/client';
import { changed } from '../../api/questions';
import type { Key, NewKey } from '../../api/schema';
import { tell } from '../../app/toasts';
import { Moment } from '../../design/moment';
import { cut } from '../parts/cut';
import { Question } from '../parts/question';

interface DeedProps {
  apiKey: Key;
  onClose: () => void;
}

function LastUse({ apiKey: { last_used_at } }: { apiKey: Key }) {
  if (!last_used_at) return <>Nobody has used it yet.</>;
  return (
    <>
      It was used <Moment at={last_used_at} />.
    </>
  );
}

export function RevokeKey({ apiKey, onClose }: DeedProps) {
  const { id, name } = apiKey;
  const work = async () => {
    await ask('DELETE /api/users/profile/api-keys/{id}', { path: { id } });
    await changed('GET /api/users/profile/api-keys', 'GET /api/tenant/service-accounts');
    tell(`The key ${name} is revoked.`);
  };
  return (
    <Question title={`Revoke the key ${cut(name)}?`} act="Revoke key" work={work} onClose={onClose}>
      <LastUse apiKey={apiKey} /> Whatever uses it is refused from its next request on. It cannot be taken
      back.
    </Question>
  );
}

export function RegenerateKey({ apiKey, onClose, onMade }: DeedProps & { onMade: (key: NewKey) => void }) {
  const { id, name } = apiKey;
  const work = async () => {
    onMade(await ask('POST /api/users/profile/api-keys/{id}/regenerate', { path: { id } }));
    await changed('GET /api/users/profile/api-keys');
  };
  return (
    <Question
      title={`Draw a new secret for the key ${cut(name)}?`}
      act="Draw a new secret"
      work={work}
      onClose={onClose}
    >
      <LastUse apiKey={apiKey} /> Whatever uses the old secret is refused at once, until it has the new one.
    </Question>
  );
}
