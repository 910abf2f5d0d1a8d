/** The jobs of the tenant. They are asked for again and again as long as one of them goes on. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { ask } from '../api/client';
import { changed, question } from '../api/questions';
import type { Job } from '../api/schema';
import { type Go, linkTo, oneOf, pageOf, type Search } from '../app/address';
import { may } from '../app/roles';
import { useMe } from '../app/session';
import { tellFailure } from '../app/toasts';
import { Button, Choice } from '../design/controls';
import { Moment } from '../design/moment';
import { duration, exact } from '../design/numbers';
import { Section, Table } from '../design/page';
import { readable } from '../design/readable';
import { Empty, Failed, Note, sentence, Waiting } from '../design/states';
import { Paging } from '../uploads/paging';
import css from './jobs.module.css';
import { isOpen, STATES, State, wordOf } from './state';

const SIZE = 50;
const LOOK_MS = 1500;
/** While nothing is open: others begin work, too. */
const REST_MS = 5000;

export function JobTable({ search, go }: { search: Search; go: Go }) {
  const state = oneOf(STATES, search.state);
  const page = pageOf(search.page);
  const jobs = useQuery({
    ...question('GET /api/jobs', { query: { page, size: SIZE, state } }),
    refetchInterval: ({ state }) =>
      state.data?.results.some((job) => isOpen(job.state)) ? LOOK_MS : REST_MS,
  });
  return (
    <Section
      title="Work of the tenant"
      about="Files whose lines are read, exports and imports. The newest come first."
    >
      <search className={css.filters}>
        <Choice
          label="State"
          value={state ?? ''}
          onChange={({ target }) => go({ state: target.value, page: undefined })}
        >
          <option value="">All</option>
          {STATES.map((one) => (
            <option key={one} value={one}>
              {wordOf(one)}
            </option>
          ))}
        </Choice>
      </search>
      {jobs.isError && jobs.data && (
        <Note kind="error">What is shown may be old: {sentence(jobs.error)}</Note>
      )}
      {jobs.isError && !jobs.data ? (
        <Failed what="The jobs could not be loaded" error={jobs.error} onRetry={() => void jobs.refetch()} />
      ) : jobs.data === undefined ? (
        <Waiting what="Loading the jobs" />
      ) : jobs.data.results.length === 0 ? (
        <Nothing search={search} />
      ) : (
        <>
          <Jobs jobs={jobs.data.results} />
          <Paging page={page} size={SIZE} total={jobs.data.total} search={search} what="jobs" />
        </>
      )}
    </Section>
  );
}

function Nothing({ search }: { search: Search }) {
  if (search.state || search.page)
    return (
      <Empty title="No job is here">
        <Link {...linkTo(search, { state: undefined, page: undefined })}>Show all jobs</Link>
      </Empty>
    );
  return (
    <Empty title="There was no job yet">
      <p>
        One begins when a file is <Link to="/uploads">sent</Link>, or when the tenant is exported or imported.
      </p>
    </Empty>
  );
}

function Jobs({ jobs }: { jobs: Job[] }) {
  return (
    <Table columns={['Job', 'State', 'Lines', 'Begun', 'Took']} last="Actions" label="List of jobs">
      {jobs.map((job) => (
        <tr key={job.id}>
          <td className={css.name}>
            <Name job={job} />
          </td>
          <td className={css.state}>
            <State
              state={job.state}
              progress={job.progress}
              label={`How far the ${job.kind} of ${job.name} is`}
            />
            {job.error && <div className={css.error}>{sentence(new Error(job.error.message))}</div>}
            {job.state === 'retrying' && job.tries !== null && (
              <div className={css.quiet}>try {job.tries}</div>
            )}
          </td>
          <td className={css.number}>
            {exact(job.result.indexed)}
            {job.result.failed > 0 && (
              <div className={css.warning}>▲ {exact(job.result.failed)} not taken</div>
            )}
          </td>
          <td className={css.number}>
            <Moment at={job.created_at} />
          </td>
          <td className={css.number}>{job.took_ms === null ? '' : duration(Math.max(job.took_ms, 1))}</td>
          <td className={css.actions}>
            <Actions job={job} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Name({ job: { id, kind, name } }: { job: Job }) {
  if (kind !== 'upload') return <bdi>{readable(name)}</bdi>;
  return (
    <>
      <Link {...({ to: '/uploads', search: { file: id } } as never as { to: '/uploads' })}>
        <bdi>{readable(name)}</bdi>
      </Link>{' '}
      <span className={css.quiet}>file</span>
    </>
  );
}

function Actions({ job: { id, kind, name, state } }: { job: Job }) {
  const role = useMe()?.role;
  const [isAsking, setAsking] = useState(false);
  const isAllowed = may(role, kind === 'upload' ? 'ingest' : 'admin');
  if (!isAllowed || state === 'succeeded') return null;
  const [word, route] = isOpen(state)
    ? (['Cancel', 'POST /api/jobs/{id}/cancel'] as const)
    : (['Go on', 'POST /api/jobs/{id}/retry'] as const);
  const run = async () => {
    setAsking(true);
    try {
      await ask(route, { path: { id } });
      await changed('GET /api/jobs', 'GET /api/logs/metadata', 'GET /api/logs/metadata/{id}');
    } catch (error) {
      tellFailure(error);
    } finally {
      setAsking(false);
    }
  };
  return (
    <Button aria-label={`${word}: ${name}`} disabled={isAsking} onClick={() => void run()}>
      {word}
    </Button>
  );
}
