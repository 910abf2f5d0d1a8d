/** How the server is: in a word, and part by part. */
import { useQuery } from '@tanstack/react-query';
import { duration } from '../design/numbers';
import { Section, Table } from '../design/page';
import { Failed, Waiting } from '../design/states';
import { type Examined, HEALTH_EVERY_MS, health, parts } from './health';
import css from './home.module.css';

const WORDS: Record<string, string> = {
  ok: 'well',
  skipped: 'off',
  degraded: 'needs a look',
  unhealthy: 'does not work',
};

export function ServerPanel() {
  const { data, error, isPending, refetch } = useQuery({ ...health, refetchInterval: HEALTH_EVERY_MS });
  return (
    <Section title="Server">
      <div className={css.panel}>
        {isPending && <Waiting />}
        {error && (
          <Failed what="The server does not say how it is" error={error} onRetry={() => void refetch()} />
        )}
        {data && !error && <Parts health={data} />}
      </div>
    </Section>
  );
}

const COLUMNS = [
  'Part',
  'State',
  <span key="took" className={css.numberHead}>
    Asked in
  </span>,
  'About',
];

function Parts({ health }: { health: Examined }) {
  const { status, version, uptime_s, tookMs } = health;
  return (
    <>
      <p>
        <span data-status={status} className={css.status}>
          {status === 'ok'
            ? 'All is well'
            : status === 'degraded'
              ? 'Something needs a look'
              : 'Something does not work'}
        </span>
        <span className={css.quiet}>
          {' '}
          · answers in {duration(Math.max(Math.round(tookMs), 1))} · up {duration(uptime_s * 1000)} · version{' '}
          {version}
        </span>
      </p>
      <Table label="Parts of the server" columns={COLUMNS}>
        {parts(health).map(({ name, status, latencyMs, detail }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td data-status={status} className={css.status}>
              {WORDS[status] ?? status}
            </td>
            <td className={css.number}>{latencyMs > 0 ? `${Number(latencyMs.toPrecision(2))} ms` : '–'}</td>
            <td>{detail}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}
