/** Levels: told by shape and place as well as by colour. A mark is one element, as it stands in every row. */
import css from './level.module.css';

/** From the loudest on, as they stand on each other in a histogram. */
export const LEVELS = ['critical', 'error', 'warning', 'info', 'debug', 'trace'] as const;
export type Level = (typeof LEVELS)[number];

const MARKS: Record<string, string> = {
  trace: '·',
  debug: '○',
  info: '●',
  warning: '▲',
  error: '✕',
  critical: '■',
};

export function isLevel(text: unknown): text is Level {
  return typeof text === 'string' && Object.hasOwn(MARKS, text);
}

export function LevelMark({ level }: { level: string | null | undefined }) {
  const known = isLevel(level) ? level : null;
  return (
    <span
      className={css.mark}
      data-level={known ?? 'none'}
      role="img"
      aria-label={known ?? 'no level'}
      title={known ?? 'no level'}
    >
      {known ? MARKS[known] : ' '}
    </span>
  );
}

/** The colour of a level, for charts: what is usual is quiet. */
export function levelColour(level: string): string {
  if (level === 'warning' || level === 'error' || level === 'critical') return `var(--${level})`;
  return level === 'info' ? 'var(--n7)' : 'var(--n6)';
}
