/** What one asked before, the newest first. Nobody else sees it. What is forgotten can be put back. */
import { useQuery } from '@tanstack/react-query';
import { ask } from '../../api/client';
import { changed, question } from '../../api/questions';
import type { PastSearch } from '../../api/schema';
import { usePreferences } from '../../app/preferences';
import { tell, tellFailure } from '../../app/toasts';
import { Button } from '../../design/controls';
import { Moment } from '../../design/moment';
import { duration, exact, short } from '../../design/numbers';
import { Failed, Waiting } from '../../design/states';
import { words } from '../time/span';
import { fits, type Opened, opened } from './asked';
import css from './library.module.css';

const LIST = 'GET /api/logs/search-history';

export function History({ typed, onOpen }: { typed: string; onOpen(search: Opened): void }) {
  const found = useQuery(question(LIST));
  if (found.error && !found.data) {
    return (
      <Failed what="The history did not come" error={found.error} onRetry={() => void found.refetch()} />
    );
  }
  if (!found.data) return <Waiting what="Loading the history" />;
  const all = found.data.results;
  const fitting = all.filter((past) => fits([opened(past).q], typed));
  return (
    <section aria-label="History">
      <div className={css.titleRow}>
        <h2 className={css.title}>History</h2>
        {all.length > 0 && (
          <Button kind="plain" onClick={() => void clear(all).catch(tellFailure)}>
            Clear
          </Button>
        )}
      </div>
      {fitting.length === 0 && (
        <p className={css.quiet}>{all.length > 0 ? 'None has these words.' : 'Nothing was asked yet.'}</p>
      )}
      <ul>
        {fitting.map((past) => (
          <Entry key={past.id} past={past} onOpen={onOpen} />
        ))}
      </ul>
    </section>
  );
}

function Entry({ past, onOpen }: { past: PastSearch; onOpen(search: Opened): void }) {
  const zone = usePreferences((state) => state.zone);
  const search = opened(past);
  const { results_count: count, execution_time_ms: took } = past;
  return (
    <li className={css.entry}>
      <div className={css.row}>
        <button type="button" className={css.open} onClick={() => onOpen(search)}>
          <code className={css.query}>{search.q || 'all lines'}</code>
          <span className={css.quiet}>
            <Moment at={past.created_at} />
            {search.from && ` · ${words({ from: search.from, to: search.to ?? 'now' }, zone)}`}
            {count !== null && (
              <span title={exact(count)}>{` · ${short(count)} ${count === 1 ? 'line' : 'lines'}`}</span>
            )}
            {took !== null && ` · ${duration(took)}`}
          </span>
        </button>
        <Button
          kind="plain"
          aria-label={`Forget ${search.q || 'all lines'}`}
          onClick={() => void forget(past).catch(tellFailure)}
        >
          <span aria-hidden>✕</span>
        </Button>
      </div>
    </li>
  );
}

async function forget(past: PastSearch) {
  await ask('DELETE /api/logs/search-history/{id}', { path: { id: past.id } });
  await changed(LIST);
  tell('Forgotten.', { undo: () => void putBack([past]).catch(tellFailure) });
}

async function clear(all: PastSearch[]) {
  await ask('DELETE /api/logs/search-history');
  await changed(LIST);
  tell('The history is empty.', { undo: () => void putBack(all).catch(tellFailure) });
}

/** The oldest first, so that the order is what it was. */
async function putBack(all: PastSearch[]) {
  try {
    for (const { query, filters, results_count: count, execution_time_ms: took } of all.toReversed()) {
      const known = {
        ...(count !== null && { results_count: count }),
        ...(took !== null && { execution_time_ms: took }),
      };
      await ask('POST /api/logs/search-history', { body: { query, filters, ...known } });
    }
  } finally {
    await changed(LIST);
  }
}
