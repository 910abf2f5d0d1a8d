/**
 * How many lines there are over time, by level.
 *
 * Invariant: its height is the same whatever it shows, and what can be seen in it can also be read and reached by keys.
 */
import { useEffect, useId, useRef } from 'react';
import { usePreferences } from '../../app/preferences';
import { useWidth } from '../../design/width';
import { type Column, errorsOf, merged } from './bars';
import { Chart } from './chart';
import { type CountsAsked, useCounts } from './counts';
import css from './histogram.module.css';
import { type Mark, useMark } from './mark';
import { describe, Words } from './said';

interface HistogramProps extends CountsAsked {
  onSpan(from: Date, to: Date): void;
  onTotal?(total: number): void;
}

const ROWS_MAX = 24;

export function Histogram({ onSpan, onTotal, ...asked }: HistogramProps) {
  const zone = usePreferences((state) => state.zone);
  const found = useCounts(asked);
  const { columns, from, to, counts, isOld } = found;
  const { frame, width } = useWidth();
  const help = useId();
  const zoom = ({ first, last }: Mark) => {
    const begin = Math.max(columns[first]?.start ?? from, from);
    const end = Math.min((columns[last]?.end ?? to) - 1, to);
    onSpan(new Date(begin), new Date(Math.max(begin, end)));
  };
  const { mark, hands } = useMark(columns, width, zoom);
  const total = counts && !isOld ? counts.total : null;
  const tellTotal = useRef(onTotal);
  tellTotal.current = onTotal;
  useEffect(() => {
    if (total !== null) tellTotal.current?.(total);
  }, [total]);
  const at = mark?.at ?? columns.length - 1;
  return (
    <section className={css.histogram} aria-label="Lines over time">
      <div
        ref={frame}
        className={css.chart}
        data-old={isOld || undefined}
        role="slider"
        tabIndex={0}
        aria-label="Bars of lines over time"
        aria-describedby={help}
        aria-valuemin={0}
        aria-valuemax={Math.max(columns.length - 1, 0)}
        aria-valuenow={Math.max(at, 0)}
        aria-valuetext={describe(columns, mark ?? { first: at, last: at, at, isBrush: false }, zone)}
        {...hands}
      >
        <Chart columns={columns} width={width} mark={mark} zone={zone} />
      </div>
      <span id={help} hidden>
        The arrow keys go from bar to bar, with Shift they mark a span, Enter shows it alone, Escape lets go.
      </span>
      <Words asked={asked} found={found} mark={mark} zone={zone} />
      <Rows columns={columns} zone={zone} />
    </section>
  );
}

/** The same for those who cannot see it. */
function Rows({ columns, zone }: { columns: Column[]; zone: 'local' | 'utc' }) {
  const rows = merged(columns, ROWS_MAX);
  return (
    <div className="unseen">
      <table>
        <caption>Lines over time</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Lines</th>
            <th scope="col">Errors</th>
            <th scope="col">Warnings</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.start}>
              <th scope="row">{describe([row], { first: 0, last: 0, at: 0, isBrush: false }, zone, true)}</th>
              <td>{row.count}</td>
              <td>{errorsOf(row)}</td>
              <td>{row.levels.warning ?? 0}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
