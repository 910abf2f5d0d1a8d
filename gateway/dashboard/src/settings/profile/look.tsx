/**
 * How the dashboard looks. Invariant: a choice counts at once in this browser; the profile is told, so that it can be had in
 * another, and if that fails the choice stays here.
 */
import type { Profile } from '../../api/schema';
import { type Preferences, prefer, usePreferences } from '../../app/preferences';
import { tell } from '../../app/toasts';
import { Button, Choice } from '../../design/controls';
import { browserZone } from '../../design/moment';
import { Section } from '../../design/page';
import { sentence } from '../../design/states';
import css from '../parts/parts.module.css';
import { saveProfile } from './saving';
import { zoneName, zoneShown } from './zone';

type Look = Pick<Preferences, 'theme' | 'zone'>;

export function Looks({ profile: { preferences } }: { profile: Profile }) {
  const { theme, zone, density } = usePreferences();
  const choose = (look: Partial<Look>) => {
    prefer(look);
    const told = {
      ...(look.theme && { theme: look.theme }),
      ...(look.zone && { timezone: zoneName(look.zone) }),
    };
    saveProfile({ preferences: told }).catch((error: unknown) =>
      tell(`This browser keeps it, your profile does not: ${sentence(error)}`, { kind: 'error' }),
    );
  };
  const other = differing(preferences, { theme, zone });
  return (
    <Section title="Look" about="Counts at once, and is kept in your profile for other browsers.">
      <div className={css.pair}>
        <Choice
          label="Theme"
          value={theme}
          onChange={({ target }) => choose({ theme: target.value as Look['theme'] })}
        >
          <option value="system">As the system has it</option>
          <option value="light">Light</option>
          <option value="dark">Dark</option>
        </Choice>
        <Choice
          label="Times in"
          value={zone}
          onChange={({ target }) => choose({ zone: target.value as Look['zone'] })}
        >
          <option value="local">The zone of this browser, {browserZone()}</option>
          <option value="utc">UTC</option>
        </Choice>
        <Choice
          label="Rows"
          hint="In this browser only."
          value={density}
          onChange={({ target }) => prefer({ density: target.value as Preferences['density'] })}
        >
          <option value="compact">Compact</option>
          <option value="comfortable">Comfortable</option>
        </Choice>
      </div>
      {other && (
        <div className={css.row}>
          <span className={css.quiet}>{other.words}</span>
          <Button onClick={() => prefer(other.look)}>Use that here</Button>
        </div>
      )}
    </Section>
  );
}

/** What the profile says that is otherwise here. That it says UTC may mean that nobody ever chose. */
function differing({ theme, timezone }: Profile['preferences'], here: Look) {
  const zone = timezone === 'UTC' ? here.zone : (zoneShown(timezone) ?? here.zone);
  if (theme === here.theme && zone === here.zone) return null;
  const words = [
    theme !== here.theme && `theme ${theme}`,
    zone !== here.zone && `times in ${zone === 'utc' ? 'UTC' : timezone}`,
  ];
  return { look: { theme, zone }, words: `Your profile says: ${words.filter(Boolean).join(', ')}.` };
}
