/** The states of a panel that has nothing to show: waiting, empty, failed, in part. */
import type { ReactNode } from 'react';
import { Failure } from '../api/client';
import { Button } from './controls';
import { Copy } from './copy';
import { useSeconds } from './seconds';
import css from './states.module.css';

/** Quiet for a moment; after a second it says how long it has taken and can be stopped. */
export function Waiting({ what = 'Loading', onCancel }: { what?: string; onCancel?: () => void }) {
  const seconds = useSeconds(true);
  return (
    <div className={`${css.state} ${css.waiting}`} role="status">
      <div className={css.row}>
        <span className={css.quiet}>
          {what} …{seconds > 0 && ` ${seconds} s`}
        </span>
        {seconds > 0 && onCancel && <Button onClick={onCancel}>Cancel</Button>}
      </div>
    </div>
  );
}

/** Why there is nothing, and what may be done. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={css.state}>
      <h2>{title}</h2>
      {children && <div className={css.quiet}>{children}</div>}
    </div>
  );
}

/** What failed, why, and what to do. */
export function Failed({ what, error, onRetry }: { what: string; error: unknown; onRetry?: () => void }) {
  const id = error instanceof Failure ? error.requestId : null;
  return (
    <div className={css.state} role="alert">
      <h2>{what}</h2>
      <div>{sentence(error)}</div>
      <div className={css.row}>
        {onRetry && <Button onClick={onRetry}>Try again</Button>}
        {id && <Copy text={id} label={`Copy request id ${id}`} />}
      </div>
    </div>
  );
}

export function Note({ kind = 'warning', children }: { kind?: 'warning' | 'error'; children: ReactNode }) {
  return (
    <div className={css.note} data-kind={kind} role={kind === 'error' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}

/** An error in the words of whoever found it. */
export function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.:]$/.test(first) ? first : `${first}.`;
}
