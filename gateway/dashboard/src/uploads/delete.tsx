/** Deletes a file with its lines, after a question, because that cannot be undone. */
import { useState } from 'react';
import { ask } from '../api/client';
import { answers, changed } from '../api/questions';
import type { Upload } from '../api/schema';
import { tell } from '../app/toasts';
import { Button } from '../design/controls';
import { Dialog, Foot } from '../design/dialog';
import { exact } from '../design/numbers';
import { readable } from '../design/readable';
import { Note, sentence } from '../design/states';
import { dismissUpload } from './transfers';

interface DeleteFileProps {
  upload: Upload;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteFile({ upload, onClose, onDeleted }: DeleteFileProps) {
  const { upload_id: id, file_name: name, log_count } = upload;
  const [failure, setFailure] = useState<unknown>(null);
  const [isDeleting, setDeleting] = useState(false);
  const lines = log_count === 1 ? 'its line' : `its ${exact(log_count)} lines`;
  const run = async () => {
    setDeleting(true);
    try {
      await ask('DELETE /api/logs/metadata/{id}', { path: { id } });
      dismissUpload(id);
      tell(`${name} was deleted`);
      onDeleted();
      answers.removeQueries({ queryKey: ['GET /api/logs/metadata/{id}', { path: { id } }] });
      await changed(
        'GET /api/logs/metadata',
        'GET /api/jobs',
        'GET /api/logs/stats',
        'GET /api/logs/histogram',
      );
    } catch (error) {
      setFailure(error);
      setDeleting(false);
    }
  };
  return (
    <Dialog title="Delete the file" onClose={onClose}>
      <p>
        Delete{' '}
        <b>
          ‘<bdi>{readable(name)}</bdi>’
        </b>
        {log_count > 0 && ` and ${lines}`}? This cannot be undone. Its dead letters stay.
      </p>
      {failure !== null && <Note kind="error">{sentence(failure)}</Note>}
      <Foot>
        <Button onClick={onClose}>Keep it</Button>
        <Button kind="danger" disabled={isDeleting} onClick={() => void run()}>
          {log_count > 0 ? `Delete the file and ${lines}` : 'Delete the file'}
        </Button>
      </Foot>
    </Dialog>
  );
}
