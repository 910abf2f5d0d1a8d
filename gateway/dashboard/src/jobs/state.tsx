/** Where work is: told by a mark and a word, and by how far it came while it goes on. */
import css from './state.module.css';

/** In the words of jobs. */
export type WorkState = 'pending' | 'running' | 'retrying' | 'succeeded' | 'failed' | 'cancelled';

const SHOWN: Record<WorkState, { mark: string; word: string }> = {
  pending: { mark: '○', word: 'waiting' },
  running: { mark: '▸', word: 'running' },
  retrying: { mark: '↻', word: 'tried again soon' },
  succeeded: { mark: '✓', word: 'done' },
  failed: { mark: '✕', word: 'failed' },
  cancelled: { mark: '–', word: 'cancelled' },
};

export const STATES = Object.keys(SHOWN) as WorkState[];

export function wordOf(state: WorkState): string {
  return SHOWN[state].word;
}

/** Whether something of it may still change by itself. */
export function isOpen(state: WorkState): boolean {
  return state === 'pending' || state === 'running' || state === 'retrying';
}

interface StateProps {
  state: WorkState;
  /** Of a hundred. */
  progress?: number;
  /** Another word for it. */
  word?: string;
  /** What it is that goes on. */
  label: string;
}

export function State({ state, progress, word, label }: StateProps) {
  return (
    <span className={css.state} data-state={state}>
      <span aria-hidden className={css.mark}>
        {SHOWN[state].mark}
      </span>
      <span>{word ?? SHOWN[state].word}</span>
      {progress !== undefined && isOpen(state) && state !== 'pending' && (
        <Progress value={progress} label={label} />
      )}
    </span>
  );
}

export function Progress({ value, label }: { value: number; label: string }) {
  return (
    <span className={css.progress}>
      <progress className={css.bar} value={value} max={100} aria-label={label} />
      <span>{Math.floor(value)} %</span>
    </span>
  );
}
