/**
 * A form that is sent: whether it is under way, and what the server said against it.
 *
 * Invariant: what is wrong with a field that the form has stands at that field, everything else above the form.
 */
import { useState } from 'react';
import { Failure } from '../api/client';
import { sentence } from '../design/states';

export interface Sending {
  isSending: boolean;
  failure: unknown;
  /** What stands above the form. */
  general: string | null;
  /** What stands at a field. */
  wrong: (field: string) => string | null;
  send: () => Promise<void>;
}

/** The reason of a refusal, if it is about this field. */
export function reasonAt(failure: unknown, field: string): string | null {
  if (!(failure instanceof Failure) || failure.field !== field) return null;
  const { reason } = failure.details;
  return sentence(typeof reason === 'string' ? reason : failure.message);
}

/** What is said above a form that has these fields. */
export function reasonAbove(failure: unknown, fields: readonly string[]): string | null {
  if (failure === null || failure === undefined) return null;
  if (!(failure instanceof Failure) || failure.field === null) return sentence(failure);
  if (fields.includes(failure.field)) return null;
  // Whoever opened a link has typed no token.
  const reason = reasonAt(failure, 'token');
  return reason ? `The link cannot be used. ${reason}` : sentence(failure);
}

/** `fields` are the names that the server has for what the form shows. */
export function useSending(fields: readonly string[], run: () => Promise<void>): Sending {
  const [isSending, setSending] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const send = async () => {
    if (isSending) return;
    setSending(true);
    try {
      await run();
      setFailure(null);
    } catch (error) {
      setFailure(error);
    } finally {
      setSending(false);
    }
  };
  return {
    isSending,
    failure,
    general: reasonAbove(failure, fields),
    wrong: (field) => reasonAt(failure, field),
    send,
  };
}
