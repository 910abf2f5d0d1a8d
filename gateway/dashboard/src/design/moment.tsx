/** A time: relative, growing older while it is shown; in cells with the exact one beside it, and in sentences on hover. */
import { usePreferences } from '../app/preferences';
import css from './moment.module.css';
import { relative } from './numbers';
import { useTicking } from './ticking';

interface MomentProps {
  at: string | null | undefined;
  /** The exact one beside it, also where it stands in no cell. */
  both?: boolean;
}

export function Moment({ at, both }: MomentProps) {
  return at ? <Known at={at} both={both} /> : <span>never</span>;
}

function Known({ at, both }: { at: string; both: boolean | undefined }) {
  const zone = usePreferences((state) => state.zone);
  const ago = useTicking(() => relative(new Date(at)));
  const time = new Date(at);
  return (
    <time dateTime={at} title={zoned(time, zone)} className={both ? css.both : undefined}>
      <span className={css.part}>{ago}</span>
      <span className={css.exact}> {shortClock(time, zone)}</span>
    </time>
  );
}

/** The zone of this browser: that in which nothing was chosen. */
export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** All of it, with the name of the zone. */
export function zoned(time: Date, zone: 'local' | 'utc', own = browserZone()): string {
  const text = clock(time, zone, true);
  return zone === 'utc' || Number.isNaN(time.getTime()) ? text : `${text} ${own}`;
}

/** As much of it as says which time it is: of today without the day, of another one without the seconds. */
export function shortClock(time: Date, zone: 'local' | 'utc', now = new Date()): string {
  const text = clock(time, zone, true);
  const isToday = text.slice(0, 10) === clock(now, zone, true).slice(0, 10);
  return isToday ? text.slice(11, 19) : text.slice(0, 16);
}

/** In the zone that was chosen; with its day if that is wanted. What is no time breaks no page. */
export function clock(time: Date, zone: 'local' | 'utc', withDay = false): string {
  if (Number.isNaN(time.getTime())) return 'no time';
  const shifted = zone === 'utc' ? time : new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  const text = shifted.toISOString();
  return withDay
    ? `${text.slice(0, 10)} ${text.slice(11, 23)}${zone === 'utc' ? ' UTC' : ''}`
    : text.slice(11, 23);
}
