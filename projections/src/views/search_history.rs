//! The view of the search history: what each person asked last, the newest first.
//!
//! Invariant: a history is one person's in one tenant, and has a bounded length; of a tenant the histories of so many people
//! are kept, and the one that began first goes first. It does not know whether a question can still be asked.

use antler_events::clock::Timestamp;
use antler_events::event::asked::Asked;
use antler_events::event::note::{Note, PastSearchId, Searched, SearchesForgotten};
use antler_events::ids::{PartitionId, TenantId, UserId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::arrivals::{Kept, NoteAt, wiped};
use super::document::{put, read};
use super::fold::ControlViewError;
use super::port::{Fold, ViewError, ViewName, ViewStore, ViewWrite};

pub(super) const SEARCH_HISTORY: ViewName = ViewName::new("search_history");

/// Who asks the same again so soon is still at the same search.
const SAME_SEARCH_NANOS: u64 = 60_000_000_000;

/// A search that somebody asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastSearch {
    pub id: PastSearchId,
    pub asked: Asked,
    /// Lines that were found the last time, if they were counted.
    pub found: Option<u64>,
    pub took_us: Option<u64>,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

impl PastSearch {
    /// Does asking this now belong to the search?
    pub fn goes_on(&self, asked: &Asked, now: Timestamp) -> bool {
        self.asked == *asked && self.nanos_since(now) < SAME_SEARCH_NANOS
    }

    /// Would writing this down now tell nothing new? From time to time it is told all the same, so that who asks for
    /// hours stays at one search.
    pub fn says(&self, searched: &Searched, now: Timestamp) -> bool {
        let is_the_same = self.asked == searched.asked && self.found == searched.found;
        is_the_same && self.nanos_since(now) < SAME_SEARCH_NANOS / 2
    }

    fn nanos_since(&self, now: Timestamp) -> u64 {
        now.nanos().abs_diff(self.last_at.nanos())
    }
}

/// Takes the searches among the notes in, each in a step of its own.
pub(super) async fn fold(
    store: &dyn ViewStore,
    kept: &Kept,
    partition: PartitionId,
    notes: &[NoteAt],
) -> Result<(), ControlViewError> {
    let checkpoint = store.checkpoint(SEARCH_HISTORY, partition).await?;
    for at in notes.iter().filter(|at| at.offset >= checkpoint) {
        let writes = match &*at.note {
            Note::Searched(searched) => {
                let id = PastSearchId { partition, offset: at.offset };
                add(at.tenant, store, kept, searched, (id, at.recorded_at)).await?
            }
            Note::Forgotten(forgotten) => forget(at.tenant, store, *forgotten).await?,
            Note::TenantForgotten => {
                let people = format!("person/{}/", at.tenant);
                wiped(at.tenant, store, SEARCH_HISTORY, &[people.as_bytes()], [people_key(at.tenant)]).await?
            }
            Note::Rejected(_) | Note::SetAside(_) | Note::Answered(_) | Note::Dropped(_) | Note::Used(_) => {
                continue;
            }
        };
        store.apply(SEARCH_HISTORY, Fold { partition, next: at.offset.plus(1), writes }).await?;
    }
    Ok(())
}

/// The history of a person, the newest first.
pub(super) async fn list(
    tenant: TenantId,
    store: &dyn ViewStore,
    user: UserId,
) -> Result<Vec<PastSearch>, ViewError> {
    Ok(read(SEARCH_HISTORY, store, &history_key(tenant, user)).await?.unwrap_or_default())
}

async fn add(
    tenant: TenantId,
    store: &dyn ViewStore,
    kept: &Kept,
    searched: &Searched,
    (id, at): (PastSearchId, Timestamp),
) -> Result<Vec<ViewWrite>, ControlViewError> {
    let Searched { by, asked, found, took_us } = searched.clone();
    let mut history = list(tenant, store, by).await?;
    match history.iter_mut().find(|past| past.goes_on(&asked, at)) {
        Some(past) => (past.found, past.took_us, past.last_at) = (found, took_us, at),
        None => {
            history.insert(0, PastSearch { id, asked, found, took_us, first_at: at, last_at: at });
            history.truncate(kept.searches_max);
        }
    }
    let mut writes = vec![put(SEARCH_HISTORY, history_key(tenant, by), &history)?];
    let mut people: Vec<UserId> = read(SEARCH_HISTORY, store, &people_key(tenant)).await?.unwrap_or_default();
    if !people.contains(&by) {
        people.push(by);
        let surplus = people.len().saturating_sub(kept.searchers_max);
        let gone = people.drain(..surplus).map(|user| ViewWrite::Delete { key: history_key(tenant, user) });
        writes.extend(gone);
        writes.push(put(SEARCH_HISTORY, people_key(tenant), &people)?);
    }
    Ok(writes)
}

async fn forget(
    tenant: TenantId,
    store: &dyn ViewStore,
    forgotten: SearchesForgotten,
) -> Result<Vec<ViewWrite>, ControlViewError> {
    let SearchesForgotten { by, search } = forgotten;
    let mut history = list(tenant, store, by).await?;
    history.retain(|past| search.is_some_and(|search| past.id != search));
    let key = history_key(tenant, by);
    Ok(vec![if history.is_empty() { ViewWrite::Delete { key } } else { put(SEARCH_HISTORY, key, &history)? }])
}

fn people_key(tenant: TenantId) -> Bytes {
    format!("tenant/{tenant}").into()
}

fn history_key(tenant: TenantId, user: UserId) -> Bytes {
    format!("person/{tenant}/{user}").into()
}
