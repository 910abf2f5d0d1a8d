/** The lines before and after a line, of the same service, host or file. */
import { useQuery } from '@tanstack/react-query';
import { question } from '../../api/questions';
import type { Line } from '../../api/schema';
import { Button } from '../../design/controls';
import { Failed, Note, Waiting } from '../../design/states';
import css from './detail.module.css';
import { useKept } from './kept';
import { Bar, Near } from './near';

interface ContextProps {
  line: Line;
  marks: readonly string[];
  onOpen(id: string): void;
}

const STEP = 10;
const MOST = 1000;

const SAME: { value: string; title: string; has: (line: Line) => boolean }[] = [
  { value: 'service,host', title: 'the same service and host', has: (line) => !!line.service && !!line.host },
  { value: 'service', title: 'the same service', has: (line) => !!line.service },
  { value: 'host', title: 'the same host', has: (line) => !!line.host },
  { value: 'source', title: 'the same source or file', has: (line) => !!line.source },
  { value: 'nothing', title: 'everything', has: () => true },
];

export function Context({ line, marks, onOpen }: ContextProps) {
  const choices = SAME.filter(({ has }) => has(line));
  const [wanted, setSame] = useKept('same', choices[0]?.value ?? 'nothing');
  const same = (choices.find(({ value }) => value === wanted) ?? choices[0])?.value ?? 'nothing';
  const [before, setBefore] = useKept('before', String(STEP));
  const [after, setAfter] = useKept('after', String(STEP));
  const [countBefore, countAfter] = [counted(before), counted(after)];
  const { data, error, refetch, isPlaceholderData } = useQuery(
    question('GET /api/logs/{id}/context', {
      path: { id: line.id },
      query: { before: countBefore, after: countAfter, same },
    }),
  );
  const more = (count: number, found: Line[], keep: (value: string) => void, where: string) => (
    <Bar>
      {found.length < count && !isPlaceholderData ? (
        <span className={css.faint}>No line {where} this</span>
      ) : (
        <Button kind="plain" disabled={count >= MOST} onClick={() => keep(String(next(count)))}>
          {next(count) - count} more {where}
        </Button>
      )}
    </Bar>
  );
  return (
    <>
      <Bar>
        <label>
          Lines of{' '}
          <select className={css.select} value={same} onChange={(event) => setSame(event.target.value)}>
            {choices.map(({ value, title }) => (
              <option key={value} value={value}>
                {title}
              </option>
            ))}
          </select>
        </label>
      </Bar>
      {error ? (
        <Failed what="The lines around were not found" error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Waiting what="Looking around" />
      ) : (
        <>
          {data.partial && <Note>{data.warnings.join(' ') || 'Lines are missing here.'}</Note>}
          {more(countBefore, data.before, setBefore, 'before')}
          <Near
            label="Lines around"
            lines={[...data.before, data.line, ...data.after]}
            open={line.id}
            marks={marks}
            onOpen={onOpen}
          />
          {more(countAfter, data.after, setAfter, 'after')}
        </>
      )}
    </>
  );
}

function next(count: number): number {
  return Math.min(count < 50 ? count + STEP : count * 2, MOST);
}

/** The address may say anything. */
function counted(text: string): number {
  const count = Number.parseInt(text, 10);
  return Number.isFinite(count) ? Math.min(Math.max(count, 0), MOST) : STEP;
}
