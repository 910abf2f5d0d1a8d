//! The view of the use of API keys: when each was used last.
//!
//! Invariant: the time of a key never goes back, whatever clocks do. It does not know whether the key still counts.

use antler_events::clock::Timestamp;
use antler_events::event::note::{KeysUsed, Note};
use antler_events::ids::{KeyId, PartitionId, TenantId};
use bytes::Bytes;

use super::arrivals::{NoteAt, wiped};
use super::document::{put, read};
use super::fold::ControlViewError;
use super::port::{Fold, ViewError, ViewName, ViewStore, ViewWrite};

pub(super) const KEY_USE: ViewName = ViewName::new("key_use");

/// Takes the uses among the notes in, each note in a step of its own.
pub(super) async fn fold(
    store: &dyn ViewStore,
    partition: PartitionId,
    notes: &[NoteAt],
) -> Result<(), ControlViewError> {
    let checkpoint = store.checkpoint(KEY_USE, partition).await?;
    for at in notes.iter().filter(|at| at.offset >= checkpoint) {
        let writes = match &*at.note {
            Note::Used(used) => later(at.tenant, store, used).await?,
            Note::TenantForgotten => {
                let keys = format!("key/{}/", at.tenant);
                wiped(at.tenant, store, KEY_USE, &[keys.as_bytes()], []).await?
            }
            Note::Rejected(_)
            | Note::SetAside(_)
            | Note::Answered(_)
            | Note::Searched(_)
            | Note::Forgotten(_)
            | Note::Dropped(_) => continue,
        };
        store.apply(KEY_USE, Fold { partition, next: at.offset.plus(1), writes }).await?;
    }
    Ok(())
}

/// When a key was used last, as far as it was told.
pub(super) async fn last(
    tenant: TenantId,
    store: &dyn ViewStore,
    key: KeyId,
) -> Result<Option<Timestamp>, ViewError> {
    read(KEY_USE, store, &document_key(tenant, key)).await
}

async fn later(
    tenant: TenantId,
    store: &dyn ViewStore,
    used: &KeysUsed,
) -> Result<Vec<ViewWrite>, ControlViewError> {
    let mut writes = Vec::new();
    for (key, at) in &used.keys {
        if last(tenant, store, *key).await?.is_none_or(|known| known < *at) {
            writes.push(put(KEY_USE, document_key(tenant, *key), at)?);
        }
    }
    Ok(writes)
}

fn document_key(tenant: TenantId, key: KeyId) -> Bytes {
    format!("key/{tenant}/{key}").into()
}
