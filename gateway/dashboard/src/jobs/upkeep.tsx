/** What the server does for itself again and again; for whoever runs it. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../api/client';
import { changed, question } from '../api/questions';
import type { UpkeepJob } from '../api/schema';
import { tellFailure } from '../app/toasts';
import { Button } from '../design/controls';
import { Moment } from '../design/moment';
import { duration, exact } from '../design/numbers';
import { Section, Table } from '../design/page';
import { Failed, Note, sentence, Waiting } from '../design/states';
import css from './jobs.module.css';
import { State } from './state';

/** All of them are on one page. */
const SIZE = 1000;
const LOOK_MS = 1500;
const REST_MS = 15_000;

export function Upkeep() {
  const jobs = useQuery({
    ...question('GET /api/admin/jobs', { query: { size: SIZE } }),
    refetchInterval: ({ state }) =>
      state.data?.results.some((job) => job.state !== 'resting') ? LOOK_MS : REST_MS,
  });
  return (
    <Section title="Upkeep of the server">
      {jobs.isError && jobs.data && (
        <Note kind="error">What is shown may be old: {sentence(jobs.error)}</Note>
      )}
      {jobs.isError && !jobs.data ? (
        <Failed
          what="The upkeep could not be loaded"
          error={jobs.error}
          onRetry={() => void jobs.refetch()}
        />
      ) : jobs.data === undefined ? (
        <Waiting what="Loading the upkeep" />
      ) : (
        <Table columns={['What', 'State', 'Last', 'Next', 'Done']} last="Actions" label="Pieces of upkeep">
          {jobs.data.results.map((job) => (
            <Row key={job.id} job={job} />
          ))}
        </Table>
      )}
    </Section>
  );
}

function Row({ job }: { job: UpkeepJob }) {
  return (
    <tr>
      <td className={css.name}>
        <div>{job.id}</div>
        <div className={css.quiet}>{job.what}</div>
      </td>
      <td className={css.number}>
        {job.state === 'resting' ? (
          <span className={css.quiet}>rests</span>
        ) : (
          <State state={job.state === 'running' ? 'running' : 'pending'} label={job.id} />
        )}
      </td>
      <td className={css.state}>
        <Last job={job} />
      </td>
      <td className={css.number}>{job.next_at ? <Moment at={job.next_at} /> : 'when needed'}</td>
      <td className={css.number}>
        {exact(job.done)}
        {job.failed > 0 && <div className={css.error}>✕ {exact(job.failed)} failed</div>}
      </td>
      <td className={css.actions}>
        <RunNow job={job} />
      </td>
    </tr>
  );
}

function Last({ job: { last } }: { job: UpkeepJob }) {
  if (!last) return <span className={css.quiet}>not since the start of the server</span>;
  return (
    <>
      <div>
        <Moment at={last.began_at} />{' '}
        <span className={css.quiet}>in {duration(Math.max(last.took_ms, 1))}</span>
      </div>
      {last.result && (
        <div className={last.succeeded ? css.quiet : css.error}>{sentence(new Error(last.result))}</div>
      )}
    </>
  );
}

function RunNow({ job: { id, state } }: { job: UpkeepJob }) {
  const [isAsking, setAsking] = useState(false);
  const run = async () => {
    setAsking(true);
    try {
      await ask('POST /api/admin/jobs/{id}/run', { path: { id } });
      await changed('GET /api/admin/jobs');
    } catch (error) {
      tellFailure(error);
    } finally {
      setAsking(false);
    }
  };
  return (
    <Button
      aria-label={`Run now: ${id}`}
      disabled={isAsking || state !== 'resting'}
      onClick={() => void run()}
    >
      Run now
    </Button>
  );
}
