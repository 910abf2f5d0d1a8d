/** Joining a tenant by invitation. Address and role come from the invitation; a name and a password are chosen here. */

import { Link, useLocation, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { ask } from '../api/client';
import { useSending } from '../app/sending';
import { TextField } from '../design/controls';
import { pastedToken, tokenOf } from './addresses';
import { ChosenName, ChosenPassword } from './chosen';
import { Door, DoorForm, Quiet, Ways } from './door';
import { enter } from './entering';

const FIELDS = ['username', 'password', 'password_confirm'];

export default function Invitation() {
  const search = useSearch({ strict: false }) as Record<string, string | undefined>;
  const ofLink = tokenOf(useLocation({ select: ({ hash }) => hash }), search);
  const navigate = useNavigate();
  const [pasted, setPasted] = useState('');
  const [username, setUsername] = useState('');
  const [chosen, setChosen] = useState({ password: '', again: '' });
  const sending = useSending();
  const join = async () => {
    const body = {
      token: ofLink || pastedToken(pasted),
      username: username.trim(),
      password: chosen.password,
      password_confirm: chosen.again,
    };
    await ask('POST /api/auth/accept-invitation', { body });
    await navigate({ to: await enter(body.username, body.password, '/'), replace: true });
  };
  return (
    <Door title="Accept the invitation">
      <Quiet>Choose the name and the password that you log in with.</Quiet>
      <DoorForm
        sending={sending}
        fields={ofLink ? FIELDS : [...FIELDS, 'token']}
        onSend={join}
        verb="Join"
        during="Joining"
      >
        {!ofLink && (
          <TextField
            label="Link or token of the invitation"
            hint="This address has none in it. Paste what the mail has, or what an admin gave you."
            autoComplete="off"
            spellCheck={false}
            required
            value={pasted}
            onChange={(event) => setPasted(event.target.value)}
            wrong={sending.wrong('token')}
          />
        )}
        <ChosenName value={username} onChange={setUsername} sending={sending} />
        <ChosenPassword value={chosen} onChange={setChosen} sending={sending} />
      </DoorForm>
      <Ways>
        <Link to="/login">I have an account already</Link>
      </Ways>
    </Door>
  );
}
