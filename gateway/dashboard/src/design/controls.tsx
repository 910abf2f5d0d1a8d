/** Buttons and fields. Invariant: every field has a name, and what is wrong with it is said beside it. */
import { type ComponentProps, type ReactNode, useId } from 'react';
import css from './controls.module.css';

type Kind = 'main' | 'usual' | 'plain' | 'danger';

export interface ButtonProps extends ComponentProps<'button'> {
  kind?: Kind;
}

export function Button({ kind = 'usual', type = 'button', className, ...rest }: ButtonProps) {
  return <button type={type} data-kind={kind} className={join(css.button, className)} {...rest} />;
}

/** How something that leads elsewhere looks like a button. */
export const buttonClass = css.button;

/** The names of several classes, without those that are not there. */
export function join(...names: (string | false | undefined)[]): string {
  return names.filter(Boolean).join(' ');
}

interface Around {
  label: string;
  hint?: ReactNode;
  wrong?: string | null | undefined;
}

function useAround({ label, hint, wrong }: Around) {
  const id = useId();
  const about = { id, 'aria-invalid': wrong ? true : undefined, 'aria-describedby': `${id}-about` };
  const around = (control: ReactNode) => (
    <div className={css.field}>
      <label className={css.label} htmlFor={id}>
        {label}
      </label>
      {control}
      <div id={`${id}-about`} className={wrong ? css.wrong : css.hint} hidden={!wrong && !hint}>
        {wrong ?? hint}
      </div>
    </div>
  );
  return { about, around };
}

export function TextField({ label, hint, wrong, className, ...rest }: Around & ComponentProps<'input'>) {
  const { about, around } = useAround({ label, hint, wrong });
  return around(<input className={join(css.input, className)} {...rest} {...about} />);
}

export function TextArea({ label, hint, wrong, className, ...rest }: Around & ComponentProps<'textarea'>) {
  const { about, around } = useAround({ label, hint, wrong });
  return around(<textarea className={join(css.input, className)} {...rest} {...about} />);
}

export function Choice({ label, hint, wrong, className, ...rest }: Around & ComponentProps<'select'>) {
  const { about, around } = useAround({ label, hint, wrong });
  return around(<select className={join(css.input, className)} {...rest} {...about} />);
}

export function Check({ label, ...rest }: { label: ReactNode } & ComponentProps<'input'>) {
  return (
    <label className={css.check}>
      <input type="checkbox" {...rest} />
      <span>{label}</span>
    </label>
  );
}
