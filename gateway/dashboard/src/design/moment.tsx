/** A time: relative, with the exact one on hover. */
import { usePreferences } from '../app/preferences';
import { relative } from './numbers';

export function Moment({ at }: { at: string | null | undefined }) {
  const zone = usePreferences((state) => state.zone);
  if (!at) return <span>never</span>;
  const time = new Date(at);
  return (
    <time dateTime={at} title={clock(time, zone, true)}>
      {relative(time)}
    </time>
  );
}

/** In the zone that was chosen; with its day if that is wanted. */
export function clock(time: Date, zone: 'local' | 'utc', withDay = false): string {
  const shifted = zone === 'utc' ? time : new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  const text = shifted.toISOString();
  return withDay
    ? `${text.slice(0, 10)} ${text.slice(11, 23)}${zone === 'utc' ? ' UTC' : ''}`
    : text.slice(11, 23);
}
