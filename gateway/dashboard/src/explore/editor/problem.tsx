/** What is wrong with the query that was run, and the way out that the server offers. */
import { Button } from '../../design/controls';
import css from './editor.module.css';

export interface QueryProblem {
  start: number;
  end: number;
  message: string;
  suggestion?: string;
}

interface ProblemProps {
  id: string;
  problem: QueryProblem;
  /** Null where the text has changed since. */
  onShow: (() => void) | null;
  onFix: ((suggestion: string) => void) | null;
}

export function Problem({ id, problem: { message, suggestion }, onShow, onFix }: ProblemProps) {
  return (
    <div className={css.problem} role="alert">
      <span id={id}>{message}</span>
      {onFix && suggestion !== undefined && (
        <Button onClick={() => onFix(suggestion)}>
          {suggestion.trim() === '' ? 'Take it away' : `Write ${shortened(suggestion)}`}
        </Button>
      )}
      {onShow && (
        <Button kind="plain" onClick={onShow}>
          Show where
        </Button>
      )}
    </div>
  );
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text.trim();
}
