/** Zones by their two names: as a profile has them (those of the IANA), and as this browser shows times. */
import { browserZone } from '../../design/moment';

/** What a profile is told for what is shown here. */
export function zoneName(shown: 'local' | 'utc', own = browserZone()): string {
  return shown === 'utc' ? 'UTC' : own;
}

/** What is shown here for what a profile says; none for a zone that is neither this browser's nor UTC. */
export function zoneShown(name: string, own = browserZone()): 'local' | 'utc' | null {
  if (name === own) return 'local';
  return /^(Etc\/)?(UTC|GMT|Universal|Zulu)$/i.test(name) ? 'utc' : null;
}
