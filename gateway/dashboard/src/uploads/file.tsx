/** One file: how it was taken, what was wrong with it, its lines, and what can be done with it. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { addressOf, ask, Failure } from '../api/client';
import { changed, question } from '../api/questions';
import type { Upload } from '../api/schema';
import { type Go, linkTo, type Search } from '../app/address';
import { may } from '../app/roles';
import { useMe } from '../app/session';
import { tellFailure } from '../app/toasts';
import { Button, buttonClass } from '../design/controls';
import { Page, useTop } from '../design/page';
import { readable } from '../design/readable';
import { Empty, Failed, Note, sentence, Waiting } from '../design/states';
import { isOpen } from '../jobs/state';
import { DeleteFile } from './delete';
import { EditFile } from './edit';
import { explored } from './explored';
import css from './file.module.css';
import { Facts, Problems } from './file_facts';
import { FileLines, useSpan } from './file_lines';
import { stateOf } from './stages';

const LOOK_MS = 1000;

interface FilePageProps {
  id: string;
  search: Search;
  go: Go;
}

export function FilePage({ id, search, go }: FilePageProps) {
  useTop();
  const { placeholderData: _, ...asked } = question('GET /api/logs/metadata/{id}', { path: { id } });
  const file = useQuery({
    ...asked,
    refetchInterval: ({ state }) => (state.data && isOpen(stateOf(state.data.status)) ? LOOK_MS : false),
  });
  const isGone = file.error instanceof Failure && file.error.status === 404;
  if (isGone || (file.isError && !file.data))
    return (
      <Page title="File" actions={<AllFiles search={search} />}>
        {isGone ? (
          <Empty title="There is no such file">It may have been deleted with its lines.</Empty>
        ) : (
          <Failed
            what="The file could not be loaded"
            error={file.error}
            onRetry={() => void file.refetch()}
          />
        )}
      </Page>
    );
  if (!file.data)
    return (
      <Page title="File">
        <Waiting what="Loading the file" />
      </Page>
    );
  return (
    <div className={css.file}>
      <OneFile upload={file.data} old={file.error} search={search} go={go} />
    </div>
  );
}

function AllFiles({ search }: { search: Search }) {
  return (
    <Link {...linkTo(search, { file: undefined, level: undefined, q: undefined, part: undefined })}>
      All files
    </Link>
  );
}

interface OneFileProps {
  upload: Upload;
  /** Why it may be another by now. */
  old: unknown;
  search: Search;
  go: Go;
}

function OneFile({ upload, old, search, go }: OneFileProps) {
  const [open, setOpen] = useState<'edit' | 'delete' | null>(null);
  const role = useMe()?.role;
  const { upload_id: id, file_name: name } = upload;
  const span = useSpan(id);
  useAgainWhenRead(upload);
  const close = () => setOpen(null);
  return (
    <Page title={readable(name)} actions={<AllFiles search={search} />}>
      <div className={css.row}>
        {upload.log_count > 0 && (
          <Link className={buttonClass} {...explored({ query: `upload_id:"${id}"`, ...span })}>
            Explore its lines
          </Link>
        )}
        <Download id={id} />
        {may(role, 'write') && <Button onClick={() => setOpen('edit')}>Edit</Button>}
        {may(role, 'ingest') && <Work upload={upload} />}
        {may(role, 'write') && (
          <Button kind="danger" onClick={() => setOpen('delete')}>
            Delete
          </Button>
        )}
      </div>
      {old !== null && <Note kind="error">What is shown may be old: {sentence(old)}</Note>}
      {upload.error && (
        <Note kind="error">It could not be read to its end: {sentence(new Error(upload.error.message))}</Note>
      )}
      <Facts upload={upload} />
      <Problems upload={upload} />
      <FileLines id={id} total={upload.log_count} search={search} go={go} span={span} />
      {open === 'edit' && <EditFile upload={upload} onClose={close} />}
      {open === 'delete' && (
        <DeleteFile
          upload={upload}
          onClose={close}
          onDeleted={() => go({ file: undefined, level: undefined, q: undefined, part: undefined })}
        />
      )}
    </Page>
  );
}

/** Has the lines asked for again when the first of a file are there, and when all are. */
function useAgainWhenRead({ status, log_count }: Upload) {
  const stage = `${isOpen(stateOf(status))} ${log_count > 0}`;
  const before = useRef(stage);
  useEffect(() => {
    if (before.current === stage) return;
    before.current = stage;
    void changed('GET /api/logs/metadata/{id}/content', 'GET /api/logs/stats');
  }, [stage]);
}

/** The file as it was sent. A login at its end is renewed first, because a link cannot do that. */
function Download({ id }: { id: string }) {
  const href = addressOf('GET /api/logs/metadata/{id}/download', { path: { id } });
  const begin = (event: React.MouseEvent) => {
    event.preventDefault();
    ask('GET /api/users/me').then(() => window.location.assign(href), tellFailure);
  };
  return (
    <a className={buttonClass} href={href} download onClick={begin}>
      Download
    </a>
  );
}

/** Stops reading it, or goes on. */
function Work({ upload: { upload_id: id, status } }: { upload: Upload }) {
  const state = stateOf(status);
  const [isAsking, setAsking] = useState(false);
  const run = async (route: 'POST /api/logs/upload/{id}/cancel' | 'POST /api/logs/upload/{id}/retry') => {
    setAsking(true);
    try {
      await ask(route, { path: { id } });
      await changed('GET /api/logs/metadata/{id}', 'GET /api/logs/metadata', 'GET /api/jobs');
    } catch (error) {
      tellFailure(error);
    } finally {
      setAsking(false);
    }
  };
  if (isOpen(state))
    return (
      <Button disabled={isAsking} onClick={() => void run('POST /api/logs/upload/{id}/cancel')}>
        Stop reading
      </Button>
    );
  if (state === 'succeeded') return null;
  return (
    <Button disabled={isAsking} onClick={() => void run('POST /api/logs/upload/{id}/retry')}>
      Go on reading
    </Button>
  );
}
