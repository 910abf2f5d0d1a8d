/** The files that were uploaded last. Invariant: when one of them brings lines, the figures of the page are asked for anew. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { changed, question } from '../api/questions';
import type { Upload } from '../api/schema';
import { Moment } from '../design/moment';
import { exact, percent, short } from '../design/numbers';
import { Section, Table } from '../design/page';
import { Failed, Waiting } from '../design/states';
import { EVERY_MS } from './figures';
import css from './home.module.css';

const BUSY_MS = 2000;
const BUSY = ['pending', 'processing', 'retrying'];

export function FilesPanel() {
  const { data, error, isPending, refetch } = useQuery({
    ...question('GET /api/logs/metadata/recent', { query: { limit: 6 } }),
    refetchInterval: ({ state }) => (state.data?.results.some(isBusy) ? BUSY_MS : EVERY_MS),
  });
  useFreshFigures(data?.results);
  return (
    <Section title="Files">
      <div className={css.panel}>
        {isPending && <Waiting />}
        {error && !data && (
          <Failed what="The files could not be listed" error={error} onRetry={() => void refetch()} />
        )}
        {data?.results.length === 0 && (
          <p className={css.quiet}>
            No file was uploaded yet. <Link to="/uploads">Upload one</Link>
          </p>
        )}
        {data && data.results.length > 0 && <Files files={data.results} />}
      </div>
    </Section>
  );
}

const COLUMNS = [
  'File',
  <span key="lines" className={css.numberHead}>
    Lines
  </span>,
  'State',
  'When',
];

function Files({ files }: { files: Upload[] }) {
  return (
    <>
      <Table label="Files that were uploaded last" columns={COLUMNS}>
        {files.map((file) => (
          <tr key={file.upload_id}>
            <th scope="row" className={css.file}>
              <bdi title={file.file_name}>{file.file_name}</bdi>
            </th>
            <td className={css.number} title={exact(file.log_count)}>
              {short(file.log_count)}
            </td>
            <td data-status={file.status === 'failed' ? 'unhealthy' : undefined} className={css.status}>
              {isBusy(file) ? `${file.status} ${percent(file.progress / 100)}` : file.status}
            </td>
            <td>
              <Moment at={file.created_at} />
            </td>
          </tr>
        ))}
      </Table>
      <Link to="/uploads">All files</Link>
    </>
  );
}

function isBusy({ status }: Upload): boolean {
  return BUSY.includes(status);
}

function useFreshFigures(files: Upload[] | undefined) {
  const lines = files?.reduce((sum, { log_count }) => sum + log_count, 0);
  const before = useRef(lines);
  useEffect(() => {
    const isFirst = before.current === undefined;
    const isOther = before.current !== lines;
    before.current = lines;
    if (isFirst || !isOther) return;
    void changed(
      'GET /api/logs/stats',
      'GET /api/logs/histogram',
      'GET /api/logs/facets',
      'GET /api/logs/search',
    );
  }, [lines]);
}
