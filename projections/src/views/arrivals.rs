//! The views of what is recorded beside lines: dead letters, answers that are remembered, searches of people, uses of keys. What a
//! projector feeds, and what requests ask.
//!
//! Invariant: a view takes each note once, whatever is handed over again. Notes go from the log with their lines, so these
//! views cannot be folded anew: whoever feeds them holds the log until what was taken is on stable storage.

use std::sync::Arc;

use antler_events::clock::Timestamp;
use antler_events::event::note::{Note, RequestKey};
use antler_events::ids::{KeyId, Offset, PartitionId, TenantId, UserId};
use antler_events::wire::ChainHash;
use bytes::Bytes;

use super::answers::{self, ANSWERS, Remembered};
use super::dead_letters::{self, DEAD_LETTERS, DeadLetter, DeadLetters};
use super::fold::ControlViewError;
use super::key_use::{self, KEY_USE};
use super::port::{self, Page, ViewError, ViewName, ViewStore, ViewWrite};
use super::search_history::{self, PastSearch, SEARCH_HISTORY};

/// The views of what arrived.
pub const VIEWS: [ViewName; 4] = [DEAD_LETTERS, ANSWERS, SEARCH_HISTORY, KEY_USE];

/// Documents that are read at once to be removed.
const WIPED_AT_ONCE: usize = 1_000;

/// A note of a partition, with its place.
#[derive(Debug, Clone)]
pub struct NoteAt {
    pub tenant: TenantId,
    pub offset: Offset,
    pub recorded_at: Timestamp,
    pub hash: ChainHash,
    pub note: Arc<Note>,
}

/// How much is kept for each tenant; beyond it, the oldest go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub letters_max: u64,
    pub letter_bytes_max: u64,
    pub answers_max: u64,
    pub answer_bytes_max: u64,
    /// Of one person.
    pub searches_max: usize,
    /// People whose searches are kept.
    pub searchers_max: usize,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            letters_max: 10_000,
            letter_bytes_max: 64 << 20,
            answers_max: 100_000,
            answer_bytes_max: 32 << 20,
            searches_max: 50,
            searchers_max: 500,
        }
    }
}

/// The views of dead letters, answers and searches.
#[derive(Debug, Clone)]
pub struct ArrivalViews {
    store: Arc<dyn ViewStore>,
    kept: Kept,
}

impl ArrivalViews {
    pub fn new(store: Arc<dyn ViewStore>) -> Self {
        Self { store, kept: Kept::default() }
    }

    #[must_use]
    pub fn keeping(self, kept: Kept) -> Self {
        Self { kept, ..self }
    }

    /// Takes notes of a partition in, in order.
    pub async fn apply(&self, partition: PartitionId, notes: &[NoteAt]) -> Result<(), ControlViewError> {
        dead_letters::fold(&*self.store, &self.kept, partition, notes).await?;
        answers::fold(&*self.store, &self.kept, partition, notes).await?;
        search_history::fold(&*self.store, &self.kept, partition, notes).await?;
        key_use::fold(&*self.store, partition, notes).await
    }

    /// Makes what was taken durable, and that nothing before `next` is needed again.
    pub async fn settle(&self, partition: PartitionId, next: Offset) -> Result<(), ViewError> {
        port::settle(&*self.store, &VIEWS, partition, next).await
    }

    /// From where the partition's notes are needed.
    pub async fn checkpoint(&self, partition: PartitionId) -> Result<Offset, ViewError> {
        port::lowest_checkpoint(&*self.store, &VIEWS, partition).await
    }

    /// Dead letters of a tenant, the newest first, without so many at the beginning.
    pub async fn dead_letters(
        &self,
        tenant: TenantId,
        skip: u64,
        limit: usize,
    ) -> Result<DeadLetters, ViewError> {
        dead_letters::list(tenant, &*self.store, skip, limit).await
    }

    /// One of them, if it is kept.
    pub async fn dead_letter(&self, tenant: TenantId, number: u64) -> Result<Option<DeadLetter>, ViewError> {
        dead_letters::find(tenant, &*self.store, number).await
    }

    /// What a request with this key was answered, if that still holds.
    pub async fn answer(
        &self,
        tenant: TenantId,
        key: RequestKey,
        now: Timestamp,
    ) -> Result<Option<Remembered>, ViewError> {
        answers::find(tenant, &*self.store, key, now).await
    }

    /// What a person asked last, the newest first.
    pub async fn searches(&self, tenant: TenantId, user: UserId) -> Result<Vec<PastSearch>, ViewError> {
        search_history::list(tenant, &*self.store, user).await
    }

    /// When a key was used last, as far as that was written.
    pub async fn last_use(&self, tenant: TenantId, key: KeyId) -> Result<Option<Timestamp>, ViewError> {
        key_use::last(tenant, &*self.store, key).await
    }
}

/// The removal of all that a tenant has in a view: documents under these beginnings of keys, and these others.
pub(super) async fn wiped(
    _tenant: TenantId,
    store: &dyn ViewStore,
    view: ViewName,
    prefixes: &[&[u8]],
    others: impl IntoIterator<Item = Bytes>,
) -> Result<Vec<ViewWrite>, ViewError> {
    let mut writes: Vec<_> = others.into_iter().map(|key| ViewWrite::Delete { key }).collect();
    for prefix in prefixes {
        let mut after = None::<Bytes>;
        loop {
            let found =
                store.scan(view, Page { prefix, after: after.as_deref(), limit: WIPED_AT_ONCE }).await?;
            let is_last = found.len() < WIPED_AT_ONCE;
            after = found.last().map(|last| last.key.clone());
            writes.extend(found.into_iter().map(|found| ViewWrite::Delete { key: found.key }));
            if is_last {
                break;
            }
        }
    }
    Ok(writes)
}

#[cfg(test)]
mod tests;
