/** What messages have in common, over a span of time and for a query; both are in the address. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { question } from '../api/questions';
import type { Patterns } from '../api/schema';
import { useAddress } from '../app/address';
import { Button, buttonClass } from '../design/controls';
import { duration, exact } from '../design/numbers';
import { Page } from '../design/page';
import { Empty, Failed, Note, Waiting } from '../design/states';
import { problemOf } from '../explore/problem';
import { resolved, wrong } from '../explore/time/span';
import { isPastKnown, type PatternsAsked, queryFor, read } from './asked';
import { Asking } from './asking';
import { PatternList } from './list';
import css from './patterns.module.css';

export default function PatternsPage() {
  const [said, say] = useAddress();
  const asked = read(said);
  const unreadable = wrong(asked.asked, new Date());
  const answer = useQuery({
    ...question('GET /api/logs/patterns', { query: queryFor(asked) }),
    enabled: unreadable === null,
  });
  const { data, error, isFetching, refetch } = answer;
  return (
    <Page title="Patterns">
      <Asking key={asked.q} asked={asked} error={error} say={say} />
      {unreadable && <Note kind="error">{unreadable}</Note>}
      {!unreadable && error && !problemOf(error) && (
        <Failed what="The patterns could not be read" error={error} onRetry={() => void refetch()} />
      )}
      {!unreadable && !error && !data && (
        <Waiting what="Comparing messages" onCancel={() => say({ from: undefined, to: undefined })} />
      )}
      {!unreadable && !error && data && (
        <div className={css.found} data-old={answer.isPlaceholderData || undefined} aria-busy={isFetching}>
          <Found data={data} asked={asked} at={new Date(answer.dataUpdatedAt || Date.now())} />
          {data.others.patterns > 0 && (
            <p>
              <Button onClick={() => say({ size: String(Math.min(asked.size * 4, 1000)) })}>Show more</Button>{' '}
              <span className={css.quiet}>
                {exact(data.others.patterns)} more, with {exact(data.others.lines)} lines.
              </span>
            </p>
          )}
        </div>
      )}
    </Page>
  );
}

function Found({ data, asked, at }: { data: Patterns; asked: PatternsAsked; at: Date }) {
  const storage = useQuery(question('GET /api/logs/stats', { query: { from: 'now-1s', size: 1 } })).data
    ?.storage;
  const { from, to } = resolved(asked.asked, at);
  const marksNew = isPastKnown(storage?.earliest, from);
  if (data.results.length === 0) return <Nothing asked={asked} isBare={storage?.lines === 0} />;
  const span = { from: from.getTime(), to: to.getTime(), step: data.interval_ms };
  return (
    <>
      <p className={css.quiet}>
        {exact(data.total)} {data.total === 1 ? 'pattern' : 'patterns'} in {exact(data.lines.classified)}{' '}
        lines · {duration(data.took)}
        {data.lines.without_message > 0 && ` · ${exact(data.lines.without_message)} lines have no message`}
        {data.lines.unclassified > 0 && ` · ${exact(data.lines.unclassified)} lines are not sorted yet`}
        {storage && !marksNew && ' · nothing is marked as new: no line is older than this time'}
      </p>
      {data.partial && <Note>In part: {data.warnings.join(' ')}</Note>}
      <PatternList found={data} q={asked.q} asked={asked.asked} span={span} marksNew={marksNew} />
    </>
  );
}

function Nothing({ asked, isBare }: { asked: PatternsAsked; isBare: boolean }) {
  if (isBare) {
    return (
      <Empty title="There are no lines yet">
        <Link to="/start" className={buttonClass}>
          Send the first line
        </Link>
      </Empty>
    );
  }
  const why = asked.onlyNew
    ? 'Every pattern of this time was seen before it.'
    : asked.q
      ? 'No line of this time that the query finds has a message.'
      : 'No line of this time has a message.';
  return <Empty title="There are no patterns here">{why} Choose a longer time or another query.</Empty>;
}
