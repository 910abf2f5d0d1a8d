/** A few lines, each a way to itself. Invariant: what stands in them is text and nothing else. */
import { Link } from '@tanstack/react-router';
import type { Line } from '../api/schema';
import { usePreferences } from '../app/preferences';
import { LevelMark } from '../design/level';
import { clock, zoned } from '../design/moment';
import { beginning } from './beginning';
import css from './lines.module.css';

/** Nobody reads more of a line in a list. */
const SHOWN_CHARACTERS = 400;

interface FewLinesProps {
  lines: readonly Line[];
  label: string;
  /** Where explore begins when one is opened. */
  search?: Record<string, string | undefined>;
  withDay?: boolean;
}

export function FewLines({ lines, label, search = {}, withDay = false }: FewLinesProps) {
  const zone = usePreferences((state) => state.zone);
  return (
    <ul className={css.lines} aria-label={label}>
      {lines.map(({ id, timestamp, level, service, message }) => {
        const time = new Date(timestamp);
        return (
          <li key={id} className={css.line}>
            <time dateTime={timestamp} title={zoned(time, zone)} className={css.time}>
              {withDay ? clock(time, zone, true).slice(5, 19) : clock(time, zone)}
            </time>
            <LevelMark level={level} />
            <bdi className={css.service}>{service}</bdi>
            <Link to="/explore" search={{ ...search, line: id } as never} className={css.message}>
              <bdi>{beginning(message ?? '', SHOWN_CHARACTERS) || '(no message)'}</bdi>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
