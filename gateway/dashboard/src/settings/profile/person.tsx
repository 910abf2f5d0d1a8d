/** Who one is, as the server knows it, and what one says of oneself. */
import { useState } from 'react';
import { ask } from '../../api/client';
import type { Profile } from '../../api/schema';
import { useSending } from '../../app/sending';
import { tell } from '../../app/toasts';
import { Button, TextArea, TextField } from '../../design/controls';
import { Moment } from '../../design/moment';
import { Section } from '../../design/page';
import { Facts } from '../parts/facts';
import { Form, Refused } from '../parts/form';
import css from '../parts/parts.module.css';
import { saveProfile } from './saving';

export function Person({ profile }: { profile: Profile }) {
  return (
    <Section title="Account">
      <Facts
        facts={[
          ['Username', profile.username],
          ['E-mail', <Email key="email" profile={profile} />],
          ['Role', profile.role],
          ['Since', <Moment key="since" at={profile.created_at} />],
        ]}
      />
    </Section>
  );
}

function Email({ profile: { email, email_verified } }: { profile: Profile }) {
  const { busy, error, send } = useSending();
  const [told, setTold] = useState<string | null>(null);
  const again = () =>
    send(async () => setTold((await ask('POST /api/auth/verify-email/resend', {})).message));
  if (email_verified) return <>{email} · verified</>;
  return (
    <>
      <div className={css.row}>
        <span className={css.words}>{email}</span>
        <span className={css.warning}>not verified</span>
        <Button disabled={busy} onClick={() => void again()}>
          Send the link again
        </Button>
      </div>
      <div role="status">{told}</div>
      {error !== null && <Refused error={error} />}
    </>
  );
}

const SAID = ['first_name', 'last_name', 'bio'] as const;

export function Said({ profile }: { profile: Profile }) {
  const [typed, setTyped] = useState<Partial<Record<(typeof SAID)[number], string>>>({});
  const sending = useSending();
  const isChanged = SAID.some((name) => (typed[name] ?? profile[name] ?? '') !== (profile[name] ?? ''));
  const field = (name: (typeof SAID)[number]) => ({
    name,
    value: typed[name] ?? profile[name] ?? '',
    wrong: sending.wrong(name),
    onChange: ({ target }: { target: { value: string } }) => setTyped({ ...typed, [name]: target.value }),
  });
  const save = async () => {
    if (await sending.send(() => saveProfile(typed))) {
      setTyped({});
      tell('Your profile is saved.');
    }
  };
  return (
    <Section title="About you" about="The members of your organization see this.">
      <Form label="About you" sending={sending} fields={SAID} onSend={() => void save()}>
        <div className={css.pair}>
          <TextField label="First name" autoComplete="given-name" {...field('first_name')} />
          <TextField label="Last name" autoComplete="family-name" {...field('last_name')} />
        </div>
        <TextArea label="Bio" rows={3} {...field('bio')} />
        <div className={css.row}>
          <Button type="submit" kind="main" disabled={!isChanged || sending.busy}>
            Save
          </Button>
          {isChanged && <Button onClick={() => setTyped({})}>Discard</Button>}
        </div>
      </Form>
    </Section>
  );
}
