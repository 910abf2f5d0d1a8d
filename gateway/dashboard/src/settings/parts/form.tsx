/**
 * Forms that are sent to the server. Invariant: what was typed stays when it refuses; the reason stands at the field it
 * names, which gets the focus, and above the form if that has no such field.
 */
import { type ReactNode, useEffect, useLayoutEffect, useRef } from 'react';
import { Failure } from '../../api/client';
import { fieldOf, type Sending } from '../../app/sending';
import { join } from '../../design/controls';
import { Note, sentence } from '../../design/states';
import css from './parts.module.css';

interface FormProps {
  sending: Sending;
  /** Fields that say themselves what is wrong with them. */
  fields: readonly string[];
  onSend: () => void;
  label: string;
  wide?: boolean;
  children: ReactNode;
}

export function Form({ sending: { error, busy }, fields, onSend, label, wide, children }: FormProps) {
  const ref = useRef<HTMLFormElement>(null);
  // A dialog that opens gives the focus to what says so, and to its button that closes it otherwise.
  useLayoutEffect(() => {
    const form = ref.current;
    if (form?.closest('dialog')) form.querySelector('input, textarea')?.setAttribute('autofocus', '');
  }, []);
  const field = fieldOf(error);
  const isAbove = error !== null && !(field && fields.includes(field));
  useEffect(() => {
    if (error !== null) ref.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [error]);
  return (
    <form
      ref={ref}
      className={join(css.form, wide && css.wide)}
      aria-label={label}
      aria-busy={busy}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSend();
      }}
    >
      {isAbove && <Refused error={error} />}
      {children}
    </form>
  );
}

/** Why the server did not do it, with the id under which its own log has it. */
export function Refused({ error }: { error: unknown }) {
  const id = error instanceof Failure && error.status >= 500 ? error.requestId : null;
  return (
    <Note kind="error">
      <span>{sentence(error)}</span>
      {id && <span>Request {id}</span>}
    </Note>
  );
}
