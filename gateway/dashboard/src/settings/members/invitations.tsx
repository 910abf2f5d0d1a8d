/** Who is invited and has not come. Invariant: the link of an invitation is shown once, to whoever invites. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../../api/client';
import { changed, question } from '../../api/questions';
import type { Invitation, NewInvitation, OwnTenant } from '../../api/schema';
import { pageOf, useAddress } from '../../app/address';
import { GIVEN_ROLES, type Role, reaches } from '../../app/roles';
import { useSending } from '../../app/sending';
import type { Me } from '../../app/session';
import { tell } from '../../app/toasts';
import { Button, Choice, TextField } from '../../design/controls';
import { Moment } from '../../design/moment';
import { Section, Table } from '../../design/page';
import { Note } from '../../design/states';
import { Answered } from '../parts/answered';
import { cut } from '../parts/cut';
import { Form } from '../parts/form';
import { Once } from '../parts/once';
import { Pager } from '../parts/pager';
import css from '../parts/parts.module.css';
import { Question } from '../parts/question';

function told() {
  return changed('GET /api/tenant/invitations', 'GET /api/tenant', 'GET /api/users/profile/quota');
}

export function Invitations({ me }: { me: Me }) {
  const [{ invited }] = useAddress();
  const tenant = useQuery(question('GET /api/tenant')).data;
  const list = useQuery(question('GET /api/tenant/invitations', { query: { page: pageOf(invited) } }));
  const [made, setMade] = useState<NewInvitation | null>(null);
  const [withdrawn, setWithdrawn] = useState<Invitation | null>(null);
  return (
    <Section title="Invitations" about={tenant && seats(tenant)}>
      {tenant?.status === 'suspended' && <Note>The organization is suspended; nobody can join now.</Note>}
      <Invite me={me} onMade={setMade} />
      {made && (
        <Once
          key={made.id}
          title={`${made.email} is invited as ${made.role}`}
          secret={made.link}
          what="link"
          onDone={() => setMade(null)}
        >
          <p>
            {made.mailed
              ? 'The link is on its way by mail, too.'
              : 'This server sends no mails: give the link to the person yourself.'}{' '}
            It counts until <Moment at={made.expires_at} />.
          </p>
        </Once>
      )}
      <Answered query={list} what="The invitations">
        {(list) =>
          list.total === 0 ? (
            <p className={css.quiet}>No invitation is open.</p>
          ) : (
            <>
              <Open list={list.results} onWithdraw={setWithdrawn} />
              <Pager list={list} what="invitations" name="invited" />
            </>
          )
        }
      </Answered>
      {withdrawn && <Withdraw invitation={withdrawn} onClose={() => setWithdrawn(null)} />}
    </Section>
  );
}

export function seats({ members, open_invitations, limits }: OwnTenant): string {
  const taken = members + open_invitations;
  const free = Math.max(limits.seats - taken, 0);
  return `${taken} of ${limits.seats} seats are taken, by members and open invitations; ${free === 0 ? 'none is' : `${free} ${free === 1 ? 'is' : 'are'}`} free.`;
}

function Invite({ me, onMade }: { me: Me; onMade: (made: NewInvitation) => void }) {
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const sending = useSending();
  const invite = async () => {
    const done = await sending.send(async () => {
      onMade(await ask('POST /api/tenant/invitations', { body: { email: email.trim(), role } }));
      await told();
    });
    if (done) setEmail('');
  };
  return (
    <Form label="Invite" wide sending={sending} fields={['email', 'role']} onSend={() => void invite()}>
      <div className={css.line}>
        <TextField
          label="E-mail"
          type="email"
          name="email"
          autoComplete="off"
          value={email}
          wrong={sending.wrong('email')}
          onChange={({ target }) => setEmail(target.value)}
        />
        <Choice
          label="Role"
          value={role}
          wrong={sending.wrong('role')}
          onChange={({ target }) => setRole(target.value as Role)}
        >
          {GIVEN_ROLES.filter((one) => reaches(me.role, one)).map((one) => (
            <option key={one}>{one}</option>
          ))}
        </Choice>
        <Button type="submit" kind="main" disabled={sending.busy || email.trim() === ''}>
          Invite
        </Button>
      </div>
    </Form>
  );
}

function Open({ list, onWithdraw }: { list: Invitation[]; onWithdraw: (one: Invitation) => void }) {
  return (
    <Table label="Open invitations" columns={['E-mail', 'Role', 'Counts until']} last="Withdraw">
      {list.map((invitation) => (
        <tr key={invitation.id}>
          <td className={css.words}>{invitation.email}</td>
          <td>{invitation.role}</td>
          <td className={invitation.expired ? css.warning : undefined}>
            {invitation.expired ? 'ended ' : ''}
            <Moment at={invitation.expires_at} />
          </td>
          <td className={css.end}>
            <Button
              aria-label={`Withdraw the invitation of ${invitation.email}`}
              onClick={() => onWithdraw(invitation)}
            >
              Withdraw
            </Button>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Withdraw({ invitation: { id, email }, onClose }: { invitation: Invitation; onClose: () => void }) {
  const work = async () => {
    await ask('DELETE /api/tenant/invitations/{id}', { path: { id } });
    await told();
    tell(`The invitation of ${email} is withdrawn.`);
  };
  return (
    <Question
      title={`Withdraw the invitation of ${cut(email)}?`}
      act="Withdraw"
      work={work}
      onClose={onClose}
    >
      Its link is worthless from then on. Another invitation has another link.
    </Question>
  );
}
