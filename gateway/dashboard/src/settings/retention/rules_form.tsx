/** The rules as they are edited. Their order counts, so it can be changed by buttons. */
import { useState } from 'react';
import type { Sending } from '../../app/sending';
import { Button, TextField } from '../../design/controls';
import { Form } from '../parts/form';
import css from '../parts/parts.module.css';
import own from './retention.module.css';
import { type Draft, isWhole, moved, wrongDays, wrongStream } from './rules';

interface RulesFormProps {
  draft: Draft;
  most: number;
  isChanged: boolean;
  sending: Sending;
  onChange: (draft: Draft) => void;
  onDiscard: () => void;
  onSend: () => void;
}

export function RulesForm({ draft, most, isChanged, sending, onChange, onDiscard, onSend }: RulesFormProps) {
  const [tried, setTried] = useState(false);
  const { days, streams } = draft;
  const change = (part: Partial<Draft>) => onChange({ ...draft, ...part });
  const add = () =>
    change({
      streams: [...streams, { id: Math.max(-1, ...streams.map(({ id }) => id)) + 1, stream: '', days: '' }],
    });
  const send = () => {
    setTried(true);
    if (isWhole(draft, most)) onSend();
  };
  return (
    <Form label="How long lines are kept" sending={sending} fields={['days']} onSend={send}>
      {streams.length > 0 && (
        <ol className={own.rules}>
          {streams.map((rule, at) => (
            <Rule
              key={rule.id}
              rule={rule}
              place={at}
              count={streams.length}
              most={most}
              isChecked={tried}
              onChange={(part) =>
                change({ streams: streams.map((one) => (one === rule ? { ...one, ...part } : one)) })
              }
              onMove={(by) => change({ streams: moved(streams, at, by) })}
              onRemove={() => change({ streams: streams.filter((one) => one !== rule) })}
            />
          ))}
        </ol>
      )}
      <div className={css.row}>
        <Button onClick={add}>Add a rule for a stream</Button>
      </div>
      <TextField
        label={streams.length === 0 ? 'Days that all lines are kept' : 'Days that all other lines are kept'}
        name="days"
        className={own.days}
        inputMode="numeric"
        placeholder={String(most)}
        hint={`At most ${most}, which the operator sets and which counts if this is empty.`}
        value={days}
        wrong={sending.wrong('days') ?? (tried && days !== '' ? wrongDays(days, most) : undefined)}
        onChange={({ target }) => change({ days: target.value.trim() })}
      />
      <div className={css.row}>
        <Button type="submit" kind="main" disabled={!isChanged || sending.busy}>
          Save rules
        </Button>
        {isChanged && <Button onClick={onDiscard}>Discard</Button>}
      </div>
    </Form>
  );
}

interface RuleProps {
  rule: Draft['streams'][number];
  place: number;
  count: number;
  most: number;
  isChecked: boolean;
  onChange: (part: Partial<Draft['streams'][number]>) => void;
  onMove: (by: -1 | 1) => void;
  onRemove: () => void;
}

function Rule({ rule, place, count, most, isChecked, onChange, onMove, onRemove }: RuleProps) {
  const name = rule.stream || `rule ${place + 1}`;
  return (
    <li className={own.rule}>
      <TextField
        label="Stream"
        className={css.mono}
        placeholder="logs-nginx-*"
        autoCapitalize="none"
        spellCheck={false}
        value={rule.stream}
        wrong={isChecked ? wrongStream(rule.stream) : undefined}
        onChange={({ target }) => onChange({ stream: target.value })}
      />
      <TextField
        label="Days"
        inputMode="numeric"
        value={rule.days}
        wrong={isChecked ? wrongDays(rule.days, most) : undefined}
        onChange={({ target }) => onChange({ days: target.value.trim() })}
      />
      <div className={own.deeds}>
        <Button kind="plain" disabled={place === 0} aria-label={`Move ${name} up`} onClick={() => onMove(-1)}>
          ↑
        </Button>
        <Button
          kind="plain"
          disabled={place === count - 1}
          aria-label={`Move ${name} down`}
          onClick={() => onMove(1)}
        >
          ↓
        </Button>
        <Button kind="plain" aria-label={`Remove ${name}`} onClick={onRemove}>
          ✕
        </Button>
      </div>
    </li>
  );
}
