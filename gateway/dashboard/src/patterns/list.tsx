/** Patterns as a table. Invariant: what stands in them is text; a click leads to a query that finds their lines. */
import { Link } from '@tanstack/react-router';
import type { Pattern, Patterns } from '../api/schema';
import { LEVELS, LevelMark } from '../design/level';
import { Moment } from '../design/moment';
import { exact, percent, short } from '../design/numbers';
import { Table } from '../design/page';
import { filterOf } from '../explore/editor/tokens';
import type { Asked } from '../explore/time/span';
import { beginning } from '../home/beginning';
import { toExplore } from '../home/toexplore';
import css from './patterns.module.css';
import { piecesOf } from './pieces';
import { queryOf } from './query';
import { Spark, type SparkSpan } from './spark';

interface ListProps {
  found: Patterns;
  /** The query that chose their lines. */
  q: string;
  asked: Asked;
  span: SparkSpan;
  /** Whether newness says something. */
  marksNew: boolean;
}

const right = (text: string) => (
  <span key={text} className={css.numberHead}>
    {text}
  </span>
);
const COLUMNS = ['Pattern', right('Lines'), right('Share'), 'Levels', 'Over time', 'First seen', 'Last seen'];

export function PatternList({ found, q, asked, span, marksNew }: ListProps) {
  return (
    <div className={css.list}>
      <Table label="Patterns" columns={COLUMNS}>
        {found.results.map((pattern) => (
          <Row
            key={pattern.id}
            pattern={pattern}
            q={q}
            asked={asked}
            span={span}
            isNew={marksNew && pattern.is_new}
          />
        ))}
      </Table>
    </div>
  );
}

interface RowProps {
  pattern: Pattern;
  q: string;
  asked: Asked;
  span: SparkSpan;
  isNew: boolean;
}

function Row({ pattern, q, asked, span, isNew }: RowProps) {
  const example = pattern.examples.at(0)?.message ?? null;
  return (
    <tr>
      <th scope="row" className={css.pattern}>
        {isNew && <span className={css.new}>new</span>}
        <Link
          to="/explore"
          search={toExplore(asked, { q: linesOf(pattern, q) }) as never}
          title={cut(example)}
        >
          <bdi>
            {piecesOf(pattern.pattern).map(({ text, isHole }, at) => (
              <span key={at} className={isHole ? css.hole : undefined}>
                {text}
              </span>
            ))}
          </bdi>
        </Link>
      </th>
      <td className={css.number} title={exact(pattern.count)}>
        {short(pattern.count)}
      </td>
      <td className={css.number}>{percent(pattern.share)}</td>
      <td className={css.levels}>
        <Levels levels={pattern.levels} />
      </td>
      <td>
        <Spark buckets={pattern.buckets} span={span} />
      </td>
      <td className={css.moment}>
        <Moment at={pattern.first_seen} />
      </td>
      <td className={css.moment}>
        <Moment at={pattern.last_seen} />
      </td>
    </tr>
  );
}

/** What was asked before, and the pattern. */
export function linesOf(pattern: Pattern, q: string): string {
  const own = queryOf(pattern.pattern, pattern.examples.at(0)?.message ?? null);
  const filter = filterOf(q);
  return filter && filter !== '*' ? `(${filter}) and ${own}` : own;
}

/** The loudest first. */
function Levels({ levels }: { levels: Pattern['levels'] }) {
  const there = [...LEVELS, 'none'].filter((level) => (levels?.[level] ?? 0) > 0);
  return there.map((level) => (
    <span key={level} className={css.level} title={`${exact(levels?.[level] ?? 0)} lines`}>
      <LevelMark level={level} />
      {there.length > 1 && short(levels?.[level] ?? 0)}
    </span>
  ));
}

function cut(example: string | null): string | undefined {
  return example === null ? undefined : `For example: ${beginning(example, 300)}`;
}
