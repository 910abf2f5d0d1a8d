/** Service accounts: members that are programs. One that is switched off keeps its keys, and they do not count. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { ask } from '../../api/client';
import { changed, question } from '../../api/questions';
import type { Routes, ServiceAccount } from '../../api/schema';
import { pageOf, useAddress } from '../../app/address';
import { reaches } from '../../app/roles';
import { useSending } from '../../app/sending';
import type { Me } from '../../app/session';
import { tell } from '../../app/toasts';
import { Button, buttonClass } from '../../design/controls';
import { Section, Table } from '../../design/page';
import { Answered } from '../parts/answered';
import { cut } from '../parts/cut';
import { Refused } from '../parts/form';
import { Pager } from '../parts/pager';
import css from '../parts/parts.module.css';
import { Question } from '../parts/question';
import { AddMachine } from './machine_form';
import { RoleChoice } from './role_choice';

type Change = Routes['PATCH /api/tenant/service-accounts/{id}']['body'];

async function changeMachine({ id }: ServiceAccount, body: Change) {
  await ask('PATCH /api/tenant/service-accounts/{id}', { path: { id }, body });
  await changed('GET /api/tenant/service-accounts');
}

export function Machines({ me }: { me: Me }) {
  const [{ programs }] = useAddress();
  const list = useQuery(question('GET /api/tenant/service-accounts', { query: { page: pageOf(programs) } }));
  const [removed, setRemoved] = useState<ServiceAccount | null>(null);
  const sending = useSending();
  const change = async (machine: ServiceAccount, to: Change, back: Change, words: string) => {
    if (!(await sending.send(() => changeMachine(machine, to)))) return;
    tell(words, { undo: () => void sending.send(() => changeMachine(machine, back)) });
  };
  return (
    <Section
      title="Service accounts"
      about="Programs with a role and API keys of their own. They have no login and take no seat, and stay when a person goes."
    >
      <AddMachine own={me.role} />
      {sending.error !== null && <Refused error={sending.error} />}
      <Answered query={list} what="The service accounts">
        {(list) =>
          list.total === 0 ? (
            <p className={css.quiet}>There is none yet.</p>
          ) : (
            <>
              <Table
                label="List of service accounts"
                columns={['Name', 'Role', 'Keys', 'State']}
                last="Deeds"
              >
                {list.results.map((machine) => (
                  <Row
                    key={machine.id}
                    machine={machine}
                    own={me.role}
                    busy={sending.busy}
                    onChange={(to, back, words) => void change(machine, to, back, words)}
                    onRemove={() => setRemoved(machine)}
                  />
                ))}
              </Table>
              <Pager list={list} what="service accounts" name="programs" />
            </>
          )
        }
      </Answered>
      {removed && <Remove machine={removed} onClose={() => setRemoved(null)} />}
    </Section>
  );
}

interface RowProps {
  machine: ServiceAccount;
  own: string;
  busy: boolean;
  onChange: (to: Change, back: Change, words: string) => void;
  onRemove: () => void;
}

function Row({ machine, own, busy, onChange, onRemove }: RowProps) {
  const { id, name, role, active, keys } = machine;
  const turn = () =>
    onChange(
      { active: !active },
      { active },
      active ? `${name} is off; its keys do not count.` : `${name} is on.`,
    );
  return (
    <tr>
      <td className={css.words}>{name}</td>
      <td>
        <RoleChoice
          of={name}
          role={role}
          own={own}
          disabled={busy}
          onChange={(to) => onChange({ role: to }, { role }, `${name} is ${to} now.`)}
        />
      </td>
      <td>{keys}</td>
      <td className={active ? undefined : css.warning}>{active ? 'on' : 'off'}</td>
      <td>
        {reaches(own, role) && (
          <div className={css.deeds}>
            <Link
              to="/settings/keys"
              search={{ new: id } as never}
              className={buttonClass}
              aria-label={`Create key for ${name}`}
            >
              Create key
            </Link>
            <Button disabled={busy} aria-label={`Switch ${active ? 'off' : 'on'} ${name}`} onClick={turn}>
              {active ? 'Switch off' : 'Switch on'}
            </Button>
            <Button aria-label={`Remove ${name}`} onClick={onRemove}>
              Remove
            </Button>
          </div>
        )}
      </td>
    </tr>
  );
}

function Remove({ machine: { id, name, keys }, onClose }: { machine: ServiceAccount; onClose: () => void }) {
  const work = async () => {
    await ask('DELETE /api/tenant/service-accounts/{id}', { path: { id } });
    await changed('GET /api/tenant/service-accounts', 'GET /api/users/profile/api-keys');
    tell(`The service account ${name} is removed.`);
  };
  const lost =
    keys === 0
      ? 'It has no key.'
      : keys === 1
        ? 'Its key counts no more.'
        : `Its ${keys} keys count no more.`;
  return (
    <Question title={`Remove the service account ${cut(name)}?`} act="Remove" work={work} onClose={onClose}>
      {lost} It cannot be taken back; switching it off can.
    </Question>
  );
}
