/** The panel in which a time is chosen: ready ones, one that is typed or pasted, both ends, and the zone. */
import { type FormEvent, useState } from 'react';
import { prefer, usePreferences } from '../../app/preferences';
import { Button, TextField } from '../../design/controls';
import css from './picker.module.css';
import { type Asked, length, PRESETS, resolved, wrong } from './span';
import { today, typed, typedEnd, yesterday } from './typed';
import { fieldText, lengthWords, readable, words, type Zone } from './words';

interface ChoosingProps {
  asked: Asked;
  /** Why what is asked cannot be read. */
  reason: string | null;
  onChoose(asked: Asked): void;
}

export function Choosing({ asked, reason, onChoose }: ChoosingProps) {
  const zone = usePreferences((state) => state.zone);
  return (
    <div className={css.panel}>
      {reason && (
        <p className={css.reason} role="alert">
          {reason}
        </p>
      )}
      <Ready asked={asked} zone={zone} onChoose={onChoose} />
      <div className={css.fields}>
        <OneField zone={zone} onChoose={onChoose} />
        <BothEnds asked={asked} zone={zone} onChoose={onChoose} />
        <Zones zone={zone} />
      </div>
    </div>
  );
}

interface PartProps {
  zone: Zone;
  onChoose(asked: Asked): void;
}

function Ready({ asked, zone, onChoose }: PartProps & { asked: Asked }) {
  const now = new Date();
  const ready = [
    ...PRESETS.map((preset) => ({ title: words(preset, zone), preset })),
    { title: 'Today', preset: today(zone, now) },
    { title: 'Yesterday', preset: yesterday(zone, now) },
  ];
  return (
    <ul className={css.ready} aria-label="Ready times">
      {ready.map(({ title, preset }) => (
        <li key={title}>
          <Button
            kind="plain"
            className={css.preset}
            aria-pressed={preset.from === asked.from && preset.to === asked.to}
            onClick={() => onChoose(preset)}
          >
            {title}
          </Button>
        </li>
      ))}
    </ul>
  );
}

const EXAMPLES = '15m, yesterday, 14:02 - 14:17, or a pasted time';

/** Says what it understands while one types. */
function OneField({ zone, onChoose }: PartProps) {
  const [text, setText] = useState('');
  const [isRefused, setRefused] = useState(false);
  const now = new Date();
  const found = typed(text, zone, now);
  const go = (event: FormEvent) => {
    event.preventDefault();
    if ('asked' in found) onChoose(found.asked);
    else setRefused(true);
  };
  return (
    <form onSubmit={go} className={css.one}>
      <TextField
        label="Type or paste"
        placeholder="15m"
        autoComplete="off"
        spellCheck={false}
        value={text}
        hint={text && 'asked' in found ? understood(found.asked, zone, now) : EXAMPLES}
        wrong={isRefused && 'wrong' in found ? found.wrong : null}
        onChange={(event) => {
          setText(event.target.value);
          setRefused(false);
        }}
      />
    </form>
  );
}

function understood(asked: Asked, zone: Zone, now: Date): string {
  const long = lengthWords(length(resolved(asked, now)));
  const said = words(asked, zone, now);
  return said.startsWith('Last') ? said : `${said} · ${long}`;
}

/** In the zone that is chosen; what is not touched stays as it was asked. */
function BothEnds({ asked, zone, onChoose }: PartProps & { asked: Asked }) {
  const [touched, setTouched] = useState<Partial<Asked>>({});
  const [refused, setRefused] = useState<{ side: keyof Asked; reason: string } | null>(null);
  const shown = shownEnds(asked, zone);
  const go = (event: FormEvent) => {
    event.preventDefault();
    const now = new Date();
    const read = (side: keyof Asked) =>
      touched[side] === undefined ? asked[side] : typedEnd(touched[side], side, zone, now);
    const [from, to] = [read('from'), read('to')];
    const reason = 'This is no time; write 2026-03-01 08:00:00, 08:00 or now-1h.';
    if (from === null) return setRefused({ side: 'from', reason });
    if (to === null) return setRefused({ side: 'to', reason });
    const both = wrong({ from, to }, now);
    if (both) return setRefused({ side: 'to', reason: both });
    onChoose({ from, to });
  };
  const field = (side: keyof Asked, label: string) => (
    <TextField
      label={label}
      autoComplete="off"
      spellCheck={false}
      value={touched[side] ?? shown[side]}
      wrong={refused?.side === side ? refused.reason : null}
      onChange={(event) => {
        setTouched({ ...touched, [side]: event.target.value });
        setRefused(null);
      }}
    />
  );
  return (
    <form onSubmit={go} className={css.ends}>
      {field('from', 'From')}
      {field('to', 'To')}
      <Button type="submit">Show this time</Button>
    </form>
  );
}

function shownEnds(asked: Asked, zone: Zone): Asked {
  try {
    const { from, to, isLive } = resolved(asked, new Date());
    const end = to.getTime() + (to.getTime() % 1000 === 999 ? 1 : 0);
    const shown = (at: number) => fieldText(readable(at, end - from.getTime()), zone);
    return { from: shown(from.getTime()), to: isLive ? 'now' : shown(end) };
  } catch {
    return asked;
  }
}

function Zones({ zone }: { zone: Zone }) {
  const local = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const button = (value: Zone, title: string) => (
    <Button aria-pressed={zone === value} onClick={() => prefer({ zone: value })}>
      {title}
    </Button>
  );
  return (
    <fieldset className={css.zones}>
      <legend className="unseen">Zone of all times</legend>
      {button('local', local === 'UTC' ? 'Local time' : `Local time (${local})`)}
      {button('utc', 'UTC')}
    </fieldset>
  );
}
