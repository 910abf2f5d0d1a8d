/** Adding a service account. What was typed stays when the server refuses. */
import { useState } from 'react';
import { ask } from '../../api/client';
import { changed } from '../../api/questions';
import { GIVEN_ROLES, type Role, reaches } from '../../app/roles';
import { useSending } from '../../app/sending';
import { tell } from '../../app/toasts';
import { Button, Choice, TextField } from '../../design/controls';
import { Form } from '../parts/form';
import css from '../parts/parts.module.css';

export function AddMachine({ own }: { own: string }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('developer');
  const sending = useSending();
  const add = async () => {
    const done = await sending.send(async () => {
      await ask('POST /api/tenant/service-accounts', { body: { name, role } });
      await changed('GET /api/tenant/service-accounts');
    });
    if (!done) return;
    tell(`The service account ${name.trim()} is there. Create a key for it next.`);
    setName('');
  };
  return (
    <Form
      label="Add a service account"
      wide
      sending={sending}
      fields={['name', 'role']}
      onSend={() => void add()}
    >
      <div className={css.line}>
        <TextField
          label="Name"
          name="machine"
          autoComplete="off"
          value={name}
          wrong={sending.wrong('name')}
          onChange={({ target }) => setName(target.value)}
        />
        <Choice
          label="Role"
          value={role}
          wrong={sending.wrong('role')}
          onChange={({ target }) => setRole(target.value as Role)}
        >
          {GIVEN_ROLES.filter((one) => reaches(own, one)).map((one) => (
            <option key={one}>{one}</option>
          ))}
        </Choice>
        <Button type="submit" disabled={sending.busy || name.trim() === ''}>
          Add service account
        </Button>
      </div>
    </Form>
  );
}
