/**
 * API keys. Invariant: a secret is shown once, when it is drawn, and kept nowhere. `?new` opens the form; with the id of a
 * service account the key is for that.
 */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { address } from '../api/client';
import { question } from '../api/questions';
import type { Key, NewKey } from '../api/schema';
import { useOffer } from '../app/actions';
import { pageOf, useAddress } from '../app/address';
import { may } from '../app/roles';
import { useMe } from '../app/session';
import { Button } from '../design/controls';
import { Copy } from '../design/copy';
import { Empty } from '../design/states';
import { Settings } from './frame';
import { command } from './keys/command';
import { RegenerateKey, RevokeKey } from './keys/deeds';
import { ChangeKey, MakeKey } from './keys/dialogs';
import { type Deed, Keys } from './keys/list';
import type { Wanted } from './keys/wanted';
import { Answered } from './parts/answered';
import { useNames } from './parts/names';
import { Once } from './parts/once';
import { Pager } from './parts/pager';
import css from './parts/parts.module.css';

export default function KeysPage() {
  const me = useMe();
  const [{ new: wanted, page }, go] = useAddress();
  const [draft, setDraft] = useState<Wanted | null>(null);
  const [made, setMade] = useState<{ key: NewKey; words: string } | null>(null);
  const [under, setUnder] = useState<{ deed: Deed; key: Key } | null>(null);
  const keys = useQuery(question('GET /api/users/profile/api-keys', { query: { page: pageOf(page) } }));
  const nameOf = useNames();
  const role = me?.role ?? '';
  const isAdmin = may(role, 'admin');
  const close = () => setUnder(null);
  const open = () => go({ new: '1' });
  useOffer([{ title: 'Create an API key', group: 'Here', run: open }]);
  return (
    <Settings
      title="API keys"
      actions={
        <Button kind="main" onClick={open}>
          Create key
        </Button>
      }
    >
      <p className={css.quiet}>
        With a key, programs send and ask without a login.{' '}
        {isAdmin ? 'You see all keys of the organization.' : 'You see your own; admins see all.'}
      </p>
      {made && !wanted && !under && (
        <Once
          title={`The key ${made.key.name} ${made.words}`}
          secret={made.key.key}
          what="key"
          onDone={() => setMade(null)}
        >
          <Try apiKey={made.key} />
        </Once>
      )}
      <Answered query={keys} what="The keys">
        {(list) =>
          list.total === 0 ? (
            <Empty title="There is no key yet">
              <p>Create one for each program, so that one can be revoked without the others.</p>
              <Button onClick={open}>Create key</Button>
            </Empty>
          ) : (
            <>
              <Keys
                keys={list.results}
                owner={isAdmin ? nameOf : undefined}
                onDeed={(deed, key) => setUnder({ deed, key })}
              />
              <Pager list={list} what="keys" />
            </>
          )
        }
      </Answered>
      {wanted && me && (
        <MakeKey
          role={role}
          owner={wanted === '1' ? '' : wanted}
          draft={draft}
          onDraft={setDraft}
          onMade={(key) => {
            setMade({ key, words: 'is created' });
            go({ new: undefined }, true);
          }}
          onClose={() => go({ new: undefined }, true)}
        />
      )}
      {under?.deed === 'change' && <ChangeKey apiKey={under.key} role={role} onClose={close} />}
      {under?.deed === 'revoke' && <RevokeKey apiKey={under.key} onClose={close} />}
      {under?.deed === 'regenerate' && (
        <RegenerateKey
          apiKey={under.key}
          onClose={close}
          onMade={(key) => setMade({ key, words: 'has a new secret' })}
        />
      )}
    </Settings>
  );
}

function Try({ apiKey: { key, scopes, streams } }: { apiKey: NewKey }) {
  const line = command(address('/'), key, scopes, streams);
  return (
    <>
      <p>Try it in a shell:</p>
      <div className={css.row}>
        <code className={css.command}>{line}</code>
        <Copy text={line} label="Copy command" />
      </div>
    </>
  );
}
