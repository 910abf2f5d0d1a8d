/**
 * The end of the tenant. Invariant: nothing is sent before its name was typed as it is; afterwards nothing is asked any
 * more, because nobody of it is let in.
 */
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { ask } from '../../api/client';
import { useSending } from '../../app/sending';
import { logOut, useMe } from '../../app/session';
import { Button, TextField } from '../../design/controls';
import { Dialog, Foot } from '../../design/dialog';
import { Section } from '../../design/page';
import { cut } from '../parts/cut';
import { Form } from '../parts/form';

export function Erase() {
  const tenant = useMe()?.tenant;
  const [isOpen, setOpen] = useState(false);
  if (!tenant) return null;
  return (
    <Section
      title="Erase the organization"
      about="Closes it at once and removes lines, files, people and keys. It cannot be taken back; export first what you want to keep."
    >
      <div>
        <Button kind="danger" onClick={() => setOpen(true)}>
          Erase {cut(tenant.name)}…
        </Button>
      </div>
      {isOpen && <Asked name={tenant.name} onClose={() => setOpen(false)} />}
    </Section>
  );
}

function Asked({ name, onClose }: { name: string; onClose: () => void }) {
  const [typed, setTyped] = useState({ name: '', password: '' });
  const [isGone, setGone] = useState(false);
  const sending = useSending();
  const erase = async () => {
    if (await sending.send(() => ask('POST /api/tenant/erase', { body: typed }))) setGone(true);
  };
  if (isGone) return <Gone name={name} />;
  return (
    <Dialog title={`Erase ${cut(name)}?`} onClose={onClose}>
      <Form label="Erase" sending={sending} fields={['name', 'password']} onSend={() => void erase()}>
        <p>
          All lines, files, saved searches, people and keys of {name} go. Its people are logged out at once
          and its programs are refused.
        </p>
        <TextField
          label={`Type the name, ${name}`}
          autoComplete="off"
          spellCheck={false}
          value={typed.name}
          wrong={sending.wrong('name')}
          onChange={({ target }) => setTyped({ ...typed, name: target.value })}
        />
        <TextField
          label="Your password"
          type="password"
          autoComplete="current-password"
          value={typed.password}
          wrong={sending.wrong('password')}
          onChange={({ target }) => setTyped({ ...typed, password: target.value })}
        />
        <Foot>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            kind="danger"
            disabled={sending.busy || typed.name !== name || typed.password === ''}
          >
            Erase {cut(name)}
          </Button>
        </Foot>
      </Form>
    </Dialog>
  );
}

function Gone({ name }: { name: string }) {
  const navigate = useNavigate();
  const leave = () => {
    void logOut()
      .catch(() => undefined)
      .then(() => navigate({ to: '/login' }));
  };
  return (
    <Dialog title={`${cut(name)} is closed`} onClose={leave}>
      <p>
        What it has is being removed. The operator of the server gets a signed receipt that says what is gone,
        what goes later and what stays.
      </p>
      <Foot>
        <Button kind="main" onClick={leave}>
          Leave
        </Button>
      </Foot>
    </Dialog>
  );
}
