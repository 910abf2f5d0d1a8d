/** Names and amounts as bars from zero on; what has no bar is in the table beside it. */
import { exact } from '../../design/numbers';
import { shownNumber, shownValue } from './grid';
import css from './results.module.css';

interface BarsProps {
  bars: { name: unknown; value: number }[];
  /** That have no bar. */
  others: number;
  names: string;
  values: string;
  onValue: ((value: unknown) => void) | undefined;
}

export function Bars({ bars, others, names, values, onValue }: BarsProps) {
  const max = Math.max(...bars.map(({ value }) => value), 0);
  return (
    <figure className={css.chart}>
      <figcaption className={css.caption}>
        {values} by {names}
        {others > 0 && ` · the largest ${bars.length}, ${exact(others)} more in the table`}
      </figcaption>
      <ul className={css.bars}>
        {bars.map(({ name, value }, at) => {
          const shown = shownValue(name, 'text', 'utc');
          const isChosen = onValue && name !== null && name !== undefined;
          return (
            <li key={at} className={css.barRow}>
              <span className={css.barName} title={shown}>
                {isChosen ? (
                  <button
                    type="button"
                    className={css.value}
                    aria-label={`Search for ${names} ${shown}`}
                    onClick={() => onValue(name)}
                  >
                    {shown}
                  </button>
                ) : (
                  shown
                )}
              </span>
              <span className={css.barRoom}>
                <span className={css.bar} style={{ width: `${max > 0 ? (value / max) * 100 : 0}%` }} />
              </span>
              <span className={css.barValue} title={exact(value)}>
                {shownNumber(value)}
              </span>
            </li>
          );
        })}
      </ul>
    </figure>
  );
}
