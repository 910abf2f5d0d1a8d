/** A forgotten password: a link is asked for, and with the token of the link another password chosen. */

import { Link, useLocation, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { ask, Failure } from '../api/client';
import { useSending } from '../app/sending';
import { TextField } from '../design/controls';
import { sentence } from '../design/states';
import { tokenOf } from './addresses';
import { ChosenPassword } from './chosen';
import { Door, DoorForm, Quiet, Ways } from './door';

export default function Reset() {
  const search = useSearch({ strict: false }) as Record<string, string | undefined>;
  const token = tokenOf(useLocation({ select: ({ hash }) => hash }), search);
  return token ? <Choose token={token} /> : <AskForLink />;
}

const ASKED = ['email', 'username'];
const REASON = 'type your username or e-mail address';

function AskForLink() {
  const [name, setName] = useState('');
  const [told, setTold] = useState<string | null>(null);
  const sending = useSending();
  const askFor = async () => {
    // The server answers the same whatever is asked, also to nothing.
    if (!name.trim()) throw new Failure(422, 'invalid_field', REASON, { field: 'email', reason: REASON });
    const { message } = await ask('POST /api/auth/password-reset', { body: { email: name.trim() } });
    setTold(sentence(message));
  };
  return (
    <Door title="Ask for another password">
      {told ? (
        <p role="status">{told} It counts for a while and once.</p>
      ) : (
        <>
          <Quiet>A mail with a link comes to the address of your account.</Quiet>
          <DoorForm sending={sending} fields={ASKED} onSend={askFor} verb="Send the link" during="Sending">
            <TextField
              label="Username or e-mail"
              name="username"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              required
              value={name}
              onChange={(event) => setName(event.target.value)}
              wrong={sending.wrong('email') ?? sending.wrong('username')}
            />
          </DoorForm>
        </>
      )}
      <Ways>
        <Link to="/login">Back to the login</Link>
      </Ways>
    </Door>
  );
}

const NAMES = ['new_password', 'new_password_confirm'] as const;

function Choose({ token }: { token: string }) {
  const [chosen, setChosen] = useState({ password: '', again: '' });
  const [told, setTold] = useState<string | null>(null);
  const sending = useSending();
  const change = async () => {
    const body = { token, new_password: chosen.password, new_password_confirm: chosen.again };
    const { message } = await ask('POST /api/auth/password-reset/confirm', { body });
    setTold(sentence(message));
  };
  return (
    <Door title="Choose another password">
      {told ? (
        <p role="status">{told}</p>
      ) : (
        <DoorForm
          sending={sending}
          fields={NAMES}
          onSend={change}
          verb="Change the password"
          during="Changing"
        >
          <ChosenPassword
            label="New password"
            names={NAMES}
            value={chosen}
            onChange={setChosen}
            sending={sending}
          />
        </DoorForm>
      )}
      <Ways>
        <Link to="/login">{told ? 'Log in' : 'Back to the login'}</Link>
        {!told && <Link to="/reset-password">Ask for another link</Link>}
      </Ways>
    </Door>
  );
}
