/** What was done in the tenant, the newest first. Filters, place and the open entry stand in the address. */
import { useQuery } from '@tanstack/react-query';
import { addressOf } from '../api/client';
import { question } from '../api/questions';
import type { AuditList } from '../api/schema';
import { useAddress } from '../app/address';
import { useMay } from '../app/roles';
import { fieldOf } from '../app/sending';
import { Button } from '../design/controls';
import { exact } from '../design/numbers';
import { Empty, Waiting } from '../design/states';
import {
  asked,
  FILTERS,
  type Filters,
  filtersOf,
  isFiltered,
  placeOf,
  toFilters,
  toNewer,
  toOlder,
} from './audit/asked';
import { Chain } from './audit/chain';
import { Entries } from './audit/entries';
import { Entry } from './audit/entry';
import { FilterForm } from './audit/filter';
import { Settings } from './frame';
import { Answered, NotYours } from './parts/answered';
import { Download } from './parts/download';
import { useNamed, useNames } from './parts/names';
import css from './parts/parts.module.css';

export default function AuditPage() {
  const isAllowed = useMay('audit');
  if (isAllowed) return <Audit />;
  return (
    <Settings title="Audit">
      {isAllowed === undefined ? (
        <Waiting />
      ) : (
        <NotYours what="Administrators and security-admins read the audit" who="An administrator" />
      )}
    </Settings>
  );
}

function Audit() {
  const [address, go] = useAddress();
  const filters = filtersOf(address);
  const list = useQuery(question('GET /api/audit', { query: { ...asked(filters), ...placeOf(address) } }));
  const named = useNamed();
  const nameOf = useNames();
  const wrong = FILTERS.find((name) => name === fieldOf(list.error));
  const filter = (change: Partial<Filters>) => go(toFilters(change));
  const href = (format: string) =>
    addressOf('GET /api/audit/export', { query: { ...asked(filters), format } });
  const actions = [...new Set(list.data?.results.map(({ action }) => action))].sort();
  return (
    <Settings
      title="Audit"
      actions={
        <div className={css.row}>
          <Download href={href('csv')} label="Export as CSV">
            Export as CSV
          </Download>
          <Download href={href('ndjson')} label="Export as NDJSON">
            NDJSON
          </Download>
        </div>
      }
    >
      <FilterForm filters={filters} named={named} error={list.error} actions={actions} onFilter={filter} />
      {list.data === undefined && wrong ? (
        <Empty title="No entry is shown">The condition “{wrong}” cannot be used; its field says why.</Empty>
      ) : (
        <Answered query={list} what="The audit">
          {(list) => (
            <>
              {list.results.length === 0 ? (
                <None list={list} isFiltered={isFiltered(filters)} />
              ) : (
                <Entries
                  entries={list.results}
                  nameOf={nameOf}
                  onFilter={filter}
                  onOpen={(entry) => go({ entry })}
                />
              )}
              <Places list={list} />
              {list.head && <Chain head={list.head} />}
            </>
          )}
        </Answered>
      )}
      {address.entry && (
        <Entry id={address.entry} nameOf={nameOf} onClose={() => go({ entry: undefined }, true)} />
      )}
    </Settings>
  );
}

function None({ list, isFiltered }: { list: AuditList; isFiltered: boolean }) {
  if (list.next_cursor)
    return <Empty title="None of these entries fits">Older ones may; go on with “Older”.</Empty>;
  return isFiltered ? (
    <Empty title="No entry fits the conditions">Show all, or choose an earlier time.</Empty>
  ) : (
    <Empty title="There is no entry here">What is done from now on stands here.</Empty>
  );
}

function Places({ list: { page, total, next_cursor, results } }: { list: AuditList }) {
  const [, go] = useAddress();
  const newer = toNewer(page);
  return (
    <nav className={css.row} aria-label="Pages of the audit">
      <Button disabled={page === 1} onClick={() => go({ page: undefined, cursor: undefined })}>
        Newest
      </Button>
      <Button disabled={!newer} onClick={() => newer && go(newer)}>
        Newer
      </Button>
      <Button disabled={!next_cursor} onClick={() => next_cursor && go(toOlder(page, next_cursor))}>
        Older
      </Button>
      <span>
        Page {exact(page)} with {exact(results.length)} of {exact(total)}
      </span>
    </nav>
  );
}
