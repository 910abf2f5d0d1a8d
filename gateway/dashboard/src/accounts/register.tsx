/** Founding a tenant. Whoever does is its admin, is logged in at once, and goes on to sending the first line. */

import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { ask, Failure } from '../api/client';
import { useSending } from '../app/sending';
import { TextField } from '../design/controls';
import { Note } from '../design/states';
import { ChosenName, ChosenPassword } from './chosen';
import { Door, DoorForm, Ways } from './door';
import { enter } from './entering';

const FIELDS = ['username', 'email', 'organization', 'password', 'password_confirm', 'setup_token'];

export default function Register() {
  const { setup_token } = useSearch({ strict: false }) as Record<string, string | undefined>;
  const navigate = useNavigate();
  const [username, setUsername] = useState('');
  const [email, setEmail] = useState('');
  const [organization, setOrganization] = useState('');
  const [chosen, setChosen] = useState({ password: '', again: '' });
  const sending = useSending();
  const register = async () => {
    const body = {
      username: username.trim(),
      email: email.trim(),
      organization: organization.trim() || null,
      password: chosen.password,
      password_confirm: chosen.again,
      ...(setup_token && { setup_token }),
    };
    await ask('POST /api/auth/register', { body });
    await navigate({ to: await enter(body.username, body.password, '/start'), replace: true });
  };
  return (
    <Door title={setup_token ? 'Set up this server' : 'Register'}>
      {setup_token && <SetupNote failure={sending.error} />}
      <DoorForm sending={sending} fields={FIELDS} onSend={register} verb="Register" during="Registering">
        <ChosenName value={username} onChange={setUsername} sending={sending} />
        <TextField
          label="E-mail"
          name="email"
          type="email"
          autoComplete="email"
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          wrong={sending.wrong('email')}
        />
        <TextField
          label="Organization (optional)"
          name="organization"
          hint="Your username if you leave it empty."
          autoComplete="organization"
          value={organization}
          onChange={(event) => setOrganization(event.target.value)}
          wrong={sending.wrong('organization')}
        />
        <ChosenPassword value={chosen} onChange={setChosen} sending={sending} />
      </DoorForm>
      <Ways>
        <Link to="/login">Log in instead</Link>
      </Ways>
    </Door>
  );
}

function SetupNote({ failure }: { failure: unknown }) {
  if (failure instanceof Failure && failure.field === 'setup_token') {
    return (
      <Note>
        <span>The link is used up, or from another start of the server.</span>
        <Link to="/register">Register without it</Link>
      </Note>
    );
  }
  return <p>Nobody has registered here yet. Whoever registers with this link runs the server.</p>;
}
