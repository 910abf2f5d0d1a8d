/** Several choices under one name. What is wrong with them is said below it. */
import { type ReactNode, useId } from 'react';
import css from './parts.module.css';

interface GroupProps {
  legend: string;
  hint?: ReactNode;
  wrong?: string | undefined;
  children: ReactNode;
}

export function Group({ legend, hint, wrong, children }: GroupProps) {
  const id = useId();
  return (
    <fieldset className={css.group} aria-describedby={wrong || hint ? id : undefined}>
      <legend>{legend}</legend>
      {(wrong || hint) && (
        <div id={id} className={wrong ? css.wrong : css.quiet} role={wrong ? 'alert' : undefined}>
          {wrong ?? hint}
        </div>
      )}
      {children}
    </fieldset>
  );
}
