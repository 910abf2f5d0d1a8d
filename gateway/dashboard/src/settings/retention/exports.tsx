/** Exports of the tenant: asked for, watched, taken, deleted. One that is under way is asked after every second. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { addressOf, ask } from '../../api/client';
import { changed, question } from '../../api/questions';
import type { Archive } from '../../api/schema';
import { pageOf, useAddress } from '../../app/address';
import { usePreferences } from '../../app/preferences';
import { tell } from '../../app/toasts';
import { Button } from '../../design/controls';
import { clock, Moment } from '../../design/moment';
import { Section, Table } from '../../design/page';
import { Answered } from '../parts/answered';
import { Download } from '../parts/download';
import { Pager } from '../parts/pager';
import css from '../parts/parts.module.css';
import { Question } from '../parts/question';
import { contentWords, isUnderWay, wantedWords } from './archives';
import { ExportForm } from './export_form';
import { ArchiveState } from './state';

const AGAIN_MS = 1000;

export function Exports() {
  const [{ exports }] = useAddress();
  const [isAsking, setAsking] = useState(false);
  const [removed, setRemoved] = useState<Archive | null>(null);
  const list = useQuery({
    ...question('GET /api/tenant/export', { query: { page: pageOf(exports) } }),
    refetchInterval: ({ state }) => (state.data?.results.some(isUnderWay) ? AGAIN_MS : false),
  });
  return (
    <Section
      title="Exports"
      about="All that the organization has as one archive, for yourself or another Antler: lines byte for byte, settings without secrets, uploaded files."
    >
      <div className={css.row}>
        <Button onClick={() => setAsking(true)}>Export…</Button>
      </div>
      {isAsking && <ExportForm onClose={() => setAsking(false)} />}
      <Answered query={list} what="The exports">
        {(list) =>
          list.total === 0 ? (
            <p className={css.quiet}>There is no export.</p>
          ) : (
            <>
              <Table
                label="List of exports"
                columns={['Asked for', 'Of', 'State', 'In it', 'Kept until']}
                last="Deeds"
              >
                {list.results.map((archive) => (
                  <Row key={archive.id} archive={archive} onRemove={() => setRemoved(archive)} />
                ))}
              </Table>
              <Pager list={list} what="exports" name="exports" />
            </>
          )
        }
      </Answered>
      {removed && <Remove archive={removed} onClose={() => setRemoved(null)} />}
    </Section>
  );
}

function useDay(): (at: string) => string {
  const zone = usePreferences((state) => state.zone);
  return (at) => clock(new Date(at), zone, true).slice(0, 16);
}

function Row({ archive, onRemove }: { archive: Archive; onRemove: () => void }) {
  const { id, state, created_at, expires_at } = archive;
  const day = useDay();
  const asked = day(created_at);
  return (
    <tr>
      <td>
        <Moment at={created_at} />
        <div className={`${css.sub} ${css.day}`}>{asked}</div>
      </td>
      <td className={css.words}>{wantedWords(archive, day)}</td>
      <td>
        <ArchiveState archive={archive} />
      </td>
      <td className={css.words}>{contentWords(archive)}</td>
      <td>{expires_at ? <Moment at={expires_at} /> : '–'}</td>
      <td>
        <div className={css.deeds}>
          {state === 'succeeded' && (
            <Download
              href={addressOf('GET /api/tenant/export/{id}/download', { path: { id } })}
              label={`Download the export of ${asked}`}
            >
              Download
            </Download>
          )}
          <Button aria-label={`${verb(archive)} the export of ${asked}`} onClick={onRemove}>
            {verb(archive)}
          </Button>
        </div>
      </td>
    </tr>
  );
}

function verb(archive: Archive): string {
  return isUnderWay(archive) ? 'Stop' : 'Delete';
}

function Remove({ archive, onClose }: { archive: Archive; onClose: () => void }) {
  const day = useDay();
  const asked = day(archive.created_at);
  const work = async () => {
    await ask('DELETE /api/tenant/export/{id}', { path: { id: archive.id } });
    await changed('GET /api/tenant/export');
    tell(`The export of ${asked} is deleted.`);
  };
  return (
    <Question
      title={`${verb(archive)} the export of ${asked}?`}
      act={`${verb(archive)} export`}
      work={work}
      onClose={onClose}
    >
      {isUnderWay(archive)
        ? 'What is written so far is removed.'
        : `The archive is removed (${contentWords(archive)}).`}{' '}
      The organization’s own data stays as it is.
    </Question>
  );
}
