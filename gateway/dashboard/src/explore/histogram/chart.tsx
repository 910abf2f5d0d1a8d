/** The bars, their axis, and what is marked in them. It is only seen: words and keys are of others. */
import { memo, useMemo } from 'react';
import { levelColour } from '../../design/level';
import type { Zone } from '../time/words';
import { type Column, edge, pathOf, STACK, ticksOf } from './bars';
import css from './histogram.module.css';
import type { Mark } from './mark';

const HEIGHT = 64;
const BARS = 46;
/** A label and the room beside it. */
const TICK_ROOM = 110;

interface ChartProps {
  columns: Column[];
  width: number;
  mark: Mark | null;
  zone: Zone;
}

export function Chart({ columns, width, mark, zone }: ChartProps) {
  if (width === 0) return null;
  const left = mark ? edge(mark.first, columns.length, width) : 0;
  const right = mark ? edge(mark.last + 1, columns.length, width) : 0;
  return (
    <svg viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden="true" focusable="false">
      <Bars columns={columns} width={width} zone={zone} />
      {mark && (
        <rect
          className={mark.isBrush ? css.brush : css.cursor}
          x={left}
          width={Math.max(right - left, 2)}
          height={BARS}
        />
      )}
      {mark?.isBrush && (
        <path className={css.brushEdge} d={`M${left + 0.5} 0V${BARS}M${right - 0.5} 0V${BARS}`} />
      )}
    </svg>
  );
}

/** Drawn anew only when the bars are others. */
const Bars = memo(function Bars({ columns, width, zone }: Omit<ChartProps, 'mark'>) {
  const paths = useMemo(
    () => STACK.map((layer) => ({ layer, path: pathOf(layer, columns, width, BARS) })),
    [columns, width],
  );
  const [from, to] = [columns[0]?.start ?? 0, columns.at(-1)?.end ?? 1];
  const x = (at: number) => Math.round(((at - from) / (to - from)) * width);
  const ticks = ticksOf(from, to, Math.max(1, Math.floor(width / TICK_ROOM)), zone);
  return (
    <>
      <g className={css.bars} shapeRendering="crispEdges">
        {paths.map(
          ({ layer, path }) => path && <path key={layer} style={{ fill: levelColour(layer) }} d={path} />,
        )}
      </g>
      <path className={css.axis} d={`M0 ${BARS + 0.5}H${width}`} />
      {ticks.map(({ at, label }) => (
        <g key={at}>
          <path className={css.axis} d={`M${x(at) + 0.5} ${BARS}v4`} />
          <text className={css.tick} x={x(at)} y={HEIGHT - 3} textAnchor={anchor(x(at), width)}>
            {label}
          </text>
        </g>
      ))}
    </>
  );
});

/** A label at the edge stays inside. */
function anchor(x: number, width: number): 'start' | 'middle' | 'end' {
  return x < 40 ? 'start' : x > width - 40 ? 'end' : 'middle';
}
