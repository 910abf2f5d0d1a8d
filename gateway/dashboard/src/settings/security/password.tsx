/** A new password. Invariant: what was typed is kept in this form only, and forgotten when it has counted. */
import { useState } from 'react';
import { ask } from '../../api/client';
import { changed } from '../../api/questions';
import { useSending } from '../../app/sending';
import { useMe } from '../../app/session';
import { tell } from '../../app/toasts';
import { Button, Check, TextField } from '../../design/controls';
import { Section } from '../../design/page';
import { Form } from '../parts/form';
import css from '../parts/parts.module.css';

const EMPTY = { old_password: '', new_password: '', new_password_confirm: '' };
const FIELDS = [...(Object.keys(EMPTY) as (keyof typeof EMPTY)[]), 'password'];

export function Password() {
  const me = useMe();
  const sending = useSending();
  const [typed, setTyped] = useState(EMPTY);
  const [isShown, setShown] = useState(false);
  const field = (name: keyof typeof EMPTY) => ({
    name,
    type: isShown ? 'text' : 'password',
    value: typed[name],
    wrong: sending.wrong(name),
    required: true,
    onChange: ({ target }: { target: { value: string } }) => setTyped({ ...typed, [name]: target.value }),
  });
  const save = async () => {
    const done = await sending.send(() => ask('POST /api/auth/change-password', { body: typed }));
    if (!done) return;
    setTyped(EMPTY);
    setShown(false);
    tell('Your password is changed. All other logins have ended.');
    await changed('GET /api/auth/sessions');
  };
  const fresh = field('new_password');
  return (
    <Section title="Password" about="A new one ends all your logins but this one. API keys go on counting.">
      <Form label="Password" sending={sending} fields={FIELDS} onSend={() => void save()}>
        <input type="text" autoComplete="username" value={me?.username ?? ''} readOnly hidden />
        <TextField label="Password until now" autoComplete="current-password" {...field('old_password')} />
        <TextField
          label="New password"
          autoComplete="new-password"
          hint="At least 8 characters; no common one, not only digits, not like your name."
          {...fresh}
          wrong={fresh.wrong ?? sending.wrong('password')}
        />
        <TextField
          label="New password again"
          autoComplete="new-password"
          {...field('new_password_confirm')}
        />
        <Check
          label="Show what I type"
          checked={isShown}
          onChange={({ target }) => setShown(target.checked)}
        />
        <div className={css.row}>
          <Button
            type="submit"
            kind="main"
            disabled={sending.busy || Object.values(typed).some((text) => text === '')}
          >
            Change password
          </Button>
        </div>
      </Form>
    </Section>
  );
}
