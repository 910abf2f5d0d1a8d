/** All lines of a trace, in the order of their times, with how long after the first each came. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { question } from '../../api/questions';
import type { Line } from '../../api/schema';
import { duration, exact } from '../../design/numbers';
import { Empty, Failed, Note, Waiting } from '../../design/states';
import { valueText } from '../fields/clause';
import css from './detail.module.css';
import { Bar, Near } from './near';

interface TraceProps {
  trace: string;
  line: Line;
  marks: readonly string[];
  onOpen(id: string): void;
}

const SHOWN_MAX = 500;
/** A trace is looked for so long before and after the line. */
const AROUND_MS = 86_400_000;

export function Trace({ trace, line, marks, onOpen }: TraceProps) {
  const q = `trace_id:${valueText(trace)}`;
  const at = new Date(line.timestamp).getTime();
  const [from, to] = [at - AROUND_MS, at + AROUND_MS].map((ms) => new Date(ms).toISOString());
  const query = { q, from, to, sort: 'timestamp', size: SHOWN_MAX, save: false };
  const { data, error, refetch } = useQuery(question('GET /api/logs/search', { query }));
  if (error) return <Failed what="The trace was not found" error={error} onRetry={() => void refetch()} />;
  if (!data) return <Waiting what="Looking for the trace" />;
  const lines = data.results as Line[];
  const first = lines[0];
  if (!first)
    return <Empty title="No line has this trace">It may have been deleted by a rule of retention.</Empty>;
  const begin = new Date(first.timestamp).getTime();
  const last = new Date(lines.at(-1)?.timestamp ?? first.timestamp).getTime();
  const total = data.total ?? lines.length;
  return (
    <>
      <Bar>
        <span>
          {exact(total)} {total === 1 ? 'line' : 'lines'} in {duration(last - begin)}
        </span>
        <Link to="/explore" search={{ q, from, to } as never} className={css.link}>
          Search for them
        </Link>
      </Bar>
      {lines.length < total && <Note>The first {exact(lines.length)} lines are shown.</Note>}
      {data.partial && <Note>{data.warnings.join(' ') || 'Lines are missing here.'}</Note>}
      <Near
        label="Lines of the trace"
        lines={lines}
        open={line.id}
        marks={marks}
        when={({ timestamp }) => `+${duration(new Date(timestamp).getTime() - begin)}`}
        onOpen={onOpen}
      />
    </>
  );
}
