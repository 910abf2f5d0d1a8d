/** The files of the tenant: filtered, ordered and in parts, as the address says. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { question } from '../api/questions';
import type { Upload, UploadList } from '../api/schema';
import { type Go, linkTo, oneOf, pageOf, type Search } from '../app/address';
import { Choice } from '../design/controls';
import { Moment } from '../design/moment';
import { bytes, exact } from '../design/numbers';
import { Section, Table } from '../design/page';
import { readable } from '../design/readable';
import { Empty, Failed, Note, sentence, Waiting } from '../design/states';
import { isOpen, State } from '../jobs/state';
import css from './list.module.css';
import { Paging } from './paging';
import { Settling } from './settling';
import { STAGES, stateOf, wordOf } from './stages';

const SIZE = 50;
const LOOK_MS = 1500;
/** While nothing is read: others send files, too. */
const REST_MS = 5000;

const ORDERS = {
  '-created_at': 'Newest first',
  created_at: 'Oldest first',
  file_name: 'By name',
  '-file_size': 'Largest first',
  '-log_count': 'Most lines first',
};

export function FileList({ search, go }: { search: Search; go: Go }) {
  const page = pageOf(search.page);
  const status = oneOf(STAGES, search.status);
  const asked = {
    page,
    size: SIZE,
    status,
    search: search.search,
    ordering: oneOf(Object.keys(ORDERS), search.order),
  };
  const files = useQuery({
    ...question('GET /api/logs/metadata', { query: asked }),
    refetchInterval: ({ state }) => (hasOpen(state.data) ? LOOK_MS : REST_MS),
  });
  return (
    <Section title="Files">
      <Filters search={search} go={go} />
      {files.isError && files.data && (
        <Note kind="error">What is shown may be old: {sentence(files.error)}</Note>
      )}
      {files.isError && !files.data ? (
        <Failed
          what="The files could not be loaded"
          error={files.error}
          onRetry={() => void files.refetch()}
        />
      ) : files.data === undefined ? (
        <Waiting what="Loading the files" />
      ) : files.data.results.length === 0 ? (
        <Nothing total={files.data.total} search={search} />
      ) : (
        <>
          <Files uploads={files.data.results} search={search} />
          <Paging page={page} size={SIZE} total={files.data.total} search={search} what="files" />
        </>
      )}
    </Section>
  );
}

function hasOpen(list: UploadList | undefined): boolean {
  return list?.results.some(({ status }) => isOpen(stateOf(status))) ?? false;
}

function Filters({ search, go }: { search: Search; go: Go }) {
  return (
    <search className={css.filters}>
      <Settling
        label="Name has"
        type="search"
        said={search.search ?? ''}
        onSay={(name) => go({ search: name, page: undefined }, true)}
      />
      <Choice
        label="State"
        value={oneOf(STAGES, search.status) ?? ''}
        onChange={({ target }) => go({ status: target.value, page: undefined })}
      >
        <option value="">All</option>
        {STAGES.map((stage) => (
          <option key={stage} value={stage}>
            {wordOf(stage)}
          </option>
        ))}
      </Choice>
      <Choice
        label="Order"
        value={oneOf(Object.keys(ORDERS), search.order) ?? '-created_at'}
        onChange={({ target }) =>
          go({ order: target.value === '-created_at' ? undefined : target.value, page: undefined })
        }
      >
        {Object.entries(ORDERS).map(([order, title]) => (
          <option key={order} value={order}>
            {title}
          </option>
        ))}
      </Choice>
    </search>
  );
}

function Nothing({ total, search }: { total: number; search: Search }) {
  const isFiltered = search.search || search.status;
  if (total > 0)
    return (
      <Empty title="This part of the list is past its end">
        <Link {...linkTo(search, { page: undefined })}>Show the first files</Link>
      </Empty>
    );
  return isFiltered ? (
    <Empty title="No file fits the filter">
      <Link {...linkTo(search, { search: undefined, status: undefined, page: undefined })}>
        Show all files
      </Link>
    </Empty>
  ) : (
    <Empty title="No file was sent yet">
      Files that are sent here are kept as they are, and their lines can be searched like all others.
    </Empty>
  );
}

function Files({ uploads, search }: { uploads: Upload[]; search: Search }) {
  return (
    <Table columns={['File', 'State', 'Lines', 'Size', 'Source', 'Sent']} label="List of files">
      {uploads.map((upload) => (
        <tr key={upload.upload_id}>
          <td className={css.name}>
            <Link {...linkTo(search, { file: upload.upload_id })}>
              <bdi>{readable(upload.file_name)}</bdi>
            </Link>
          </td>
          <td>
            <State
              state={stateOf(upload.status)}
              word={wordOf(upload.status)}
              progress={upload.progress}
              label={`How much of ${upload.file_name} was read`}
            />
          </td>
          <td className={css.number}>
            {exact(upload.log_count)}
            {upload.failed_count > 0 && (
              <span className={css.warning}> ▲ {exact(upload.failed_count)} not taken</span>
            )}
          </td>
          <td className={css.number}>{bytes(upload.file_size)}</td>
          <td className={css.name}>
            <bdi>{[upload.source, upload.service_name, upload.environment].filter(Boolean).join(' · ')}</bdi>
          </td>
          <td className={css.number}>
            <Moment at={upload.created_at} />
          </td>
        </tr>
      ))}
    </Table>
  );
}
