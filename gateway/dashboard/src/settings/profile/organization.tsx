/** The tenant as its people see it, and its name, which admins change. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../../api/client';
import { changed, question } from '../../api/questions';
import type { OwnTenant } from '../../api/schema';
import { useMay } from '../../app/roles';
import { useSending } from '../../app/sending';
import { tell, tellFailure } from '../../app/toasts';
import { Button, TextField } from '../../design/controls';
import { Section } from '../../design/page';
import { Note } from '../../design/states';
import { Answered } from '../parts/answered';
import { Facts } from '../parts/facts';
import { Form } from '../parts/form';
import css from '../parts/parts.module.css';

export function Organization() {
  const tenant = useQuery(question('GET /api/tenant'));
  const isAdmin = useMay('admin');
  return (
    <Section
      title="Organization"
      about={isAdmin === false ? 'An administrator of the organization can rename it.' : undefined}
    >
      <Answered query={tenant} what="The organization">
        {(tenant) => (
          <>
            {tenant.status === 'suspended' && (
              <Note>Suspended by the operator: {tenant.reason ?? 'no reason was given'}.</Note>
            )}
            <Facts
              facts={[
                ...(isAdmin ? [] : [['Name', tenant.name] as const]),
                [
                  'Id',
                  <span key="id" className={css.mono}>
                    {tenant.id}
                  </span>,
                ],
                ['Members', String(tenant.members)],
              ]}
            />
            {isAdmin && <Name tenant={tenant} />}
          </>
        )}
      </Answered>
    </Section>
  );
}

async function rename(name: string) {
  await ask('PATCH /api/tenant', { body: { name } });
  await changed('GET /api/tenant', 'GET /api/users/me', 'GET /api/users/profile');
}

function Name({ tenant }: { tenant: OwnTenant }) {
  const [typed, setTyped] = useState<string | null>(null);
  const sending = useSending();
  const name = typed ?? tenant.name;
  const save = async () => {
    if (!(await sending.send(() => rename(name)))) return;
    setTyped(null);
    tell(`The organization is called ${name.trim()} now.`, {
      undo: () => void rename(tenant.name).catch(tellFailure),
    });
  };
  return (
    <Form label="Name of the organization" sending={sending} fields={['name']} onSend={() => void save()}>
      <TextField
        label="Name"
        name="name"
        autoComplete="organization"
        value={name}
        wrong={sending.wrong('name')}
        onChange={({ target }) => setTyped(target.value)}
      />
      <div className={css.row}>
        <Button type="submit" disabled={name === tenant.name || sending.busy}>
          Rename
        </Button>
      </div>
    </Form>
  );
}
