/**
 * What was asked before and what is worth asking again: saved searches, templates, the history of one's own.
 *
 * Invariant: what is deleted here can be taken back; what cannot is asked about first. An address with `saved` opens that
 * search.
 */

import { useEffect, useRef, useState } from 'react';
import { ask } from '../../api/client';
import { useAddress } from '../../app/address';
import { tellFailure } from '../../app/toasts';
import { Button } from '../../design/controls';
import { Panel } from '../../design/menu';
import type { Asked } from '../time/span';
import { type Opened, opened } from './asked';
import { History } from './history';
import css from './library.module.css';
import { type Draft, EMPTY, SaveForm } from './save';
import { Saved } from './saved';

interface LibraryProps {
  q: string;
  asked: Asked;
  onOpen(search: Opened): void;
}

export function Library({ q, asked, onOpen }: LibraryProps) {
  const [isOpen, setOpen] = useState(false);
  const [draft, setDraft] = useState<Draft | null>(null);
  useLink(onOpen, () => setOpen(true));
  const open = (search: Opened) => {
    setOpen(false);
    onOpen(search);
  };
  return (
    <Panel
      label="Searches"
      open={isOpen}
      onOpenChange={setOpen}
      trigger={<Button kind="plain">Searches ▾</Button>}
    >
      <Shelf q={q} asked={asked} onOpen={open} draft={draft} onDraft={setDraft} />
    </Panel>
  );
}

interface ShelfProps extends LibraryProps {
  /** What is being saved: it is still there when the panel was closed in between. */
  draft: Draft | null;
  onDraft(draft: Draft | null): void;
}

function Shelf({ q, asked, onOpen, draft, onDraft }: ShelfProps) {
  const [typed, setTyped] = useState('');
  return (
    <div className={css.panel}>
      {draft ? (
        <SaveForm q={q} asked={asked} draft={draft} onDraft={onDraft} />
      ) : (
        <div className={css.top}>
          <input
            className={css.find}
            type="search"
            aria-label="Find a search"
            placeholder="Find a search"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
          <Button onClick={() => onDraft(EMPTY)}>Save this search</Button>
        </div>
      )}
      <Saved typed={typed} onOpen={onOpen} />
      <History typed={typed} onOpen={onOpen} />
    </div>
  );
}

/** Once for each address. A template is opened in the panel, for its values are needed. */
function useLink(onOpen: (search: Opened) => void, show: () => void) {
  const [{ saved }] = useAddress();
  const latest = useRef({ onOpen, show });
  latest.current = { onOpen, show };
  useEffect(() => {
    if (!saved) return;
    const stop = new AbortController();
    ask('GET /api/logs/saved-searches/{id}', { path: { id: saved }, signal: stop.signal }).then(
      (search) => (search.template ? latest.current.show() : latest.current.onOpen(opened(search))),
      (error: unknown) => stop.signal.aborted || tellFailure(error),
    );
    return () => stop.abort();
  }, [saved]);
}
