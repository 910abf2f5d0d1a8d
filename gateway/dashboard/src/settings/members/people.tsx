/** The people of the tenant. Invariant: what the server refuses is told in its words, and the list stays as it was. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../../api/client';
import { changed, question } from '../../api/questions';
import type { Member } from '../../api/schema';
import { pageOf, useAddress } from '../../app/address';
import { may, type Role, reaches } from '../../app/roles';
import { useSending } from '../../app/sending';
import type { Me } from '../../app/session';
import { tell } from '../../app/toasts';
import { Button } from '../../design/controls';
import { Moment } from '../../design/moment';
import { Section, Table } from '../../design/page';
import { Answered } from '../parts/answered';
import { cut } from '../parts/cut';
import { Refused } from '../parts/form';
import { Pager } from '../parts/pager';
import css from '../parts/parts.module.css';
import { Question } from '../parts/question';
import { RoleChoice } from './role_choice';

const LISTS = ['GET /api/tenant/users', 'GET /api/tenant', 'GET /api/users/profile/quota'] as const;

async function giveRole({ id }: Member, role: Role) {
  await ask('PATCH /api/tenant/users/{id}', { path: { id }, body: { role } });
  await changed('GET /api/tenant/users', 'GET /api/users/me', 'GET /api/users/profile');
}

export function People({ me }: { me: Me }) {
  const [{ page }] = useAddress();
  const members = useQuery(question('GET /api/tenant/users', { query: { page: pageOf(page) } }));
  const [removed, setRemoved] = useState<Member | null>(null);
  const [loses, setLoses] = useState<{ role: Role; member: Member } | null>(null);
  const sending = useSending();
  const change = async (member: Member, role: Role) => {
    if (member.id === me.id && !may(role, 'admin')) return setLoses({ member, role });
    if (!(await sending.send(() => giveRole(member, role)))) return;
    const undo = () => void sending.send(() => giveRole(member, member.role));
    tell(`${member.username} is ${role} now.`, { undo });
  };
  return (
    <Section title="People">
      {sending.error !== null && <Refused error={sending.error} />}
      <Answered query={members} what="The members">
        {(list) => (
          <>
            <Table
              label="List of people"
              columns={['Name', 'E-mail', 'Role', 'Last login', 'Joined']}
              last="Remove"
            >
              {list.results.map((member) => (
                <Row
                  key={member.id}
                  member={member}
                  me={me}
                  busy={sending.busy}
                  onRole={(role) => void change(member, role)}
                  onRemove={() => setRemoved(member)}
                />
              ))}
            </Table>
            <Pager list={list} what="people" />
          </>
        )}
      </Answered>
      {removed && <Remove member={removed} onClose={() => setRemoved(null)} />}
      {loses && (
        <Question
          title="Take the role admin from yourself?"
          act={`Become ${loses.role}`}
          work={() => giveRole(loses.member, loses.role)}
          onClose={() => setLoses(null)}
        >
          You will not administer the organization any more. Only another administrator can give the role
          back.
        </Question>
      )}
    </Section>
  );
}

interface RowProps {
  member: Member;
  me: Me;
  busy: boolean;
  onRole: (role: Role) => void;
  onRemove: () => void;
}

function Row({ member, me, busy, onRole, onRemove }: RowProps) {
  const { id, username, first_name, last_name, email, email_verified, role, last_login, joined_at } = member;
  const isMe = id === me.id;
  const name = [first_name, last_name].filter(Boolean).join(' ');
  return (
    <tr>
      <td className={css.words}>
        {username}
        {isMe && <span className={css.sub}> · you</span>}
        {name && <div className={css.sub}>{name}</div>}
      </td>
      <td className={css.words}>
        {email}
        {!email_verified && <div className={css.sub}>not verified</div>}
      </td>
      <td>
        <RoleChoice of={username} role={role} own={me.role} disabled={busy} onChange={onRole} />
      </td>
      <td>
        <Moment at={last_login} />
      </td>
      <td>
        <Moment at={joined_at} />
      </td>
      <td className={css.end}>
        {!isMe && reaches(me.role, role) && (
          <Button aria-label={`Remove ${username}`} onClick={onRemove}>
            Remove
          </Button>
        )}
      </td>
    </tr>
  );
}

function Remove({ member: { id, username, email }, onClose }: { member: Member; onClose: () => void }) {
  const work = async () => {
    await ask('DELETE /api/tenant/users/{id}', { path: { id } });
    await changed(...LISTS, 'GET /api/users/profile/api-keys');
    tell(`${username} does not belong to the organization any more.`);
  };
  return (
    <Question
      title={`Remove ${cut(username)}?`}
      act={`Remove ${cut(username)}`}
      work={work}
      onClose={onClose}
    >
      All logins of {email} end at once and the person’s API keys count no more. Coming back needs an
      invitation.
    </Question>
  );
}
