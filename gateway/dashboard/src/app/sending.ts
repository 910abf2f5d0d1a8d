/**
 * Something that is sent to the server: whether it is under way, and what the server said against it.
 *
 * Invariant: it is sent once at a time. Where the reason is shown is of the form.
 */
import { useState } from 'react';
import { Failure } from '../api/client';
import { sentence } from '../design/states';

export interface Sending {
  busy: boolean;
  error: unknown;
  /** Does the work; true if it succeeded. What it throws is shown. */
  send: (work: () => Promise<unknown>) => Promise<boolean>;
  /** What is wrong with the field of this name. */
  wrong: (field: string) => string | undefined;
  forget: () => void;
}

export function useSending(): Sending {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const send = async (work: () => Promise<unknown>) => {
    if (busy) return false;
    setBusy(true);
    setError(null);
    try {
      await work();
      return true;
    } catch (caught) {
      setError(caught);
      return false;
    } finally {
      setBusy(false);
    }
  };
  const wrong = (field: string) => (fieldOf(error) === field ? reasonOf(error) : undefined);
  return { busy, error, send, wrong, forget: () => setError(null) };
}

/** The field that a failure is about. */
export function fieldOf(error: unknown): string | null {
  return error instanceof Failure ? error.field : null;
}

/** What is wrong with it, without its name. */
export function reasonOf(error: unknown): string {
  const reason = error instanceof Failure ? error.details.reason : null;
  return sentence(typeof reason === 'string' ? reason : error);
}
