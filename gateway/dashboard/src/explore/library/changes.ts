/** Changes of saved searches. Invariant: the lists are asked again after each; what is removed can be put back. */
import { address, ask } from '../../api/client';
import { changed } from '../../api/questions';
import type { SavedSearch } from '../../api/schema';
import { tell, tellFailure } from '../../app/toasts';

const LIST = 'GET /api/logs/saved-searches';
const ONE = 'PATCH /api/logs/saved-searches/{id}';

export interface Change {
  name?: string;
  description?: string;
  shared?: boolean;
}

export async function change(search: SavedSearch, change: Change): Promise<void> {
  // What is not said stays as it is, though the document names one field only.
  await ask(ONE, { path: { id: search.id }, body: change as never });
  await changed(LIST);
  if (change.shared === undefined) return;
  const undo = () =>
    void ask(ONE, { path: { id: search.id }, body: { shared: search.shared } as never })
      .then(() => changed(LIST))
      .catch(tellFailure);
  tell(change.shared ? `Everybody sees “${search.name}” now.` : `Only you see “${search.name}” now.`, {
    undo,
  });
}

export async function remove(search: SavedSearch): Promise<void> {
  await ask('DELETE /api/logs/saved-searches/{id}', { path: { id: search.id } });
  await changed(LIST);
  tell(`Deleted “${search.name}”.`, { undo: () => void putBack(search).catch(tellFailure) });
}

async function putBack(search: SavedSearch) {
  const { name, description, query, syntax, filters, columns, shared, template } = search;
  const body = { name, description, query, syntax, filters, columns, shared, template };
  await ask('POST /api/logs/saved-searches', { body });
  await changed(LIST);
}

export function linkTo(search: SavedSearch): string {
  return address(`/explore?saved=${encodeURIComponent(search.id)}`);
}
