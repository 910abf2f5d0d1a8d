/** Amounts over time as lines from zero on, each with its name at its end. Where values are missing, lines are broken. */
import { usePreferences } from '../../app/preferences';
import { isLevel, levelColour } from '../../design/level';
import { useWidth } from '../../design/width';
import { ticksOf } from '../histogram/bars';
import { betweenWords } from '../time/words';
import { shownNumber } from './grid';
import { placedLabels, valueTicks } from './layout';
import css from './results.module.css';
import { pieces, type Series } from './shape';

const HEIGHT = 200;
const TOP = 8;
const BOTTOM = 20;
const LEFT = 48;
const RIGHT = 136;
/** Levels whose colour can be read as text. */
const LOUD = new Set(['warning', 'error', 'critical']);

interface LinesProps {
  series: Series[];
  others: number;
  step: number;
}

export function Lines({ series, others, step }: LinesProps) {
  const zone = usePreferences((state) => state.zone);
  const { frame, width } = useWidth();
  const points = series.flatMap((one) => one.points);
  const times = points.map(({ at }) => at);
  const values = points.map(({ value }) => value);
  const [from, to] = [least(times), most(times)];
  const figures = valueTicks(least(values), most(values));
  const [low, high] = [figures[0] ?? 0, figures.at(-1) ?? 1];
  const areLevels = series.every(({ name }) => isLevel(name));
  const right = width < 480 ? 88 : RIGHT;
  const x = (at: number) => LEFT + ((at - from) / Math.max(to - from, 1)) * Math.max(width - LEFT - right, 1);
  const y = (value: number) =>
    TOP + (1 - (value - low) / Math.max(high - low, 1e-9)) * (HEIGHT - TOP - BOTTOM);
  const labels = placedLabels(
    series.map(({ points }) => y(points.at(-1)?.value ?? 0)),
    TOP,
    HEIGHT - BOTTOM,
  );
  const count = Math.max(1, Math.floor((width - LEFT - right) / 110));
  return (
    <figure className={css.chart}>
      <figcaption className={css.caption}>
        {betweenWords(from, to, zone)}
        {others > 0 && ` · the largest ${series.length}, ${others} more in the table`}
      </figcaption>
      <div ref={frame} className={css.lines}>
        {width > 0 && (
          <svg viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden="true" focusable="false">
            {figures.map((value) => (
              <g key={value}>
                <path className={css.rule} d={`M${LEFT} ${Math.round(y(value)) + 0.5}H${width - right}`} />
                <text className={css.tick} x={LEFT - 6} y={y(value) + 4} textAnchor="end">
                  {shownNumber(value)}
                </text>
              </g>
            ))}
            {ticksOf(from, to, count, zone).map(({ at, label }) => (
              <text key={at} className={css.tick} x={x(at)} y={HEIGHT - 4} textAnchor="middle">
                {label}
              </text>
            ))}
            {series.map(({ name, points }, at) => (
              <g
                key={name}
                className={css.series}
                data-at={at}
                style={areLevels ? { fill: levelColour(name), stroke: levelColour(name) } : undefined}
              >
                {pieces(points, step).map((piece) => (
                  <Piece key={piece[0]?.at} places={piece.map((point) => [x(point.at), y(point.value)])} />
                ))}
                <text
                  className={areLevels && !LOUD.has(name) ? css.quiet : undefined}
                  x={width - right + 8}
                  y={(labels[at] ?? 0) + 4}
                >
                  <title>{name}</title>
                  {cut(name, width < 480 ? 11 : 18)}
                </text>
              </g>
            ))}
          </svg>
        )}
      </div>
    </figure>
  );
}

/** A value without neighbours is a dot. */
function Piece({ places }: { places: [number, number][] }) {
  const [first] = places;
  if (!first) return null;
  if (places.length === 1) return <circle cx={first[0]} cy={first[1]} r={2} />;
  return <path d={`M${places.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}`} />;
}

function cut(text: string, max: number): string {
  const characters = [...text];
  return characters.length > max ? `${characters.slice(0, max - 1).join('')}…` : text;
}

/** `Math.min` takes not as many values as a table may have. */
function least(values: number[]): number {
  return values.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
}

function most(values: number[]): number {
  return values.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
}
