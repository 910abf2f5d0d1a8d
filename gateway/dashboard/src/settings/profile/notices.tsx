/** Of what one is told, and where. Each choice is saved by itself; one that the server refuses goes back. */
import { useState } from 'react';
import type { Profile } from '../../api/schema';
import { useSending } from '../../app/sending';
import { Check, Choice } from '../../design/controls';
import { Section } from '../../design/page';
import { Refused } from '../parts/form';
import { Group } from '../parts/group';
import css from '../parts/parts.module.css';
import { type ProfileChange, saveProfile } from './saving';

const THRESHOLDS = ['low', 'medium', 'high', 'critical'] as const;

export function Notices({ profile }: { profile: Profile }) {
  const sending = useSending();
  /** What was chosen and is not saved yet. */
  const [chosen, setChosen] = useState<ProfileChange>({});
  const notes = { ...profile.preferences.notifications, ...chosen.preferences?.notifications };
  const alerts = { ...profile.notification_preferences, ...chosen.notification_preferences };
  const save = async (change: ProfileChange) => {
    setChosen(change);
    await sending.send(() => saveProfile(change));
    setChosen({});
  };
  const note = (name: 'email' | 'browser' | 'slack', label: string) => (
    <Check
      label={label}
      checked={notes[name]}
      onChange={({ target }) => void save({ preferences: { notifications: { [name]: target.checked } } })}
    />
  );
  const alert = (name: 'email_alerts' | 'push_notifications', label: string) => (
    <Check
      label={label}
      checked={alerts[name]}
      onChange={({ target }) => void save({ notification_preferences: { [name]: target.checked } })}
    />
  );
  return (
    <Section title="Notifications" about="Where you want to be told, for whatever sends you something.">
      {sending.error !== null && <Refused error={sending.error} />}
      <div className={css.pair}>
        <Group legend="Notes of the system">
          {note('email', 'By mail')}
          {note('browser', 'In the browser')}
          {note('slack', 'In Slack')}
        </Group>
        <Group legend="Alerts">
          {alert('email_alerts', 'By mail')}
          {alert('push_notifications', 'In the browser')}
        </Group>
        <Choice
          label="Alerts from severity"
          value={alerts.alert_threshold}
          onChange={({ target }) =>
            void save({
              notification_preferences: { alert_threshold: target.value as (typeof THRESHOLDS)[number] },
            })
          }
        >
          {THRESHOLDS.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </Choice>
      </div>
    </Section>
  );
}
