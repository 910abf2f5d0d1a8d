/** Somebody whose login ended in the middle of work logs in again in the same place: what was typed stays. */
import { type FormEvent, useEffect, useState } from 'react';
import { ended } from '../api/client';
import { answers } from '../api/questions';
import { Button, TextField } from '../design/controls';
import { Dialog, Foot } from '../design/dialog';
import { Note, sentence } from '../design/states';
import { Pause } from './pause';
import { useSending } from './sending';
import { logIn, type Me, me } from './session';

export function LogInAgain() {
  const [who, setWho] = useState<string | null>(null);
  const { busy, error, send } = useSending();
  useEffect(() => {
    const show = () => setWho((before) => before ?? answers.getQueryData<Me>(me.queryKey)?.username ?? '');
    const pause = new Pause();
    const hear = () => pause.after(show);
    ended.addEventListener('ended', hear);
    return () => {
      ended.removeEventListener('ended', hear);
      pause.end();
    };
  }, []);
  if (who === null) return null;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    void send(async () => {
      await logIn(String(given.get('username')), String(given.get('password')));
      setWho(null);
    });
  };
  return (
    <Dialog title="Your login has ended" onClose={() => setWho(null)}>
      <form onSubmit={submit} style={{ display: 'contents' }}>
        <p>Log in again to go on where you are. Nothing that you typed is lost.</p>
        {error !== null && <Note kind="error">{sentence(error)}</Note>}
        <TextField
          label="User name or e-mail"
          name="username"
          autoComplete="username"
          defaultValue={who}
          required
        />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
        />
        <Foot>
          <Button kind="main" type="submit" disabled={busy}>
            Log in
          </Button>
        </Foot>
      </form>
    </Dialog>
  );
}
