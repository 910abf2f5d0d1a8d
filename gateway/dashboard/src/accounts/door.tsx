/** The frame of the pages for whoever is not logged in: the name, a title, a small form. It decides nothing. */
import { type ReactNode, useEffect, useRef } from 'react';
import type { Sending } from '../app/sending';
import { Button } from '../design/controls';
import { useTitle } from '../design/page';
import { Note } from '../design/states';
import { reasonAbove } from './above';
import css from './door.module.css';

export function Door({ title, children }: { title: string; children: ReactNode }) {
  useTitle(title);
  return (
    <main className={css.door}>
      <div className={css.inside}>
        <div>
          <div className={css.name}>Antler</div>
          <h1>{title}</h1>
        </div>
        {children}
      </div>
    </main>
  );
}

/** Links to other doors, below a form. */
export function Ways({ children }: { children: ReactNode }) {
  return <div className={css.ways}>{children}</div>;
}

export function Quiet({ children }: { children: ReactNode }) {
  return <p className={css.quiet}>{children}</p>;
}

interface FormProps {
  sending: Sending;
  /** What the server calls the fields of this form. */
  fields?: readonly string[];
  onSend: () => Promise<void>;
  /** What the button does. */
  verb: string;
  /** The button while it is done. */
  during: string;
  children: ReactNode;
}

/** What was typed stays when the server refuses; the first field that it refuses gets the focus. */
export function DoorForm({ sending, fields = [], onSend, verb, during, children }: FormProps) {
  const ref = useRef<HTMLFormElement>(null);
  const { error, busy } = sending;
  const above = reasonAbove(error, fields);
  useEffect(() => {
    if (error) ref.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [error]);
  return (
    <form
      ref={ref}
      className={css.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void sending.send(onSend);
      }}
    >
      {above && <Note kind="error">{above}</Note>}
      {children}
      <SubmitButton isSending={busy} verb={verb} during={during} />
    </form>
  );
}

function SubmitButton({ isSending, verb, during }: { isSending: boolean; verb: string; during: string }) {
  return (
    <Button kind="main" type="submit" aria-disabled={isSending || undefined}>
      {isSending ? `${during} …` : verb}
    </Button>
  );
}
