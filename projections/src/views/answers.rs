//! The view of answers: what requests with an idempotency key were answered, for a day.
//!
//! Invariant: an answer holds for `REMEMBERED_FOR` from the time that it was recorded, unless its tenant has so many that
//! the oldest go before. It does not know requests that are under way: the actors do.

use std::collections::BTreeMap;
use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::event::note::{AnswerForm, NamedError, Note, RequestAnswered, RequestKey};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::wire::{ChainHash, Receipt};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::arrivals::{Kept, NoteAt, wiped};
use super::document::{decode, encode, read};
use super::fold::ControlViewError;
use super::port::{Fold, ViewError, ViewName, ViewStore, ViewWrite};

pub(super) const ANSWERS: ViewName = ViewName::new("answers");

/// How long a repeat gets the first answer.
pub const REMEMBERED_FOR: Duration = Duration::from_secs(86_400);
/// Old answers that go with each new one, at most.
const EXPIRED_AT_ONCE: u32 = 4;

/// What a request was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    pub answered: RequestAnswered,
    pub receipt: Receipt,
}

/// The answers of a tenant: from `first` on, and before `next`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Counts {
    first: u64,
    next: u64,
    bytes: u64,
}

/// An answer in the order of arrival.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct InOrder {
    key: RequestKey,
    at: Timestamp,
    bytes: u64,
}

/// The document of an answer.
#[derive(Debug, Serialize, Deserialize)]
struct StoredAnswer {
    number: u64,
    at: Timestamp,
    partition: PartitionId,
    offset: Offset,
    hash: ChainHash,
    form: AnswerForm,
    events: u32,
    accepted: u64,
    rejected: u64,
    errors: Vec<NamedError>,
}

/// Takes the answers among the notes in.
pub(super) async fn fold(
    store: &dyn ViewStore,
    kept: &Kept,
    partition: PartitionId,
    notes: &[NoteAt],
) -> Result<(), ControlViewError> {
    let checkpoint = store.checkpoint(ANSWERS, partition).await?;
    let mut folding = Folding { store, kept, partition, writes: BTreeMap::new(), counts: BTreeMap::new() };
    let mut next = checkpoint;
    for at in notes.iter().filter(|at| at.offset >= checkpoint) {
        match &*at.note {
            Note::Answered(answered) => folding.take(at.tenant, at, answered).await?,
            Note::TenantForgotten => folding.forget(at.tenant).await?,
            _ => continue,
        }
        next = at.offset.plus(1);
    }
    if next > checkpoint {
        let writes = folding.finish()?;
        store.apply(ANSWERS, Fold { partition, next, writes }).await?;
    }
    Ok(())
}

pub(super) async fn find(
    tenant: TenantId,
    store: &dyn ViewStore,
    key: RequestKey,
    now: Timestamp,
) -> Result<Option<Remembered>, ViewError> {
    let Some(stored) = read::<StoredAnswer>(ANSWERS, store, &answer_key(tenant, key)).await? else {
        return Ok(None);
    };
    let StoredAnswer { at, partition, offset, hash, form, events, accepted, rejected, errors, .. } = stored;
    if has_expired(at, now) {
        return Ok(None);
    }
    let answered = RequestAnswered { key, form, answered_at: at, events, accepted, rejected, errors };
    let receipt = answered.receipt(partition, offset, hash);
    Ok(Some(Remembered { answered, receipt }))
}

/// What some notes change. Later ones see what earlier ones wrote.
struct Folding<'a> {
    store: &'a dyn ViewStore,
    kept: &'a Kept,
    partition: PartitionId,
    /// `None`: it is removed.
    writes: BTreeMap<Bytes, Option<Bytes>>,
    counts: BTreeMap<TenantId, Counts>,
}

impl Folding<'_> {
    async fn take(
        &mut self,
        tenant: TenantId,
        at: &NoteAt,
        answered: &RequestAnswered,
    ) -> Result<(), ControlViewError> {
        let mut counts = match self.counts.get(&tenant) {
            Some(counts) => *counts,
            None => self.read(&counts_key(tenant)).await?.unwrap_or_default(),
        };
        let RequestAnswered { key, form, answered_at, events, accepted, rejected, errors } = answered.clone();
        let stored = StoredAnswer {
            number: counts.next,
            at: answered_at,
            partition: self.partition,
            offset: at.offset,
            hash: at.hash,
            form,
            events,
            accepted,
            rejected,
            errors,
        };
        let bytes = self.put(answer_key(tenant, key), &stored)?;
        self.put(order_key(tenant, counts.next), &InOrder { key, at: answered_at, bytes })?;
        (counts.next, counts.bytes) = (counts.next + 1, counts.bytes + bytes);
        self.let_go(tenant, &mut counts, answered_at).await?;
        self.counts.insert(tenant, counts);
        Ok(())
    }

    /// Removes all of a tenant, those too that are to be written.
    async fn forget(&mut self, tenant: TenantId) -> Result<(), ViewError> {
        let prefixes = [format!("answer/{tenant}/"), format!("order/{tenant}/")];
        let prefixes = [prefixes[0].as_bytes(), prefixes[1].as_bytes()];
        self.writes.retain(|key, _| !prefixes.iter().any(|prefix| key.starts_with(prefix)));
        self.counts.remove(&tenant);
        for write in wiped(tenant, self.store, ANSWERS, &prefixes, [counts_key(tenant)]).await? {
            if let ViewWrite::Delete { key } = write {
                self.writes.insert(key, None);
            }
        }
        Ok(())
    }

    /// Removes the oldest, those that are too many and some of those that hold no more.
    async fn let_go(
        &mut self,
        tenant: TenantId,
        counts: &mut Counts,
        now: Timestamp,
    ) -> Result<(), ControlViewError> {
        let mut expired = 0;
        while counts.first < counts.next {
            let order_key = order_key(tenant, counts.first);
            let oldest: Option<InOrder> = self.read(&order_key).await?;
            let is_over = counts.next - counts.first > self.kept.answers_max
                || counts.bytes > self.kept.answer_bytes_max;
            if let Some(InOrder { key, at, bytes }) = oldest {
                if !is_over && (!has_expired(at, now) || expired >= EXPIRED_AT_ONCE) {
                    return Ok(());
                }
                expired += 1;
                self.writes.insert(order_key, None);
                let answer_key = answer_key(tenant, key);
                // The key may have been used again since.
                let answer: Option<StoredAnswer> = self.read(&answer_key).await?;
                if answer.is_some_and(|answer| answer.number == counts.first) {
                    self.writes.insert(answer_key, None);
                }
                counts.bytes = counts.bytes.saturating_sub(bytes);
            }
            counts.first += 1;
        }
        Ok(())
    }

    async fn read<T: for<'de> Deserialize<'de>>(&self, key: &Bytes) -> Result<Option<T>, ViewError> {
        let document = match self.writes.get(key) {
            Some(written) => written.clone(),
            None => self.store.document(ANSWERS, key).await?,
        };
        document.map(|document| decode(ANSWERS, &document)).transpose()
    }

    /// Answers how many bytes it has.
    fn put(&mut self, key: Bytes, value: &impl Serialize) -> Result<u64, ControlViewError> {
        let document = encode(ANSWERS, value)?;
        let length = document.len() as u64;
        self.writes.insert(key, Some(document));
        Ok(length)
    }

    fn finish(mut self) -> Result<Vec<ViewWrite>, ControlViewError> {
        for (tenant, counts) in std::mem::take(&mut self.counts) {
            self.put(counts_key(tenant), &counts)?;
        }
        let write = |(key, document)| match document {
            Some(document) => ViewWrite::Put { key, document },
            None => ViewWrite::Delete { key },
        };
        Ok(self.writes.into_iter().map(write).collect())
    }
}

fn has_expired(at: Timestamp, now: Timestamp) -> bool {
    i128::from(now.nanos()) - i128::from(at.nanos()) >= REMEMBERED_FOR.as_nanos() as i128
}

fn counts_key(tenant: TenantId) -> Bytes {
    format!("tenant/{tenant}").into()
}

fn answer_key(tenant: TenantId, key: RequestKey) -> Bytes {
    [format!("answer/{tenant}/").as_bytes(), key.as_bytes()].concat().into()
}

fn order_key(tenant: TenantId, number: u64) -> Bytes {
    [format!("order/{tenant}/").as_bytes(), &number.to_be_bytes()].concat().into()
}
