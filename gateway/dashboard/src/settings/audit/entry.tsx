/** One entry with all that it says. It has an address of its own. */
import { useQuery } from '@tanstack/react-query';
import { question } from '../../api/questions';
import type { AuditEntry } from '../../api/schema';
import { usePreferences } from '../../app/preferences';
import { Dialog } from '../../design/dialog';
import { clock, Moment } from '../../design/moment';
import { Table } from '../../design/page';
import { Answered } from '../parts/answered';
import { Facts } from '../parts/facts';
import css from '../parts/parts.module.css';
import own from './audit.module.css';
import { actionWords, changes, isTime } from './values';

interface EntryProps {
  id: string;
  nameOf: (id: string) => string;
  onClose: () => void;
}

export function Entry({ id, nameOf, onClose }: EntryProps) {
  const entry = useQuery({ ...question('GET /api/audit/{id}', { path: { id } }), staleTime: Infinity });
  return (
    <Dialog title={`Audit entry ${id}`} onClose={onClose} wide>
      <Answered query={entry} what="The entry">
        {(entry) => <Told entry={entry} nameOf={nameOf} />}
      </Answered>
    </Dialog>
  );
}

function Told({ entry, nameOf }: { entry: AuditEntry; nameOf: EntryProps['nameOf'] }) {
  const zone = usePreferences((state) => state.zone);
  const { at, actor, action, object, address, request_id, previous, hash } = entry;
  const named = (id: string | null) => (id && nameOf(id) !== id ? `${nameOf(id)}, ${id}` : id);
  const told = (text: string) => (isTime(text) ? clock(new Date(text), zone, true) : (named(text) ?? text));
  const list = changes(entry, told);
  return (
    <>
      <Facts
        facts={[
          ['What', actionWords(action)],
          ['Who', [actor.kind, named(actor.id)].filter(Boolean).join(': ')],
          ['Which', [object.kind.replaceAll('_', ' '), named(object.id)].filter(Boolean).join(': ')],
          [
            'When',
            <span key="at">
              {clock(new Date(at), zone, true)}, <Moment at={at} />
            </span>,
          ],
          ['From', address ?? 'the server itself'],
          ['Request', request_id ?? 'none'],
          [
            'Hash',
            <span key="hash" className={own.hash}>
              {hash}
            </span>,
          ],
          [
            'Of the entry before',
            <span key="previous" className={own.hash}>
              {previous}
            </span>,
          ],
        ]}
      />
      {list.length === 0 ? (
        <p className={css.quiet}>The entry says of no value that it changed.</p>
      ) : (
        <Table label="Values" columns={['Value', 'Before', 'After']}>
          {list.map(({ name, before, after }) => (
            <tr key={name}>
              <td className={css.words}>{name}</td>
              <td className={own.value}>{before ?? '–'}</td>
              <td className={own.value}>{after ?? '–'}</td>
            </tr>
          ))}
        </Table>
      )}
    </>
  );
}
