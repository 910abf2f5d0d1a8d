/** A question before something that cannot be taken back. Invariant: it names the thing, and why it failed stays in it. */
import type { ReactNode } from 'react';
import { useSending } from '../../app/sending';
import { Button } from '../../design/controls';
import { Dialog, Foot } from '../../design/dialog';
import { Refused } from './form';

interface QuestionProps {
  title: string;
  /** What is lost by it. */
  children: ReactNode;
  /** The verb on the button. */
  act: string;
  work: () => Promise<unknown>;
  onClose: () => void;
}

export function Question({ title, children, act, work, onClose }: QuestionProps) {
  const { busy, error, send } = useSending();
  return (
    <Dialog title={title} onClose={onClose}>
      {error !== null && <Refused error={error} />}
      <div>{children}</div>
      <Foot>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          kind="danger"
          disabled={busy}
          onClick={() => void send(work).then((done) => done && onClose())}
        >
          {act}
        </Button>
      </Foot>
    </Dialog>
  );
}
