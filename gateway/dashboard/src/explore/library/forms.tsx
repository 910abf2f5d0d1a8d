/** What is asked for in the row of a saved search: its name, the values of a template, whether to delete another's. */
import { type FormEvent, type ReactNode, useState } from 'react';
import { Failure } from '../../api/client';
import type { SavedSearch } from '../../api/schema';
import { tellFailure } from '../../app/toasts';
import { Button, TextField } from '../../design/controls';
import { Foot } from '../../design/dialog';
import { Note, sentence } from '../../design/states';
import { filled, type Opened, opened, placesOf } from './asked';
import { change, remove } from './changes';
import css from './library.module.css';

interface FormProps {
  search: SavedSearch;
  onClose(): void;
}

export function Rename({ search, onClose }: FormProps) {
  const [name, setName] = useState(search.name);
  const [description, setDescription] = useState(search.description);
  const [error, setError] = useState<unknown>(null);
  const field = error instanceof Failure ? error.field : null;
  const at = (one: string) => (field === one ? sentence(error) : null);
  const save = () => change(search, { name, description }).then(onClose, setError);
  return (
    <Form label={`Rename ${search.name}`} verb="Rename" onClose={onClose} onSave={() => void save()}>
      {error !== null && !['name', 'description'].includes(field ?? '') && (
        <Note kind="error">{sentence(error)}</Note>
      )}
      <TextField
        label="Name"
        required
        autoFocus
        value={name}
        wrong={at('name')}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label="Description"
        value={description}
        wrong={at('description')}
        onChange={(event) => setDescription(event.target.value)}
      />
    </Form>
  );
}

export function Values({ search, onOpen, onClose }: FormProps & { onOpen(search: Opened): void }) {
  const places = placesOf(search.query);
  const [values, setValues] = useState<ReadonlyMap<string, string>>(new Map());
  const query = filled(search.query, values);
  return (
    <Form
      label={`Values of ${search.name}`}
      verb="Open"
      onClose={onClose}
      onSave={() => onOpen(opened({ ...search, query }))}
    >
      {places.map((place, at) => (
        <TextField
          key={place}
          label={place}
          required
          autoFocus={at === 0}
          value={values.get(place) ?? ''}
          onChange={(event) => setValues(new Map(values).set(place, event.target.value))}
        />
      ))}
      <code className={css.asked}>{query}</code>
    </Form>
  );
}

/** It could only be put back under another owner. */
export function Forget({ search, onClose }: FormProps) {
  const forget = () => void remove(search).catch(tellFailure);
  return (
    <Form label={`Delete ${search.name}`} verb="Delete search" onClose={onClose} onSave={forget}>
      <p>Delete “{search.name}”? It belongs to somebody else; if you take that back, it is yours.</p>
    </Form>
  );
}

interface AroundProps {
  label: string;
  verb: string;
  onSave(): void;
  onClose(): void;
  children: ReactNode;
}

function Form({ label, verb, onSave, onClose, children }: AroundProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave();
  };
  return (
    <form className={css.form} aria-label={label} onSubmit={submit}>
      {children}
      <Foot>
        <Button kind="plain" onClick={onClose}>
          Cancel
        </Button>
        <Button kind="main" type="submit">
          {verb}
        </Button>
      </Foot>
    </form>
  );
}
