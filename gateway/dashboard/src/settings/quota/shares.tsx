/** What is used of what may be, each as a bar with its numbers. */
import type { QuotaUse } from '../../api/schema';
import { Moment } from '../../design/moment';
import { bytes, exact, short } from '../../design/numbers';
import { Table } from '../../design/page';
import { Note } from '../../design/states';
import css from './quota.module.css';
import { filled, type Name, type Share, shown, TITLES, warning } from './words';

const NAMES: Name[] = ['lines', 'bytes', 'calls', 'streams', 'sockets', 'seats'];

export function Warnings({ use }: { use: QuotaUse }) {
  const warned = NAMES.map((name) => ({ name, words: warning(name, use[name]) })).filter(
    ({ words }) => words !== null,
  );
  if (warned.length === 0) return null;
  return (
    <div className={css.warnings}>
      {warned.map(({ name, words }) => (
        // That all seats are taken hinders nobody who is there.
        <Note key={name} kind={use[name].status === 'exceeded' && name !== 'seats' ? 'error' : 'warning'}>
          {words}
        </Note>
      ))}
    </div>
  );
}

export function Shares({ use }: { use: QuotaUse }) {
  const reset: Partial<Record<Name, string>> = {
    lines: use.reset_at,
    bytes: use.reset_at,
    calls: use.calls.reset_at,
  };
  return (
    <Table label="Use and limits" columns={['Of', 'Share', 'Used', 'Limit', 'Begins anew']}>
      {NAMES.map((name) => (
        <Row key={name} name={name} share={use[name]} reset={reset[name]} />
      ))}
    </Table>
  );
}

function Row({ name, share, reset }: { name: Name; share: Share; reset: string | undefined }) {
  const words = name === 'bytes' ? bytes : short;
  return (
    <tr>
      <td>{TITLES[name]}</td>
      <td className={css.wide}>
        <div className={css.share}>
          <Bar share={share} />
          <span>{shown(share)}</span>
        </div>
      </td>
      <td title={exact(share.used)}>{words(share.used)}</td>
      <td title={exact(share.limit)}>{words(share.limit)}</td>
      <td>{reset ? <Moment at={reset} /> : '–'}</td>
    </tr>
  );
}

/** The numbers stand beside it. */
function Bar({ share: { used, limit, status } }: { share: Share }) {
  return (
    <div className={css.bar} aria-hidden>
      <div className={css.fill} data-status={status} style={{ width: `${filled(used, limit)}%` }} />
    </div>
  );
}
