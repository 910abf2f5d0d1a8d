/** The keys that one may see, and what can be done with each. */
import type { Key } from '../../api/schema';
import { Button } from '../../design/controls';
import { Menu } from '../../design/menu';
import { Moment } from '../../design/moment';
import { Table } from '../../design/page';
import css from '../parts/parts.module.css';

export type Deed = 'change' | 'regenerate' | 'revoke';

interface KeysProps {
  keys: Key[];
  /** The name of an owner; left out where all are one's own. */
  owner?: ((id: string) => string) | undefined;
  onDeed: (deed: Deed, key: Key) => void;
}

export function Keys({ keys, owner, onDeed }: KeysProps) {
  const columns = ['Key', 'May', 'Streams', ...(owner ? ['Belongs to'] : []), 'Ends', 'Last use'];
  return (
    <Table label="API keys" columns={columns} last="Deeds">
      {keys.map((key) => (
        <Row key={key.id} apiKey={key} owner={owner} onDeed={onDeed} />
      ))}
    </Table>
  );
}

function Row({ apiKey: key, owner, onDeed }: { apiKey: Key } & Omit<KeysProps, 'keys'>) {
  const item = (title: string, deed: Deed) => ({ title, run: () => onDeed(deed, key) });
  return (
    <tr>
      <td className={css.words}>
        {key.name}
        <div className={`${css.sub} ${css.mono}`}>{key.prefix}</div>
      </td>
      <td>{key.scopes.join(', ')}</td>
      <td className={css.words}>
        {isAll(key) ? 'all' : <span className={css.mono}>{key.streams.join(', ')}</span>}
      </td>
      {owner && <td className={css.words}>{owner(key.owner)}</td>}
      <td>
        <Until apiKey={key} />
      </td>
      <td>
        <Moment at={key.last_used_at} />
      </td>
      <td className={css.end}>
        <Menu
          trigger={
            <Button kind="plain" aria-label={`What can be done with the key ${key.name}`}>
              ⋯
            </Button>
          }
          items={[
            item('Change…', 'change'),
            item('Draw a new secret…', 'regenerate'),
            item('Revoke…', 'revoke'),
          ]}
        />
      </td>
    </tr>
  );
}

function Until({ apiKey: { expires_at, active } }: { apiKey: Key }) {
  if (!expires_at) return <>never</>;
  return (
    <span className={active ? undefined : css.warning}>
      {active ? '' : 'ended '}
      <Moment at={expires_at} />
    </span>
  );
}

function isAll({ streams }: Key): boolean {
  return streams.length === 0 || streams.includes('*');
}
