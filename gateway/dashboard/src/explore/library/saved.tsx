/** Saved searches and templates. Only their owner or an admin changes them; everybody may open what they see. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answers, question } from '../../api/questions';
import type { SavedSearch } from '../../api/schema';
import { useAddress } from '../../app/address';
import { may } from '../../app/roles';
import { useMe } from '../../app/session';
import { tell, tellFailure } from '../../app/toasts';
import { Button } from '../../design/controls';
import { copied } from '../../design/copy';
import { Menu } from '../../design/menu';
import { exact } from '../../design/numbers';
import { Failed, Waiting } from '../../design/states';
import { fits, type Opened, opened } from './asked';
import { change, linkTo, remove } from './changes';
import { Forget, Rename, Values } from './forms';
import css from './library.module.css';

const SIZE = 1000;
const SHOWN = 30;

interface SavedProps {
  typed: string;
  onOpen(search: Opened): void;
}

export function Saved({ typed, onOpen }: SavedProps) {
  const found = useQuery(question('GET /api/logs/saved-searches', { query: { size: SIZE } }));
  if (found.error && !found.data) {
    return (
      <Failed
        what="The saved searches did not come"
        error={found.error}
        onRetry={() => void found.refetch()}
      />
    );
  }
  if (!found.data) {
    const key = question('GET /api/logs/saved-searches', { query: { size: SIZE } }).queryKey;
    return (
      <Waiting what="Loading saved searches" onCancel={() => void answers.cancelQueries({ queryKey: key })} />
    );
  }
  const fitting = found.data.results.filter(({ name, description, query }) =>
    fits([name, description, query], typed),
  );
  const templates = fitting.filter(({ template }) => template);
  return (
    <>
      <Part
        title="Saved"
        searches={fitting.filter(({ template }) => !template)}
        nothing={typed ? 'None has these words.' : 'None yet. “Save this search” keeps what you ask now.'}
        onOpen={onOpen}
      />
      {(templates.length > 0 || !typed) && (
        <Part
          title="Templates"
          searches={templates}
          nothing="None yet. Save a query with places such as service:${service} to be asked for them."
          onOpen={onOpen}
        />
      )}
      {found.data.total > SIZE && (
        <p className={css.quiet}>
          {exact(SIZE)} of {exact(found.data.total)} are shown; the others can be asked by the API.
        </p>
      )}
    </>
  );
}

interface PartProps {
  title: string;
  searches: SavedSearch[];
  nothing: string;
  onOpen(search: Opened): void;
}

function Part({ title, searches, nothing, onOpen }: PartProps) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? searches : searches.slice(0, SHOWN);
  return (
    <section aria-label={title}>
      <h2 className={css.title}>{title}</h2>
      {searches.length === 0 && <p className={css.quiet}>{nothing}</p>}
      <ul>
        {shown.map((search) => (
          <Entry key={search.id} search={search} onOpen={onOpen} />
        ))}
      </ul>
      {shown.length < searches.length && (
        <Button kind="plain" onClick={() => setWhole(true)}>
          Show all {exact(searches.length)}
        </Button>
      )}
    </section>
  );
}

type Doing = 'rename' | 'fill' | 'forget' | null;

function Entry({ search, onOpen }: { search: SavedSearch; onOpen(search: Opened): void }) {
  const me = useMe();
  const [{ saved }] = useAddress();
  const [doing, setDoing] = useState<Doing>(saved === search.id && search.template ? 'fill' : null);
  const isOwn = me?.id === search.owner;
  const mayChange = isOwn || may(me?.role, 'admin');
  const isForeign = search.syntax !== 'kql';
  const close = () => setDoing(null);
  const open = () => (search.template ? setDoing('fill') : onOpen(opened(search)));
  const share = () => void change(search, { shared: !search.shared }).catch(tellFailure);
  const copy = async () =>
    tell((await copied(linkTo(search))) ? 'The link is in the clipboard.' : linkTo(search));
  return (
    <li className={css.entry}>
      <div className={css.row}>
        <button type="button" className={css.open} disabled={isForeign} onClick={open}>
          <span className={css.name}>{search.name}</span>
          {search.description && <span className={css.quiet}>{search.description}</span>}
          <code className={css.query}>{search.query || 'all lines'}</code>
        </button>
        <span className={css.quiet}>{!isOwn ? 'of others' : search.shared ? 'shared' : ''}</span>
        <Menu
          trigger={
            <Button kind="plain" aria-label={`More for ${search.name}`}>
              <span aria-hidden>⋯</span>
            </Button>
          }
          items={[
            { title: 'Open', disabled: isForeign, run: open },
            { title: 'Copy link', run: () => void copy() },
            mayChange && { title: 'Rename', run: () => setDoing('rename') },
            mayChange && { title: search.shared ? 'Stop sharing' : 'Share with the tenant', run: share },
            mayChange && {
              title: 'Delete',
              run: () => (isOwn ? void remove(search).catch(tellFailure) : setDoing('forget')),
            },
          ]}
        />
      </div>
      {isForeign && <p className={css.quiet}>It is written in Lucene’s syntax; the API runs it.</p>}
      {doing === 'rename' && <Rename search={search} onClose={close} />}
      {doing === 'fill' && <Values search={search} onOpen={onOpen} onClose={close} />}
      {doing === 'forget' && <Forget search={search} onClose={close} />}
    </li>
  );
}
