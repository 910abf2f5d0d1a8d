/** What a key may do, for which streams, until when, and whose it is. It may never do more than its owner. */
import type { ServiceAccount } from '../../api/schema';
import { SCOPE_WORDS, SCOPES, type Scope, scopesOf } from '../../app/roles';
import type { Sending } from '../../app/sending';
import { Button, Check, Choice, TextField } from '../../design/controls';
import { Foot } from '../../design/dialog';
import { Form } from '../parts/form';
import { Group } from '../parts/group';
import css from '../parts/parts.module.css';
import { dayOf, type End, type Wanted } from './wanted';

const FIELDS = ['name', 'scopes', 'streams', 'expires_at'];

interface KeyFormProps {
  wanted: Wanted;
  onChange: (wanted: Wanted) => void;
  onSend: () => void;
  onClose: () => void;
  sending: Sending;
  role: string;
  /** Who may have the key beside oneself; none where that is settled. */
  machines?: ServiceAccount[] | undefined;
  act: string;
}

export function KeyForm(props: KeyFormProps) {
  const { wanted, onChange, onSend, onClose, sending, machines, act } = props;
  const set = (part: Partial<Wanted>) => onChange({ ...wanted, ...part });
  const fields = machines?.length ? [...FIELDS, 'service_account'] : FIELDS;
  return (
    <Form label={act} sending={sending} fields={fields} onSend={onSend}>
      <TextField
        label="Name"
        name="name"
        hint="What or who uses it, such as “shipper of the shop”."
        value={wanted.name}
        wrong={sending.wrong('name')}
        onChange={({ target }) => set({ name: target.value })}
      />
      {machines && machines.length > 0 && (
        <Choice
          label="Belongs to"
          value={wanted.owner}
          wrong={sending.wrong('service_account')}
          onChange={({ target }) => set({ owner: target.value })}
        >
          <option value="">You</option>
          {machines.map(({ id, name, role }) => (
            <option key={id} value={id}>
              {name}, a service account ({role})
            </option>
          ))}
        </Choice>
      )}
      <Scopes {...props} set={set} />
      <TextField
        label="Streams"
        name="streams"
        className={css.mono}
        placeholder="all"
        hint="Patterns such as logs-*-pt, between commas. A key kept to streams can send and search there, and nothing else."
        value={wanted.streams}
        wrong={sending.wrong('streams')}
        autoCapitalize="none"
        spellCheck={false}
        onChange={({ target }) => set({ streams: target.value })}
      />
      <Ends wanted={wanted} set={set} wrong={sending.wrong('expires_at')} />
      <Foot>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" kind="main" disabled={sending.busy}>
          {act}
        </Button>
      </Foot>
    </Form>
  );
}

interface PartProps {
  wanted: Wanted;
  set: (part: Partial<Wanted>) => void;
}

function Scopes({ wanted, set, sending, role, machines }: KeyFormProps & PartProps) {
  const machine = machines?.find(({ id }) => id === wanted.owner);
  const allowed = scopesOf(role).filter((scope) => !machine || scopesOf(machine.role).includes(scope));
  const refused = SCOPES.filter((scope) => !allowed.includes(scope));
  const toggle = (scope: Scope, on: boolean) =>
    set({ scopes: SCOPES.filter((one) => (one === scope ? on : wanted.scopes.includes(one))) });
  const hint =
    refused.length > 0 &&
    `${machine ? `The role of ${machine.name} (${machine.role})` : `Your role (${role})`} does not include ${refused.join(', ')}.`;
  return (
    <Group legend="It may" hint={hint} wrong={sending.wrong('scopes')}>
      {SCOPES.map((scope) => (
        <Check
          key={scope}
          label={`${scope}: ${SCOPE_WORDS[scope]}`}
          checked={wanted.scopes.includes(scope)}
          disabled={!allowed.includes(scope) && !wanted.scopes.includes(scope)}
          onChange={({ target }) => toggle(scope, target.checked)}
        />
      ))}
    </Group>
  );
}

function Ends({ wanted, set, wrong }: PartProps & { wrong: string | undefined }) {
  return (
    <div className={css.pair}>
      <Choice
        label="Counts"
        value={wanted.end}
        wrong={wanted.end === 'day' ? undefined : wrong}
        onChange={({ target }) => set({ end: target.value as End })}
      >
        <option value="never">Until it is revoked</option>
        <option value="30">For 30 days</option>
        <option value="90">For 90 days</option>
        <option value="365">For a year</option>
        <option value="day">Until the end of a day</option>
      </Choice>
      {wanted.end === 'day' && (
        <TextField
          label="Day"
          type="date"
          min={dayOf(new Date())}
          value={wanted.day}
          wrong={wrong}
          onChange={({ target }) => set({ day: target.value })}
        />
      )}
    </div>
  );
}
