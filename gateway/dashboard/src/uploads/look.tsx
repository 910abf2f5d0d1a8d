/** A look at a file: its first lines as they would be taken, made by the server of the file's beginning. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { ask, Failure } from '../api/client';
import type { UploadPreview } from '../api/schema';
import { exact } from '../design/numbers';
import { Table } from '../design/page';
import { Failed, Note, Waiting } from '../design/states';
import { Clipped } from './clipped';
import type { Detected } from './detect';
import { columnsOf, ofWhole, type Sample, sampleOf } from './sample';
import css from './sender.module.css';
import { formOf, saidOfReading, type Values } from './values';

interface LookProps {
  file: File;
  detected: Detected;
  values: Values;
  /** A field cannot be taken, or (null) all can. */
  onWrong: (field: string | null, why: string) => void;
}

const COLUMNS_MAX = 8;
const SETTLE_MS = 300;

export function Look({ file, detected, values, onWrong }: LookProps) {
  const sample = sampleOf(file, detected);
  const pairs = useSettled(JSON.stringify(saidOfReading(values)), SETTLE_MS);
  const look = useQuery({
    queryKey: ['look', file.name, file.size, file.lastModified, pairs],
    queryFn: ({ signal }) => lookedAt(file, sample as Sample, JSON.parse(pairs), signal),
    enabled: sample !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    placeholderData: (before) => before,
  });
  const field = look.error instanceof Failure ? look.error.field : null;
  const why = look.error instanceof Failure ? String(look.error.details.reason ?? look.error.message) : '';
  useEffect(() => onWrong(field, why), [field, why, onWrong]);
  if (!sample)
    return <p className={css.quiet}>What is packed and this large is looked into when it was sent.</p>;
  if (look.isError && !field)
    return (
      <Failed
        what={`${file.name} could not be looked at`}
        error={look.error}
        onRetry={() => void look.refetch()}
      />
    );
  if (!look.data) return field ? null : <Waiting what="Looking at the file" />;
  return <Found name={file.name} preview={look.data} isOld={look.isError || look.isPlaceholderData} />;
}

async function lookedAt(file: File, sample: Sample, pairs: never[], signal: AbortSignal) {
  const body = formOf(sample.blob, file.name, pairs);
  return ofWhole(await ask('POST /api/logs/upload/preview', { body, signal }), sample, file.size);
}

function Found({ name, preview, isOld }: { name: string; preview: UploadPreview; isOld: boolean }) {
  const { entries, errors, warnings } = preview;
  const all = columnsOf(entries);
  const columns = all.slice(0, COLUMNS_MAX);
  return (
    <section
      className={css.look}
      data-old={isOld}
      aria-label={`The first lines of ${name}`}
      aria-busy={isOld}
    >
      <p>
        <bdi>{name}</bdi>: {facts(preview).join(', ')}. The first{' '}
        {entries.length === 1 ? 'line' : `${entries.length} lines`} as they would be taken:
      </p>
      {warnings.map((warning) => (
        <Note key={warning}>{warning}</Note>
      ))}
      {errors.length > 0 && (
        <Note>
          <span>
            {errors.slice(0, 3).map(({ line, message }) => `Line ${exact(line)}: ${message}. `)}
            {errors.length > 3 && `${errors.length - 3} more lines are not right.`}
          </span>
        </Note>
      )}
      <div className={css.lines}>
        <Table
          columns={columns.map((column) => <bdi key={column}>{column}</bdi>)}
          label={`First lines of ${name}`}
        >
          {entries.map((entry, at) => (
            <tr key={at}>
              {columns.map((column) => (
                <td key={column}>
                  <Clipped value={Object.hasOwn(entry, column) ? entry[column] : undefined} />
                </td>
              ))}
            </tr>
          ))}
        </Table>
      </div>
      {all.length > columns.length && (
        <p className={css.quiet}>
          {all.length - columns.length} more fields: {all.slice(COLUMNS_MAX, COLUMNS_MAX + 12).join(', ')}
          {all.length > COLUMNS_MAX + 12 && ' …'}
        </p>
      )}
    </section>
  );
}

function facts({
  format,
  encoding,
  delimiter,
  has_header,
  pattern,
  estimated_entries,
}: UploadPreview): string[] {
  return [
    format === 'log' && pattern ? `log of the form “${pattern}”` : format,
    encoding,
    delimiter && `delimiter ${delimiter === '\t' ? 'tab' : `“${delimiter}”`}`,
    has_header !== null && (has_header ? 'with names of columns' : 'without names of columns'),
    estimated_entries !== null && `about ${exact(estimated_entries)} lines`,
  ].filter((fact) => typeof fact === 'string');
}

/** What a value was when it had not changed for a while. */
function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
