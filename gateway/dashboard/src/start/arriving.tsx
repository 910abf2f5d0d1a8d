/** The third step: lines as they arrive. Invariant: a line is shown once, the newest first, and at most `SHOWN_MAX`. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Live } from '../api/live';
import { question } from '../api/questions';
import type { Line } from '../api/schema';
import type { SocketState } from '../api/socket';
import { Button, buttonClass } from '../design/controls';
import { Moment } from '../design/moment';
import { exact } from '../design/numbers';
import { Section } from '../design/page';
import { Note, sentence } from '../design/states';
import { FewLines } from '../home/lines';
import { newest } from './arrived';
import css from './start.module.css';
import { sendTestLine } from './testline';

const SHOWN_MAX = 12;

interface Arrived {
  lines: Line[];
  /** Since the page looks on. */
  count: number;
}

const NONE: Arrived = { lines: [], count: 0 };

export function ArriveStep() {
  const [arrived, setArrived] = useState(NONE);
  const [state, setState] = useState<SocketState>({ name: 'connecting', try: 0 });
  useEffect(() => {
    const live = new Live(
      {},
      {
        lines: (lines) =>
          setArrived((before) => ({
            lines: newest(before.lines, lines, SHOWN_MAX),
            count: before.count + lines.length,
          })),
        gap: ({ count }) => setArrived((before) => ({ ...before, count: before.count + count })),
        state: setState,
      },
    );
    return () => live.close();
  }, []);
  const before = useQuery(question('GET /api/logs', { query: { size: 1, total: false } })).data?.results.at(
    0,
  );
  return (
    <Section title="3. The first line">
      <div className={css.row}>
        <span role="status" className={css.state} data-state={arrived.count > 0 ? 'arrived' : state.name}>
          {words(arrived.count > 0, state)}
        </span>
        {arrived.count > 1 && <span className={css.quiet}>{exact(arrived.count)} lines have come.</span>}
        {arrived.count === 0 && before && (
          <span className={css.quiet}>
            The newest line that is here already is from <Moment at={String(before.timestamp)} />.
          </span>
        )}
      </div>
      <Tests />
      {arrived.lines.length > 0 && <FewLines lines={arrived.lines} label="The newest lines" />}
    </Section>
  );
}

function words(isThere: boolean, state: SocketState): string {
  if (state.name === 'refused') return sentence(state.failure);
  if (state.name === 'broken') return `The connection broke: ${state.why}. It is opened again.`;
  if (isThere) return 'The first line is here.';
  return state.name === 'live' ? 'Waiting for the first line …' : 'Connecting …';
}

/** A line from this browser, and the way to all lines. */
function Tests() {
  const [isSending, setSending] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const send = async () => {
    if (isSending) return;
    setSending(true);
    setFailure(null);
    await sendTestLine().catch(setFailure);
    setSending(false);
  };
  return (
    <>
      {failure !== null && <Note kind="error">{sentence(failure)}</Note>}
      <div className={css.row}>
        <Button onClick={send} aria-disabled={isSending || undefined}>
          Send a test line
        </Button>
        <Link to="/explore" search={{ live: '1' } as never} className={buttonClass}>
          Watch all lines live
        </Link>
      </div>
    </>
  );
}
