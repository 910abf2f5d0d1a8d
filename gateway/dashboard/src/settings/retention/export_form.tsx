/** What an export is to have in it. Without a choice that is everything. */
import { useState } from 'react';
import { ask } from '../../api/client';
import { changed } from '../../api/questions';
import { useSending } from '../../app/sending';
import { tell } from '../../app/toasts';
import { Button, Check, TextField } from '../../design/controls';
import { Dialog, Foot } from '../../design/dialog';
import { Form } from '../parts/form';
import { Group } from '../parts/group';
import css from '../parts/parts.module.css';
import { type ExportAsked, exportBody, PARTS, type Part } from './archives';

const WORDS: Record<Part, string> = {
  lines: 'Lines, as they came',
  settings: 'Settings: people, limits, rules, saved searches',
  files: 'Uploaded files',
};

const FIELDS = ['from', 'to', 'streams', 'include'] as const;

export function ExportForm({ onClose }: { onClose: () => void }) {
  const [asked, setAsked] = useState<ExportAsked>({ from: '', to: '', streams: '', include: [...PARTS] });
  const sending = useSending();
  const field = (name: 'from' | 'to' | 'streams') => ({
    name,
    value: asked[name],
    wrong: sending.wrong(name),
    disabled: !asked.include.includes('lines'),
    onChange: ({ target }: { target: { value: string } }) => setAsked({ ...asked, [name]: target.value }),
  });
  const toggle = (part: Part, on: boolean) =>
    setAsked({ ...asked, include: PARTS.filter((one) => (one === part ? on : asked.include.includes(one))) });
  const send = async () => {
    const done = await sending.send(async () => {
      await ask('POST /api/tenant/export', { body: exportBody(asked) });
      await changed('GET /api/tenant/export', 'GET /api/jobs');
    });
    if (!done) return;
    onClose();
    tell('The export is being written. It goes on when this page is closed.');
  };
  return (
    <Dialog title="Export the organization" onClose={onClose}>
      <Form label="Export" sending={sending} fields={FIELDS} onSend={() => void send()}>
        <Group legend="With" wrong={sending.wrong('include')}>
          {PARTS.map((part) => (
            <Check
              key={part}
              label={WORDS[part]}
              checked={asked.include.includes(part)}
              onChange={({ target }) => toggle(part, target.checked)}
            />
          ))}
        </Group>
        <div className={css.pair}>
          <TextField
            label="Lines from"
            placeholder="the oldest"
            hint="2026-01-01 or now-30d"
            {...field('from')}
          />
          <TextField label="To" placeholder="now" {...field('to')} />
        </div>
        <TextField
          label="Of the streams"
          placeholder="all"
          className={css.mono}
          hint="Patterns such as logs-nginx-*, between commas."
          spellCheck={false}
          {...field('streams')}
        />
        <Foot>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="main" disabled={sending.busy}>
            Export
          </Button>
        </Foot>
      </Form>
    </Dialog>
  );
}
