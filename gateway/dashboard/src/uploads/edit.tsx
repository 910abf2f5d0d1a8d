/** Changes what is said of a file. What is typed stays if the server refuses it. */
import { useState } from 'react';
import { ask, Failure } from '../api/client';
import { changed } from '../api/questions';
import type { Upload } from '../api/schema';
import { tell } from '../app/toasts';
import { Button, TextArea, TextField } from '../design/controls';
import { Dialog, Foot } from '../design/dialog';
import { readable } from '../design/readable';
import { Note, sentence } from '../design/states';
import css from './file.module.css';

export function EditFile({ upload, onClose }: { upload: Upload; onClose: () => void }) {
  const [description, setDescription] = useState(upload.description);
  const [tags, setTags] = useState(upload.tags.join(', '));
  const [failure, setFailure] = useState<unknown>(null);
  const [isSaving, setSaving] = useState(false);
  const field = failure instanceof Failure ? failure.field : null;
  const wrong = (name: string) => (field === name && failure instanceof Failure ? failure.message : null);
  const save = async () => {
    setSaving(true);
    try {
      const body = {
        description,
        tags: tags
          .split(',')
          .map((tag) => tag.trim())
          .filter(Boolean),
      };
      await ask('PATCH /api/logs/metadata/{id}', { path: { id: upload.upload_id }, body });
      void changed('GET /api/logs/metadata/{id}', 'GET /api/logs/metadata');
      tell(`${upload.file_name} was changed`);
      onClose();
    } catch (error) {
      setFailure(error);
    } finally {
      setSaving(false);
    }
  };
  return (
    <Dialog title={`Edit ${readable(upload.file_name)}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
        className={css.form}
      >
        {failure !== null && !wrong('description') && !wrong('tags') && (
          <Note kind="error">{sentence(failure)}</Note>
        )}
        <TextArea
          label="Description"
          rows={3}
          value={description}
          wrong={wrong('description')}
          onChange={({ target }) => setDescription(target.value)}
        />
        <TextField
          label="Tags"
          hint="Between commas. The lines keep the tags that they came with."
          value={tags}
          wrong={wrong('tags')}
          onChange={({ target }) => setTags(target.value)}
        />
        <Foot>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="main" type="submit" disabled={isSaving}>
            Save
          </Button>
        </Foot>
      </form>
    </Dialog>
  );
}
