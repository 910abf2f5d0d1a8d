/** A value of a field with its count and share. A click asks for it; with Alt, or on its −, it is left out. */
import { LevelMark } from '../../design/level';
import { exact, percent, short } from '../../design/numbers';
import { readable } from '../../design/readable';
import css from './fields.module.css';

interface ValueProps {
  field: string;
  value: string;
  count: number;
  /** Of all lines that have the field. */
  share: number;
  onInclude(field: string, value: string): void;
  onExclude(field: string, value: string): void;
}

/** Longer ones are of no use as a condition, and too long for an address. */
const VALUE_MAX = 2000;

export function Value({ field, value, count, share, onInclude, onExclude }: ValueProps) {
  const shown = value === '' ? '(empty)' : readable(value);
  const isUsable = value.length <= VALUE_MAX;
  return (
    <li className={css.value}>
      <button
        type="button"
        className={css.include}
        disabled={!isUsable}
        title={`${shown}\n${exact(count)} lines, ${percent(share)}. Alt-click leaves them out.`}
        onClick={(event) => (event.altKey ? onExclude : onInclude)(field, value)}
      >
        <span className="unseen">Only {readable(field)} </span>
        {field === 'level' && <LevelMark level={value} />}
        <span className={css.text} data-empty={value === '' || undefined}>
          {field === 'level' ? <span aria-hidden>{shown}</span> : shown}
        </span>
        <span className={css.count}>
          {short(count)}
          <span className="unseen"> lines</span>
        </span>
        <span className={css.share} style={{ width: `${Math.min(share * 100, 100)}%` }} aria-hidden />
      </button>
      {isUsable && (
        <button
          type="button"
          className={css.exclude}
          aria-label={`Without ${readable(field)} ${shown}`}
          title="Leave out"
          onClick={() => onExclude(field, value)}
        >
          −
        </button>
      )}
    </li>
  );
}
