/** Imports into the tenant: an archive is sent, proved by the server as a whole, and then stored in the background. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState } from 'react';
import { ask } from '../../api/client';
import { changed, question } from '../../api/questions';
import type { Archive } from '../../api/schema';
import { pageOf, useAddress } from '../../app/address';
import { useSending } from '../../app/sending';
import { tell, tellFailure } from '../../app/toasts';
import { Button } from '../../design/controls';
import { Moment } from '../../design/moment';
import { bytes, percent } from '../../design/numbers';
import { Section, Table } from '../../design/page';
import { Answered } from '../parts/answered';
import { Refused } from '../parts/form';
import { Pager } from '../parts/pager';
import css from '../parts/parts.module.css';
import { contentWords, isUnderWay } from './archives';
import { bring } from './bringing';
import own from './retention.module.css';
import { ArchiveState } from './state';

const AGAIN_MS = 1000;

export function Imports() {
  const [{ imports }] = useAddress();
  const list = useQuery({
    ...question('GET /api/tenant/import', { query: { page: pageOf(imports) } }),
    refetchInterval: ({ state }) => (state.data?.results.some(isUnderWay) ? AGAIN_MS : false),
  });
  return (
    <Section
      title="Imports"
      about="Takes the lines, files and saved searches of an export. An archive that is damaged is refused as a whole; none is imported twice. People and limits are not taken."
    >
      <Bring />
      <Answered query={list} what="The imports">
        {(list) =>
          list.total === 0 ? (
            <p className={css.quiet}>There is no import.</p>
          ) : (
            <>
              <Table label="List of imports" columns={['Brought', 'From', 'State', 'In it']} last="Deeds">
                {list.results.map((archive) => (
                  <Row key={archive.id} archive={archive} />
                ))}
              </Table>
              <Pager list={list} what="imports" name="imports" />
            </>
          )
        }
      </Answered>
    </Section>
  );
}

function Bring() {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const stop = useRef<AbortController>(null);
  const [file, setFile] = useState<File | null>(null);
  const [share, setShare] = useState(0);
  const sending = useSending();
  useEffect(() => () => stop.current?.abort(), []);
  const send = async (file: File) => {
    setShare(0);
    stop.current = new AbortController();
    const { signal } = stop.current;
    const done = await sending.send(() =>
      bring(file, { signal, onProgress: setShare })
        .then(brought)
        .catch((error: unknown) => {
          if (!signal.aborted) throw error;
        }),
    );
    if (!done || signal.aborted) return;
    setFile(null);
    if (input.current) input.current.value = '';
  };
  return (
    <>
      {sending.error !== null && <Refused error={sending.error} />}
      <div className={css.row}>
        <label htmlFor={id}>Archive (.tar)</label>
        <input
          ref={input}
          id={id}
          type="file"
          accept=".tar,application/x-tar"
          className={own.file}
          disabled={sending.busy}
          onChange={({ target }) => setFile(target.files?.[0] ?? null)}
        />
        <Button disabled={!file || sending.busy} onClick={() => file && void send(file)}>
          Import
        </Button>
      </div>
      {sending.busy && file && (
        <div className={css.row}>
          <progress className={own.progress} max={1} value={share} aria-label="Sent of the archive" />
          <span role="status">
            {share < 1 ? `${percent(share)} of ${bytes(file.size)} sent` : 'Sent; the server proves it …'}
          </span>
          <Button onClick={() => stop.current?.abort()}>Stop</Button>
        </div>
      )}
    </>
  );
}

async function brought(archive: Archive) {
  tell(
    isUnderWay(archive)
      ? 'The archive is whole and is being imported.'
      : 'This archive was imported before; nothing is taken twice.',
  );
  await changed('GET /api/tenant/import', 'GET /api/jobs');
}

function Row({ archive }: { archive: Archive }) {
  const { id, created_at, from, state } = archive;
  const stop = () =>
    ask('POST /api/jobs/{id}/cancel', { path: { id } })
      .then(() => changed('GET /api/tenant/import', 'GET /api/jobs'))
      .catch(tellFailure);
  const again = () =>
    ask('POST /api/jobs/{id}/retry', { path: { id } })
      .then(() => changed('GET /api/tenant/import', 'GET /api/jobs'))
      .catch(tellFailure);
  return (
    <tr>
      <td>
        <Moment at={created_at} />
      </td>
      <td className={css.words}>
        {from?.name ?? '–'}
        {from && (
          <div className={css.sub}>
            made <Moment at={from.made_at} />
          </div>
        )}
      </td>
      <td>
        <ArchiveState archive={archive} />
      </td>
      <td className={css.words}>{contentWords(archive)}</td>
      <td className={css.end}>
        {isUnderWay(archive) && <Button onClick={() => void stop()}>Stop</Button>}
        {(state === 'failed' || state === 'cancelled') && <Button onClick={() => void again()}>Go on</Button>}
      </td>
    </tr>
  );
}
