/** What the histogram says in words: of all bars, of the one that is pointed at, of a span, or why there are none. */
import type { ReactNode } from 'react';
import { Failure } from '../../api/client';
import { Button } from '../../design/controls';
import { Copy } from '../../design/copy';
import { duration, exact, short } from '../../design/numbers';
import { sentence } from '../../design/states';
import { pipesOf } from '../editor/tokens';
import { betweenWords, lengthWords, type Zone } from '../time/words';
import { type Column, errorsOf, joined } from './bars';
import type { CountsAsked, useCounts } from './counts';
import css from './histogram.module.css';
import type { Mark } from './mark';

/** Of the columns that are marked, as one text. */
export function describe(columns: readonly Column[], mark: Mark, zone: Zone, onlyTime = false): string {
  const marked = joined(columns.slice(mark.first, mark.last + 1));
  const time = betweenWords(marked.start, marked.end, zone);
  if (onlyTime) return time;
  const parts = [time, plural(marked.count, 'line')];
  if (errorsOf(marked)) parts.push(plural(errorsOf(marked), 'error'));
  if (marked.levels.warning) parts.push(plural(marked.levels.warning, 'warning'));
  return parts.join(', ');
}

function plural(count: number, what: string): string {
  return `${exact(count)} ${what}${count === 1 ? '' : 's'}`;
}

interface WordsProps {
  asked: CountsAsked;
  found: ReturnType<typeof useCounts>;
  mark: Mark | null;
  zone: Zone;
}

export function Words({ asked, found, mark, zone }: WordsProps) {
  const { columns, counts, error, isWaiting, isOld, seconds } = found;
  if (mark && counts) return <OfMark columns={columns} mark={mark} zone={zone} />;
  if (isWaiting && seconds > 0) {
    return (
      <Line>
        <span role="status">Counting … {seconds} s</span>
        <Button onClick={found.cancel}>Cancel</Button>
      </Line>
    );
  }
  if (error && !isWaiting) {
    return (
      <Line>
        <span className={css.said} role="alert" title={sentence(error)}>
          Not counted: {sentence(error)}
        </span>
        {!isWrong(error) && <Button onClick={found.again}>Try again</Button>}
        {!isWrong(error) && error instanceof Failure && error.requestId && (
          <Copy text={error.requestId} label={`Copy request id ${error.requestId}`} />
        )}
      </Line>
    );
  }
  if (!isWaiting && (!counts || isOld)) {
    return (
      <Line>
        <span className={css.said}>Not counted.</span>
        <Button onClick={found.again}>Count</Button>
      </Line>
    );
  }
  return <Line>{counts && <OfAll asked={asked} found={found} zone={zone} />}</Line>;
}

/** The same question would be refused again. */
function isWrong(error: unknown): boolean {
  return error instanceof Failure && [400, 403, 422].includes(error.status);
}

function Line({ children }: { children: ReactNode }) {
  return <div className={css.words}>{children}</div>;
}

function OfAll({ asked, found, zone }: Omit<WordsProps, 'mark'>) {
  const { counts, columns, from, to } = found;
  if (!counts) return null;
  const all = joined(columns);
  const time = betweenWords(from, to + (to % 1000 === 999 ? 1 : 0), zone);
  const lacking = counts.isPartial ? counts.warnings.join(' ') || 'Lines are missing.' : '';
  return (
    <span className={css.said}>
      <Count of={counts.total} what="line" />
      {pipesOf(asked.q) && ' before the pipes'}
      <Levels of={all} />
      {` · ${time}`}
      <span className={css.aside}>{` · ${lengthWords(counts.step)} a bar · ${duration(counts.took)}`}</span>
      {lacking && (
        <span data-level="warning" title={lacking}>
          {' '}
          · In part: {lacking}
        </span>
      )}
    </span>
  );
}

function OfMark({ columns, mark, zone }: { columns: readonly Column[]; mark: Mark; zone: Zone }) {
  const marked = joined(columns.slice(mark.first, mark.last + 1));
  return (
    <Line>
      <span className={css.said}>
        {betweenWords(marked.start, marked.end, zone)}
        {mark.isBrush && ` · ${lengthWords(marked.end - marked.start)}`}
        {' · '}
        <Count of={marked.count} what="line" />
        <Levels of={marked} />
        {mark.isBrush && ' · Enter zooms in, Esc lets go'}
      </span>
    </Line>
  );
}

function Levels({ of }: { of: Column }) {
  const errors = errorsOf(of);
  const warnings = of.levels.warning ?? 0;
  return (
    <>
      {errors > 0 && (
        <span data-level="error">
          {' · '}
          <Count of={errors} what="error" />
        </span>
      )}
      {warnings > 0 && (
        <span data-level="warning">
          {' · '}
          <Count of={warnings} what="warning" />
        </span>
      )}
    </>
  );
}

function Count({ of, what }: { of: number; what: string }) {
  const shown = of < 100_000 ? exact(of) : short(of);
  return (
    <span title={exact(of)}>
      <b>{shown}</b> {what}
      {of === 1 ? '' : 's'}
    </span>
  );
}
