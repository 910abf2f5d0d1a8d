/** The entries of a page. A click on who, what, which or where from shows only those with the same. */
import type { AuditEntry } from '../../api/schema';
import { usePreferences } from '../../app/preferences';
import { Button } from '../../design/controls';
import { clock } from '../../design/moment';
import { relative } from '../../design/numbers';
import { Table } from '../../design/page';
import { cut } from '../parts/cut';
import css from '../parts/parts.module.css';
import type { Filters } from './asked';
import own from './audit.module.css';
import { actionWords, isTime, shortId, summary } from './values';

interface EntriesProps {
  entries: AuditEntry[];
  nameOf: (id: string) => string;
  onFilter: (filters: Partial<Filters>) => void;
  onOpen: (id: string) => void;
}

export function Entries({ entries, ...rest }: EntriesProps) {
  const columns = ['Time', 'Who', 'What', 'Which', 'Change', 'Address'];
  return (
    <Table label="Entries" columns={columns} last="Open">
      {entries.map((entry) => (
        <Row key={entry.id} entry={entry} {...rest} />
      ))}
    </Table>
  );
}

function Row({ entry, nameOf, onFilter, onOpen }: { entry: AuditEntry } & Omit<EntriesProps, 'entries'>) {
  const zone = usePreferences((state) => state.zone);
  const { id, at, actor, action, object, address } = entry;
  const time = new Date(at);
  const named = (id: string) => shortId(nameOf(id));
  const told = (text: string) =>
    isTime(text) ? clock(new Date(text), zone, true).slice(0, 16) : named(text);
  return (
    <tr>
      <td className={own.at}>
        <time dateTime={at} title={relative(time)}>
          {clock(time, zone, true).slice(0, 19)}
        </time>
      </td>
      <td className={own.who}>
        <Pick
          what={actor.id ? named(actor.id) : actor.kind}
          note={actor.kind === 'key' ? 'key' : undefined}
          onPick={() => onFilter({ actor: actor.id ?? actor.kind })}
        />
      </td>
      <td className={own.at}>
        <Pick what={actionWords(action)} onPick={() => onFilter({ action })} />
      </td>
      <td className={own.which}>
        <Pick
          what={object.id ? named(object.id) : object.kind}
          note={object.id ? object.kind.replaceAll('_', ' ') : undefined}
          onPick={() => onFilter({ object: object.id ? `${object.kind}/${object.id}` : object.kind })}
        />
      </td>
      <td className={own.change}>{summary(entry, told)}</td>
      <td className={`${css.mono} ${own.at}`}>
        {address ? <Pick what={address} onPick={() => onFilter({ address })} /> : '–'}
      </td>
      <td className={css.end}>
        <Button kind="plain" aria-label={`Open the entry ${id}`} onClick={() => onOpen(id)}>
          ⋯
        </Button>
      </td>
    </tr>
  );
}

const SHOWN_MAX = 60;

function Pick({ what, note, onPick }: { what: string; note?: string | undefined; onPick: () => void }) {
  return (
    <>
      <button type="button" className={own.pick} title={`Show only ${what}`} onClick={onPick}>
        {cut(what, SHOWN_MAX)}
      </button>
      {note && <span className={css.sub}> {note}</span>}
    </>
  );
}
