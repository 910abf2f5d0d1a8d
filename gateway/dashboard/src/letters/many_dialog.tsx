/** Sends many letters again, or drops them, with how far it is, and a way to stop. */
import { useRef, useState } from 'react';
import { ask } from '../api/client';
import { changed } from '../api/questions';
import { tell } from '../app/toasts';
import { Button } from '../design/controls';
import { Dialog, Foot } from '../design/dialog';
import { exact } from '../design/numbers';
import { Note, sentence } from '../design/states';
import { Progress as Bar } from '../jobs/state';
import { number } from './filter';
import { doneWithAll, outcome, type Progress } from './many';

interface ManyDialogProps {
  what: 'replay' | 'drop';
  ids: string[];
  /** Of all that are meant. */
  count: number;
  /** Which ones, after "letters". */
  of: string;
  /** Does it with all letters in one step. */
  atOnce: (() => Promise<unknown>) | null;
  onClose: () => void;
}

const DONE = { replay: 'sent again', drop: 'dropped' };

export function ManyDialog({ what, ids, count, of, atOnce, onClose }: ManyDialogProps) {
  const abort = useRef(new AbortController());
  const [progress, setProgress] = useState<Progress | null>(null);
  const [state, setState] = useState<'asking' | 'going' | 'ended'>('asking');
  const [failure, setFailure] = useState<unknown>(null);
  /** What is on its way is waited for, so that what is said is so; who asks twice does not wait. */
  const close = () => {
    const isEnd = state !== 'going' || atOnce || abort.current.signal.aborted;
    abort.current.abort();
    if (isEnd) onClose();
  };
  const run = async () => {
    setState('going');
    setFailure(null);
    try {
      if (atOnce) {
        await atOnce();
        return onClose();
      }
      const ended = await doneWithAll(ids, act(what), abort.current.signal, setProgress);
      setProgress(ended);
      setState('ended');
      await changed('GET /api/logs/dead-letters');
      if (ended.done === ids.length) {
        tell(`${number(ended.done)} ${DONE[what]}`);
        onClose();
      }
    } catch (error) {
      setFailure(error);
      setState('asking');
    }
  };
  const left = progress ? ids.length - progress.done - progress.refused.length : 0;
  const title = what === 'drop' ? `Drop ${number(count)}${of}` : `Send ${number(count)}${of} again`;
  return (
    <Dialog title={title} onClose={close}>
      {state === 'asking' && (
        <p>
          {what === 'drop'
            ? `Drop ${count === 1 ? 'this letter' : `these ${number(count)}`}${of}? What came is gone then; this cannot be undone.`
            : 'Each is sent as it came. What is no JSON object is kept as plain text. A letter goes once its line is stored.'}
        </p>
      )}
      {progress && (
        <div role="status">
          {state === 'going'
            ? `${exact(progress.done + progress.refused.length)} of ${exact(ids.length)}`
            : `${outcome(DONE[what], progress)}.`}
          {state === 'ended' && left > 0 && ` ${exact(left)} ${left === 1 ? 'was' : 'were'} not tried.`}
        </div>
      )}
      {state === 'going' && (
        <Bar value={percentOf(progress, ids.length)} label={`How many were ${DONE[what]}`} />
      )}
      {failure !== null && <Note kind="error">{sentence(failure)}</Note>}
      {progress?.stopped && <Note kind="error">It did not go on: {sentence(progress.stopped)}</Note>}
      {progress && progress.refused.length > 0 && <Refused progress={progress} />}
      <Foot>
        <Button onClick={close}>
          {state === 'asking' ? 'Cancel' : state === 'going' ? 'Stop' : 'Close'}
        </Button>
        {state === 'asking' && (
          <Button kind={what === 'drop' ? 'danger' : 'main'} onClick={() => void run()}>
            {what === 'drop' ? `Drop ${number(count)}` : `Send ${number(count)}`}
          </Button>
        )}
      </Foot>
    </Dialog>
  );
}

function act(what: 'replay' | 'drop') {
  return (id: string) =>
    what === 'drop'
      ? ask('DELETE /api/logs/dead-letters/{id}', { path: { id } })
      : ask('POST /api/logs/dead-letters/{id}/replay', { path: { id }, body: {} });
}

function percentOf(progress: Progress | null, count: number): number {
  return progress ? ((progress.done + progress.refused.length) / count) * 100 : 0;
}

function Refused({ progress: { refused } }: { progress: Progress }) {
  return (
    <Note>
      <span>
        Refused were{' '}
        {refused
          .slice(0, 5)
          .map(({ id }) => id)
          .join(', ')}
        {refused.length > 5 && ' …'}. They are kept: open one to mend it.
      </span>
    </Note>
  );
}
