/** Gives what is asked a name. What was typed stays until it is saved. */
import { type FormEvent, useState } from 'react';
import { ask, Failure } from '../../api/client';
import { changed } from '../../api/questions';
import { usePreferences } from '../../app/preferences';
import { tell } from '../../app/toasts';
import { Button, Check, TextField } from '../../design/controls';
import { Foot } from '../../design/dialog';
import { Note, sentence } from '../../design/states';
import { type Asked, words } from '../time/span';
import { placesOf } from './asked';
import css from './library.module.css';

/** What was typed so far. */
export interface Draft {
  name: string;
  description: string;
  shared: boolean;
  withTime: boolean;
}

export const EMPTY: Draft = { name: '', description: '', shared: false, withTime: true };

interface SaveFormProps {
  q: string;
  asked: Asked;
  draft: Draft;
  onDraft(draft: Draft | null): void;
}

export function SaveForm({ q, asked, draft, onDraft }: SaveFormProps) {
  const zone = usePreferences((state) => state.zone);
  const { name, description, shared, withTime } = draft;
  const type = (part: Partial<Draft>) => onDraft({ ...draft, ...part });
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const places = placesOf(q);
  const field = error instanceof Failure ? error.field : null;
  const at = (one: string) => (field === one ? sentence(error) : null);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const filters = withTime ? { from: asked.from, to: asked.to } : {};
      const body = { name, description, query: q, filters, shared, template: places.length > 0 };
      await ask('POST /api/logs/saved-searches', { body });
      await changed('GET /api/logs/saved-searches');
      tell(`Saved “${name}”.`);
      onDraft(null);
    } catch (error) {
      setError(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className={css.form} onSubmit={save} aria-label="Save this search">
      <code className={css.asked}>{q || 'all lines'}</code>
      {error !== null && !['name', 'description'].includes(field ?? '') && (
        <Note kind="error">{sentence(error)}</Note>
      )}
      {places.length > 0 && <p>It is a template: it asks for {places.join(', ')} when it is opened.</p>}
      <TextField
        label="Name"
        required
        autoFocus
        value={name}
        wrong={at('name')}
        onChange={(event) => type({ name: event.target.value })}
      />
      <TextField
        label="Description (optional)"
        value={description}
        wrong={at('description')}
        onChange={(event) => type({ description: event.target.value })}
      />
      <Check
        label={`With its time: ${words(asked, zone)}`}
        checked={withTime}
        onChange={(event) => type({ withTime: event.target.checked })}
      />
      <Check
        label="Everybody in the tenant sees it"
        checked={shared}
        onChange={(event) => type({ shared: event.target.checked })}
      />
      <Foot>
        <Button kind="plain" onClick={() => onDraft(null)}>
          Cancel
        </Button>
        <Button kind="main" type="submit" disabled={isBusy}>
          Save search
        </Button>
      </Foot>
    </form>
  );
}
