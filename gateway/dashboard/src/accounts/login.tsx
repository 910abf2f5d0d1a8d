/** The way in, and from there back to where one was. Invariant: `next` leads to no other site. */

import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ask, hasLogin } from '../api/client';
import { useSending } from '../app/sending';
import { logIn } from '../app/session';
import { TextField } from '../design/controls';
import { placeAfter } from './addresses';
import { Door, DoorForm, Ways } from './door';

const FIELDS = ['username', 'email', 'password'];

export default function Login() {
  const search = useSearch({ strict: false }) as Record<string, string | undefined>;
  const { next } = search;
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const goOn = () => navigate({ href: placeAfter(next, document.baseURI), replace: true } as never);
  const sending = useSending();
  const enter = async () => {
    await logIn(name.trim(), password);
    await goOn();
  };
  useEntered(goOn);
  return (
    <Door title="Log in">
      <DoorForm sending={sending} fields={FIELDS} onSend={enter} verb="Log in" during="Logging in">
        <TextField
          label="Username or e-mail"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
          wrong={sending.wrong('username') ?? sending.wrong('email')}
        />
        <TextField
          label="Password"
          type="password"
          name="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          wrong={sending.wrong('password')}
        />
      </DoorForm>
      <Ways>
        <Link to="/reset-password">Forgot the password?</Link>
        <Link to="/register">Register</Link>
      </Ways>
    </Door>
  );
}

/** Whoever is logged in, as another window shows, need not do it again. */
function useEntered(goOn: () => unknown) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is asked once
  useEffect(() => {
    if (!hasLogin()) return;
    const asking = new AbortController();
    ask('GET /api/users/me', { signal: asking.signal }).then(goOn, () => {});
    return () => asking.abort();
  }, []);
}
