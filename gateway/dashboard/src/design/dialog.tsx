/** A dialog of the browser: it keeps the focus, gives it back, and closes by Escape; a click beside it loses nothing. */
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { Button, join } from './controls';
import css from './dialog.module.css';

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
}

/** It is open as long as it is there. */
export function Dialog({ title, onClose, children, wide }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    const first = '[autofocus], input:not([type="hidden"]), select, textarea, [data-body] button';
    dialog?.querySelector<HTMLElement>(first)?.focus();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      className={join(css.dialog, wide && css.wide)}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className={css.head}>
        <h2 id={id}>{title}</h2>
        <Button kind="plain" aria-label="Close" onClick={onClose}>
          ✕
        </Button>
      </div>
      <div className={css.body} data-body>
        {children}
      </div>
    </dialog>
  );
}

/** The buttons at the end of a dialog or form. */
export function Foot({ children }: { children: ReactNode }) {
  return <div className={css.foot}>{children}</div>;
}
