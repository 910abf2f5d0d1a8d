/** Where one is logged in, and ending that. Invariant: the login that is looked at is ended by logging out only. */
import { useQuery } from '@tanstack/react-query';
import { ask } from '../../api/client';
import { changed, question } from '../../api/questions';
import type { Session } from '../../api/schema';
import { pageOf, useAddress } from '../../app/address';
import { useSending } from '../../app/sending';
import { tell } from '../../app/toasts';
import { Button } from '../../design/controls';
import { Moment } from '../../design/moment';
import { Section, Table } from '../../design/page';
import { Answered } from '../parts/answered';
import { Refused } from '../parts/form';
import { Pager } from '../parts/pager';
import css from '../parts/parts.module.css';
import { agentWords } from './agent';

export function Sessions() {
  const [{ page }] = useAddress();
  const sessions = useQuery(question('GET /api/auth/sessions', { query: { page: pageOf(page) } }));
  const sending = useSending();
  const end = ({ id, user_agent }: Session) =>
    sending.send(async () => {
      await ask('DELETE /api/auth/sessions/{id}', { path: { id } });
      tell(`The login of ${agentWords(user_agent)} has ended.`);
      await changed('GET /api/auth/sessions');
    });
  const endOthers = () =>
    sending.send(async () => {
      const { ended } = await ask('DELETE /api/auth/sessions');
      tell(ended === 1 ? 'The other login has ended.' : `The ${ended} other logins have ended.`);
      await changed('GET /api/auth/sessions');
    });
  return (
    <Section
      title="Logins"
      about="Each is a browser or program that can act as you. End those you do not know."
    >
      {sending.error !== null && <Refused error={sending.error} />}
      <Answered query={sessions} what="Your logins">
        {(list) => (
          <>
            <Table
              label="List of logins"
              columns={['Program', 'Address', 'Began', 'Renewed', 'Ends by itself']}
              last="End it"
            >
              {list.results.map((session) => (
                <Row key={session.id} session={session} busy={sending.busy} onEnd={() => void end(session)} />
              ))}
            </Table>
            <Pager list={list} what="logins" />
            {list.total > 1 ? (
              <div className={css.row}>
                <Button kind="danger" disabled={sending.busy} onClick={() => void endOthers()}>
                  End all others
                </Button>
              </div>
            ) : (
              <p className={css.quiet}>There is no other login.</p>
            )}
          </>
        )}
      </Answered>
    </Section>
  );
}

interface RowProps {
  session: Session;
  busy: boolean;
  onEnd: () => void;
}

function Row({ session, busy, onEnd }: RowProps) {
  const { user_agent, address, created_at, renewed_at, expires_at, current } = session;
  const words = agentWords(user_agent);
  return (
    <tr>
      <td title={user_agent ?? undefined}>
        {words}
        {current && <span className={css.sub}> · this one</span>}
      </td>
      <td className={css.mono}>{address ?? '–'}</td>
      <td>
        <Moment at={created_at} />
      </td>
      <td>
        <Moment at={renewed_at} />
      </td>
      <td>
        <Moment at={expires_at} />
      </td>
      <td className={css.end}>
        {!current && (
          <Button
            disabled={busy}
            onClick={onEnd}
            aria-label={`End the login of ${words} from ${address ?? 'an unknown address'}`}
          >
            End
          </Button>
        )}
      </td>
    </tr>
  );
}
