/** When the lines of a pattern came: a row of small bars over the span. What it shows is said by the columns beside it. */
import type { Pattern } from '../api/schema';
import css from './patterns.module.css';

const WIDTH = 90;
const HEIGHT = 16;

export interface SparkSpan {
  from: number;
  to: number;
  /** Length of a bucket. */
  step: number;
}

/** The path of the bars. */
export function sparkPath(buckets: Pattern['buckets'], { from, to, step }: SparkSpan): string {
  const length = Math.max(step, (to - from) / WIDTH, 1);
  const most = Math.max(...buckets.map(({ count }) => count), 1);
  const wide = Math.max((length / Math.max(to - from, 1)) * WIDTH - 0.5, 1);
  return buckets
    .map(({ start, count }) => {
      const x = ((Date.parse(start) - from) / Math.max(to - from, 1)) * WIDTH;
      const tall = Math.max((count / most) * HEIGHT, 1);
      return `M${x.toFixed(1)} ${HEIGHT}v${(-tall).toFixed(1)}h${wide.toFixed(1)}v${tall.toFixed(1)}z`;
    })
    .join('');
}

export function Spark({ buckets, span }: { buckets: Pattern['buckets']; span: SparkSpan }) {
  return (
    <svg width={WIDTH} height={HEIGHT} aria-hidden="true" className={css.spark}>
      <path d={sparkPath(buckets, span)} />
    </svg>
  );
}
