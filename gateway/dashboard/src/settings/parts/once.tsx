/** A secret that is shown once. Invariant: it goes only when it is said to be kept, not by a slip of a key. */
import { type ReactNode, useEffect, useRef } from 'react';
import { Button } from '../../design/controls';
import { Copy } from '../../design/copy';
import css from './parts.module.css';

interface OnceProps {
  title: string;
  secret: string;
  /** What it is, on the button that copies it: "key". */
  what: string;
  children?: ReactNode;
  onDone: () => void;
}

export function Once({ title, secret, what, children, onDone }: OnceProps) {
  const ref = useRef<HTMLElement>(null);
  useEffect(() => ref.current?.focus(), []);
  return (
    <section ref={ref} className={css.once} tabIndex={-1} aria-label={title}>
      <h2>{title}</h2>
      <p>It is shown this once. Keep it where only those see it who need it.</p>
      <div className={css.row}>
        <code className={css.secret}>{secret}</code>
        <Copy text={secret} label={`Copy ${what}`} />
      </div>
      {children}
      <div className={css.row}>
        <Button onClick={onDone}>I have it</Button>
      </div>
    </section>
  );
}
