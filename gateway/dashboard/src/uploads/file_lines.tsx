/** The lines of a file: counted by level, filtered, and in parts. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Failure } from '../api/client';
import { question } from '../api/questions';
import { type Go, linkTo, oneOf, pageOf, type Search } from '../app/address';
import { usePreferences } from '../app/preferences';
import { Button } from '../design/controls';
import { LEVELS, LevelMark } from '../design/level';
import { clock } from '../design/moment';
import { exact } from '../design/numbers';
import { Section, Table } from '../design/page';
import { Empty, Failed, Note, Waiting } from '../design/states';
import { Clipped, textOf } from './clipped';
import { explored } from './explored';
import css from './file.module.css';
import { Paging } from './paging';
import { Settling } from './settling';

const SIZE = 50;
/** As many lines as a search goes through by the number of the part. */
const REACHED_MAX = 10_000;

interface Span {
  from: string | null;
  to: string | null;
}

interface FileLinesProps {
  id: string;
  /** All that the file has. */
  total: number;
  search: Search;
  go: Go;
  span: Span;
}

/** From the first line of a file to its last. */
export function useSpan(id: string): Span {
  const end = (sort: string) =>
    question('GET /api/logs/metadata/{id}/content', { path: { id }, query: { size: 1, sort } as never });
  const first = useQuery(end('timestamp')).data?.results[0];
  const last = useQuery(end('-timestamp')).data?.results[0];
  return { from: momentOf(first), to: momentOf(last) };
}

function momentOf(line: Record<string, unknown> | undefined): string | null {
  const time = line?.timestamp;
  return typeof time === 'string' && !Number.isNaN(Date.parse(time)) ? time : null;
}

export function FileLines({ id, total, search, go, span }: FileLinesProps) {
  const level = oneOf(LEVELS, search.level);
  const part = pageOf(search.part);
  const query = { page: part, size: SIZE, sort: 'timestamp', level, search: search.q };
  const lines = useQuery(
    question('GET /api/logs/metadata/{id}/content', { path: { id }, query: query as never }),
  );
  const isWrongQuery = lines.error instanceof Failure && lines.error.status === 400;
  const found = lines.data;
  if (total === 0)
    return (
      <Section title="Lines">
        <Empty title="No line of it is stored yet">
          They appear here as they are read; what could not be taken stands among the dead letters.
        </Empty>
      </Section>
    );
  return (
    <Section title="Lines">
      <Levels id={id} level={level} go={go} />
      <Settling
        label="Find in the lines"
        type="search"
        placeholder="A query, such as timeout or service:checkout"
        said={search.q ?? ''}
        onSay={(q) => go({ q, part: undefined }, true)}
        wrong={isWrongQuery ? (lines.error?.message ?? null) : null}
      />
      {lines.isError ? (
        !isWrongQuery && (
          <Failed
            what="The lines could not be loaded"
            error={lines.error}
            onRetry={() => void lines.refetch()}
          />
        )
      ) : found === undefined ? (
        <Waiting what="Loading the lines" />
      ) : found.results.length === 0 ? (
        <Empty title="No line fits">
          <Link {...linkTo(search, { q: undefined, level: undefined, part: undefined })}>Show all lines</Link>
        </Empty>
      ) : (
        <>
          {found.partial && <Note>{found.warnings.join(' ') || 'Some lines are missing here.'}</Note>}
          <Lines id={id} lines={found.results} span={span} />
          <Paging
            page={part}
            size={SIZE}
            total={Math.min(found.total ?? 0, REACHED_MAX)}
            search={search}
            what="lines"
            name="part"
          />
          {(found.total ?? 0) > REACHED_MAX && (
            <p className={css.quiet}>
              The first {exact(REACHED_MAX)} of {exact(found.total ?? 0)} lines are shown here; all of them
              can be explored.
            </p>
          )}
        </>
      )}
    </Section>
  );
}

function Levels({ id, level, go }: { id: string; level: string | undefined; go: Go }) {
  const counts = useQuery(question('GET /api/logs/stats', { query: { upload_id: id } })).data?.by_level;
  if (!counts) return <div className={css.levels} />;
  return (
    <fieldset className={css.levels} aria-label="Only lines of a level">
      {LEVELS.filter((one) => counts[one] || one === level).map((one) => (
        <Button
          key={one}
          aria-pressed={one === level}
          onClick={() => go({ level: one === level ? undefined : one, part: undefined })}
        >
          <span aria-hidden>
            <LevelMark level={one} />
          </span>{' '}
          {one} {exact(counts[one] ?? 0)}
        </Button>
      ))}
      {(counts.none ?? 0) > 0 && <span className={css.quiet}>{exact(counts.none ?? 0)} without a level</span>}
    </fieldset>
  );
}

function Lines({ id, lines, span }: { id: string; lines: Record<string, unknown>[]; span: Span }) {
  const zone = usePreferences((state) => state.zone);
  return (
    <div className={css.lines}>
      <Table columns={['Time', 'Level', 'Service', 'Message']} label="Lines of the file">
        {lines.map((line) => (
          <tr key={textOf(line.id)}>
            <td className={css.time}>
              <Link {...explored({ query: `upload_id:"${id}"`, ...span, line: textOf(line.id) })}>
                {shownTime(line, zone)}
              </Link>
            </td>
            <td>
              <LevelMark level={typeof line.level === 'string' ? line.level : null} />
            </td>
            <td className={css.service}>
              <Clipped value={line.service} />
            </td>
            <td className={css.message}>
              <Clipped value={line.message} />
            </td>
          </tr>
        ))}
      </Table>
    </div>
  );
}

function shownTime(line: Record<string, unknown>, zone: 'local' | 'utc'): string {
  const time = momentOf(line);
  return time ? clock(new Date(time), zone, true) : textOf(line.timestamp);
}
