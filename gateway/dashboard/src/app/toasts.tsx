/** Short news at the edge of the page: at most three at once. What needs an answer is no toast. */
import { create } from 'zustand';
import { Button, buttonClass } from '../design/controls';
import { sentence } from '../design/states';
import { type Place, ToPlace } from './place';
import css from './toasts.module.css';

interface Toast {
  id: number;
  text: string;
  kind: 'news' | 'error';
  undo?: (() => void) | undefined;
  /** Where one sees more. */
  place?: Place | undefined;
}

const SHOWN_MAX = 3;
const SHOWN_MS = 5000;
const UNDO_MS = 10_000;

const useToasts = create<{ toasts: Toast[] }>(() => ({ toasts: [] }));
let last = 0;

export function tell(
  text: string,
  { undo, place, kind = 'news' }: { undo?: () => void; place?: Place; kind?: Toast['kind'] } = {},
) {
  last += 1;
  const id = last;
  useToasts.setState(({ toasts }) => ({
    toasts: [...toasts, { id, text, kind, undo, place }].slice(-SHOWN_MAX),
  }));
  // An error stays until it was seen.
  if (kind === 'news') setTimeout(() => remove(id), undo ? UNDO_MS : SHOWN_MS);
}

/** For what fails behind a button. */
export function tellFailure(error: unknown) {
  tell(sentence(error), { kind: 'error' });
}

function remove(id: number) {
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
}

export function Toasts() {
  const { toasts } = useToasts();
  return (
    <section className={css.toasts} aria-label="News" aria-live="polite">
      {toasts.map(({ id, text, kind, undo, place }) => (
        <div key={id} className={css.toast} data-kind={kind} data-news>
          <span>{text}</span>
          {undo && (
            <Button
              onClick={() => {
                remove(id);
                undo();
              }}
            >
              Undo
            </Button>
          )}
          {place && (
            <ToPlace place={place} className={buttonClass} onClick={() => remove(id)}>
              Show
            </ToPlace>
          )}
          <Button kind="plain" aria-label="Dismiss" onClick={() => remove(id)}>
            ✕
          </Button>
        </div>
      ))}
    </section>
  );
}
