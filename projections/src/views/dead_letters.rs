//! The view of dead letters: lines that were rejected and events that were set aside, of each tenant the newest.
//!
//! Invariant: letters of a tenant are numbered in the order of the log, so the oldest and the newest are found by their
//! numbers; what is not kept any more is counted all the same, and so is what was dropped among them. It does not judge:
//! decoding and projectors did.

use std::collections::BTreeMap;

use antler_events::clock::Timestamp;
use antler_events::codec::{self, CodecError, Run};
use antler_events::event::note::{DroppedLetter, EventSetAside, LettersDropped, LinesRejected, Note};
use antler_events::ids::{Offset, PartitionId, TenantId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::arrivals::{Kept, NoteAt, wiped};
use super::document;
use super::fold::ControlViewError;
use super::port::{Document, Fold, PAGE_DOCUMENTS_MAX, Page, ViewError, ViewName, ViewStore, ViewWrite};

pub(super) const DEAD_LETTERS: ViewName = ViewName::new("dead_letters");

/// Something that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Counted from 1 for each tenant.
    pub number: u64,
    pub at: Timestamp,
    pub source: LetterSource,
    pub code: String,
    pub message: String,
    /// As it came, or its beginning.
    pub raw: Bytes,
    /// How many bytes it had.
    pub length: u64,
}

/// Where a letter comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LetterSource {
    /// A line that was rejected, with its number as the sender sees it.
    Line { protocol: String, origin: String, line: u64 },
    /// An event that a projection could not take.
    Event { projection: String, partition: PartitionId, offset: Offset },
}

/// A part of the letters of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetters {
    pub letters: Vec<DeadLetter>,
    /// How many are kept.
    pub kept: u64,
    /// How many there have ever been.
    pub total: u64,
}

/// The letters of a tenant: from `first` on, and before `next`, but for those that were dropped.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Counts {
    first: u64,
    next: u64,
    bytes: u64,
    total: u64,
}

/// The document of a letter.
#[derive(Serialize, Deserialize)]
struct StoredLetter<'a> {
    at: Timestamp,
    source: LetterSource,
    code: &'a str,
    message: &'a str,
    length: u64,
    #[serde(borrow)]
    raw: Run<'a>,
}

/// The code of an event that was set aside.
const SET_ASIDE: &str = "event_set_aside";

/// Takes notes in, each in a step of its own, because one may be large.
pub(super) async fn fold(
    store: &dyn ViewStore,
    kept: &Kept,
    partition: PartitionId,
    notes: &[NoteAt],
) -> Result<(), ControlViewError> {
    let checkpoint = store.checkpoint(DEAD_LETTERS, partition).await?;
    for at in notes.iter().filter(|at| at.offset >= checkpoint) {
        let unencoded = |source| ControlViewError::Document { view: DEAD_LETTERS, source };
        let writes = match &*at.note {
            Note::Rejected(rejected) => {
                let letters = lines(rejected).map_err(unencoded)?;
                writes(at.tenant, store, kept, letters, rejected.unkept).await?
            }
            Note::SetAside(set_aside) => {
                let letter = event(set_aside, at.recorded_at).map_err(unencoded)?;
                writes(at.tenant, store, kept, vec![letter], 0).await?
            }
            Note::Dropped(dropped) => drop_letters(at.tenant, store, dropped).await?,
            Note::TenantForgotten => {
                let others = [counts_key(at.tenant), dropped_key(at.tenant)];
                wiped(at.tenant, store, DEAD_LETTERS, &[&prefix(at.tenant)], others).await?
            }
            Note::Answered(_) | Note::Searched(_) | Note::Forgotten(_) | Note::Used(_) => continue,
        };
        store.apply(DEAD_LETTERS, Fold { partition, next: at.offset.plus(1), writes }).await?;
    }
    Ok(())
}

pub(super) async fn list(
    tenant: TenantId,
    store: &dyn ViewStore,
    skip: u64,
    limit: usize,
) -> Result<DeadLetters, ViewError> {
    let Counts { first, next, total, .. } = counts(tenant, store).await?;
    let dropped = dropped(tenant, store).await?;
    let kept = (next - first).saturating_sub(dropped);
    if skip >= kept || limit == 0 {
        return Ok(DeadLetters { letters: Vec::new(), kept, total });
    }
    let prefix = prefix(tenant);
    let after = match dropped {
        0 => key(tenant, next - skip),
        _ => after_letters(tenant, store, next, skip).await?,
    };
    let page = Page { prefix: &prefix, after: Some(&after), limit: limit.min(PAGE_DOCUMENTS_MAX) };
    let found = store.scan(DEAD_LETTERS, page).await?;
    let letters = found.into_iter().map(|found| letter(&prefix, &found)).collect::<Result<_, _>>()?;
    Ok(DeadLetters { letters, kept, total })
}

/// The key after which the newest letters come but for so many, where some between them were dropped.
async fn after_letters(
    tenant: TenantId,
    store: &dyn ViewStore,
    next: u64,
    mut skip: u64,
) -> Result<Bytes, ViewError> {
    let prefix = prefix(tenant);
    let mut after = key(tenant, next);
    while skip > 0 {
        let limit = usize::try_from(skip).unwrap_or(usize::MAX).min(PAGE_DOCUMENTS_MAX);
        let found = store.scan(DEAD_LETTERS, Page { prefix: &prefix, after: Some(&after), limit }).await?;
        let Some(last) = found.last() else { break };
        after = last.key.clone();
        skip -= found.len() as u64;
    }
    Ok(after)
}

pub(super) async fn find(
    tenant: TenantId,
    store: &dyn ViewStore,
    number: u64,
) -> Result<Option<DeadLetter>, ViewError> {
    let key = key(tenant, number);
    let found = store.document(DEAD_LETTERS, &key).await?;
    found.map(|document| letter(&prefix(tenant), &Document { key, document })).transpose()
}

fn lines(rejected: &LinesRejected) -> Result<Vec<Bytes>, CodecError> {
    let LinesRejected { received_at, protocol, origin, lines, .. } = rejected;
    let letter = |line: &antler_events::event::note::RejectedLine| {
        let (protocol, origin) = (protocol.clone(), origin.clone());
        codec::encode(&StoredLetter {
            at: *received_at,
            source: LetterSource::Line { protocol, origin, line: line.number },
            code: &line.code,
            message: &line.message,
            length: line.length,
            raw: Run(&line.raw),
        })
    };
    lines.iter().map(letter).collect()
}

fn event(set_aside: &EventSetAside, at: Timestamp) -> Result<Bytes, CodecError> {
    let EventSetAside { projection, partition, offset, reason, body, length, .. } = set_aside;
    let source =
        LetterSource::Event { projection: projection.clone(), partition: *partition, offset: *offset };
    let (length, raw) = (*length, Run(body));
    codec::encode(&StoredLetter { at, source, code: SET_ASIDE, message: reason, length, raw })
}

/// Removes letters that are still what they were when somebody dropped them.
async fn drop_letters(
    tenant: TenantId,
    store: &dyn ViewStore,
    dropped_letters: &LettersDropped,
) -> Result<Vec<ViewWrite>, ControlViewError> {
    let mut counts = counts(tenant, store).await?;
    let mut dropped = dropped(tenant, store).await?;
    let letters: BTreeMap<u64, &DroppedLetter> =
        dropped_letters.letters.iter().map(|letter| (letter.number, letter)).collect();
    let mut writes = Vec::new();
    for (number, named) in letters {
        let key = key(tenant, number);
        let Some(document) = store.document(DEAD_LETTERS, &key).await? else { continue };
        let found = Document { key: key.clone(), document };
        let kept = letter(&prefix(tenant), &found)?;
        if (kept.at, kept.length) == (named.at, named.length) {
            counts.bytes = counts.bytes.saturating_sub(found.document.len() as u64);
            dropped += 1;
            writes.push(ViewWrite::Delete { key });
        }
    }
    writes.push(document::put(DEAD_LETTERS, counts_key(tenant), &counts)?);
    writes.push(document::put(DEAD_LETTERS, dropped_key(tenant), &dropped)?);
    Ok(writes)
}

/// Puts letters behind those that are there, and lets the oldest go.
async fn writes(
    tenant: TenantId,
    store: &dyn ViewStore,
    kept: &Kept,
    letters: Vec<Bytes>,
    unkept: u64,
) -> Result<Vec<ViewWrite>, ControlViewError> {
    let mut counts = counts(tenant, store).await?;
    let dropped_before = dropped(tenant, store).await?;
    let mut dropped = dropped_before;
    let mut added: BTreeMap<u64, Bytes> = BTreeMap::new();
    let mut writes = Vec::new();
    counts.total += unkept + letters.len() as u64;
    for document in letters {
        counts.bytes += document.len() as u64;
        added.insert(counts.next, document);
        counts.next += 1;
        while counts.next - counts.first > kept.letters_max || counts.bytes > kept.letter_bytes_max {
            let key = key(tenant, counts.first);
            let length = match added.remove(&counts.first) {
                Some(document) => document.len(),
                None => {
                    let document = store.document(DEAD_LETTERS, &key).await?;
                    dropped = dropped.saturating_sub(u64::from(document.is_none()));
                    writes.push(ViewWrite::Delete { key });
                    document.map_or(0, |document| document.len())
                }
            };
            counts.bytes = counts.bytes.saturating_sub(length as u64);
            counts.first += 1;
        }
    }
    writes.extend(added.into_iter().map(|(n, document)| ViewWrite::Put { key: key(tenant, n), document }));
    writes.push(document::put(DEAD_LETTERS, counts_key(tenant), &counts)?);
    if dropped != dropped_before {
        writes.push(document::put(DEAD_LETTERS, dropped_key(tenant), &dropped)?);
    }
    Ok(writes)
}

/// How many letters between the oldest and the newest were dropped.
async fn dropped(tenant: TenantId, store: &dyn ViewStore) -> Result<u64, ViewError> {
    Ok(document::read(DEAD_LETTERS, store, &dropped_key(tenant)).await?.unwrap_or_default())
}

fn dropped_key(tenant: TenantId) -> Bytes {
    format!("dropped/{tenant}").into()
}

async fn counts(tenant: TenantId, store: &dyn ViewStore) -> Result<Counts, ViewError> {
    let counts = document::read(DEAD_LETTERS, store, &counts_key(tenant)).await?;
    Ok(counts.unwrap_or(Counts { first: 1, next: 1, bytes: 0, total: 0 }))
}

fn letter(prefix: &[u8], found: &Document) -> Result<DeadLetter, ViewError> {
    let Document { key, document } = found;
    let wrong = || ViewError::Damaged { view: DEAD_LETTERS, reason: "a key of it has no number".to_owned() };
    let number = key[prefix.len()..].try_into().map_err(|_| wrong())?;
    let stored: StoredLetter<'_> = document::decode(DEAD_LETTERS, document)?;
    let StoredLetter { at, source, code, message, length, raw } = stored;
    Ok(DeadLetter {
        number: u64::MAX - u64::from_be_bytes(number),
        at,
        source,
        code: code.to_owned(),
        message: message.to_owned(),
        raw: document.slice_ref(raw.0),
        length,
    })
}

fn counts_key(tenant: TenantId) -> Bytes {
    format!("tenant/{tenant}").into()
}

fn prefix(tenant: TenantId) -> Bytes {
    format!("letter/{tenant}/").into()
}

/// The newest first, as keys are in order.
fn key(tenant: TenantId, number: u64) -> Bytes {
    [&prefix(tenant)[..], &(u64::MAX - number).to_be_bytes()].concat().into()
}
