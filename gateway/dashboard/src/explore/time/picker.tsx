/** The time that is looked at: said in a button, chosen in its panel, moved by the buttons beside it. It keeps none itself. */
import { useState } from 'react';
import { usePreferences } from '../../app/preferences';
import { Button } from '../../design/controls';
import { Panel } from '../../design/menu';
import { Choosing } from './choosing';
import css from './picker.module.css';
import { type Asked, length, resolved, stepped, widened, wrong } from './span';
import { lengthWords, words } from './words';

interface TimePickerProps {
  asked: Asked;
  onChange(asked: Asked): void;
}

export function TimePicker({ asked, onChange }: TimePickerProps) {
  const zone = usePreferences((state) => state.zone);
  const [open, setOpen] = useState(false);
  const now = new Date();
  const reason = wrong(asked, now);
  const choose = (chosen: Asked) => {
    setOpen(false);
    onChange(chosen);
  };
  const said = words(asked, zone, now);
  return (
    <div className={css.picker}>
      <Panel
        label="Time"
        open={open}
        onOpenChange={setOpen}
        trigger={
          <Button
            className={css.button}
            data-wrong={reason ? true : undefined}
            title={reason ?? titleOf(asked, now)}
          >
            <span className="unseen">Time: </span>
            <span className={css.words}>{said}</span>
            <span aria-hidden>▾</span>
          </Button>
        }
      >
        <Choosing asked={asked} reason={reason} onChoose={choose} />
      </Panel>
      <Moves asked={asked} isReadable={reason === null} onChange={onChange} />
    </div>
  );
}

function Moves({ asked, isReadable, onChange }: TimePickerProps & { isReadable: boolean }) {
  const now = new Date();
  const span = isReadable ? resolved(asked, now) : null;
  const isLast = !span || span.isLive || span.to >= now;
  const by = span ? lengthWords(length(span)) : '';
  const twice = span ? lengthWords(2 * length(span)) : '';
  const go = (to: (now: Date) => Asked) => () => onChange(to(new Date()));
  return (
    <span className={css.moves}>
      <Button
        kind="plain"
        disabled={!span}
        aria-label={`Earlier by ${by}`}
        title={`Earlier by ${by}`}
        onClick={go((now) => stepped(asked, -1, now))}
      >
        <span aria-hidden>◀</span>
      </Button>
      <Button
        kind="plain"
        disabled={isLast}
        aria-label={`Later by ${by}`}
        title={isLast ? 'It ends now' : `Later by ${by}`}
        onClick={go((now) => stepped(asked, 1, now))}
      >
        <span aria-hidden>▶</span>
      </Button>
      <Button
        kind="plain"
        disabled={!span}
        aria-label={`Zoom out to ${twice}`}
        title={`Zoom out to ${twice}`}
        onClick={go((now) => widened(asked, now))}
      >
        <span aria-hidden>⟷</span>
      </Button>
    </span>
  );
}

function titleOf(asked: Asked, now: Date): string {
  const { from, to, isLive } = resolved(asked, now);
  return `${from.toISOString()} - ${isLive ? 'now' : to.toISOString()}`;
}
