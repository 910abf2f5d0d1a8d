/** The files on their way, and what became of those that arrived. */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { linkTo } from '../app/address';
import { tellFailure } from '../app/toasts';
import { Button } from '../design/controls';
import { bytes, duration, exact } from '../design/numbers';
import { Section, Table } from '../design/page';
import { readable } from '../design/readable';
import { sentence } from '../design/states';
import { isOpen, Progress, State } from '../jobs/state';
import css from './sender.module.css';
import { stageOf, stateOf, wordOf } from './stages';
import {
  cancelReading,
  dismiss,
  dismissEnded,
  hasEnded,
  lookAgain,
  readAgain,
  sendAgain,
  type Transfer,
  useTransfers,
} from './transfers';

interface SendingProps {
  owner: string;
  /** Puts a file that was refused back among those that are chosen, with what was said of it. */
  onBack: (transfer: Transfer) => void;
}

export function Sending({ owner, onBack }: SendingProps) {
  const transfers = useTransfers((state) => state.all).filter((one) => one.owner === owner);
  if (transfers.length === 0) return null;
  return (
    <Section title="Sent from this page">
      <Table columns={['File', 'Size', 'State']} last="Actions" label="Files sent from this page">
        {transfers.map((transfer) => (
          <tr key={transfer.id}>
            <td className={css.name}>
              <Name transfer={transfer} />
            </td>
            <td className={css.number}>{bytes(transfer.file.size)}</td>
            <td>{shown(transfer)}</td>
            <td className={css.actions}>
              <Actions transfer={transfer} onBack={onBack} />
            </td>
          </tr>
        ))}
      </Table>
      {transfers.filter(({ state }) => hasEnded(state)).length > 1 && (
        <div>
          <Button onClick={dismissEnded}>Dismiss all that were read</Button>
        </div>
      )}
    </Section>
  );
}

function Name({ transfer: { file, state } }: { transfer: Transfer }) {
  if (state.name !== 'taken') return <bdi>{readable(file.name)}</bdi>;
  return (
    <Link {...linkTo({}, { file: state.status.upload_id })}>
      <bdi>{readable(file.name)}</bdi>
    </Link>
  );
}

function shown({ file, state }: Transfer): ReactNode {
  const label = `How far ${file.name} is`;
  switch (state.name) {
    case 'waiting':
      return <State state="pending" word="waits to be sent" label={label} />;
    case 'failed':
      return <span className={css.wrong}>✕ {sentence(state.error)}</span>;
    case 'sending':
      return <SendingNow transfer={file} sent={state.sent} beganAt={state.beganAt} />;
    case 'taken': {
      const { status } = state;
      const stage = stageOf(status);
      return (
        <>
          <State state={stateOf(stage)} word={wordOf(stage)} progress={status.progress} label={label} />
          {status.result.total > 0 && <span className={css.quiet}> {counted(status.result)}</span>}
          {status.error && <span className={css.wrong}> {sentence(new Error(status.error.message))}</span>}
        </>
      );
    }
  }
}

function SendingNow({ transfer, sent, beganAt }: { transfer: File; sent: number; beganAt: number }) {
  const percent = transfer.size > 0 ? (sent / transfer.size) * 100 : 0;
  const tookMs = performance.now() - beganAt;
  const leftMs = sent > 0 ? (tookMs / sent) * (transfer.size - sent) : 0;
  // What was sent whole is being looked at there.
  if (sent >= transfer.size) return <State state="running" word="sent; the server looks at it" label="" />;
  return (
    <>
      sending <Progress value={percent} label={`How much of ${transfer.name} was sent`} />
      {leftMs > 3000 && (
        <span className={css.quiet}> about {duration(Math.round(leftMs / 1000) * 1000)} left</span>
      )}
    </>
  );
}

export function counted({ indexed, failed }: { indexed: number; failed: number }): string {
  const lines = `${exact(indexed)} ${indexed === 1 ? 'line' : 'lines'}`;
  return failed > 0 ? `${lines}, ${exact(failed)} could not be taken` : lines;
}

function Actions({ transfer, onBack }: { transfer: Transfer; onBack: (transfer: Transfer) => void }) {
  const { id, file, state } = transfer;
  const run = (work: Promise<unknown>) => void work.catch(tellFailure);
  const button = (word: string, onClick: () => void) => (
    <Button kind="plain" aria-label={`${word}: ${file.name}`} onClick={onClick}>
      {word}
    </Button>
  );
  if (state.name === 'failed') {
    const { upload } = state;
    return (
      <>
        {upload
          ? button('Look again', () => run(lookAgain(id, upload)))
          : button('Send again', () => sendAgain(id))}
        {!upload && button('Change', () => onBack(transfer))}
        {button('Dismiss', () => dismiss(id))}
      </>
    );
  }
  if (state.name !== 'taken') return button('Cancel', () => dismiss(id));
  const { upload_id } = state.status;
  const work = stateOf(stageOf(state.status));
  return (
    <>
      {isOpen(work) && button('Cancel', () => run(cancelReading(id, upload_id)))}
      {(work === 'failed' || work === 'cancelled') &&
        button('Go on reading', () => run(readAgain(id, upload_id)))}
      {!isOpen(work) && button('Dismiss', () => dismiss(id))}
    </>
  );
}
