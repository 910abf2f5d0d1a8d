//! Folding a view anew: a shadow from the whole log, its hash held against the view's, and the swap.
//!
//! Invariant: the view stays in use until the shadow is whole, and takes its place in one step; before hashes are
//! compared, the view has been brought to the end of the log, so that they differ only if the view was wrong.
//! It does not stop others from folding: the one who calls it is alone with the store.

use antler_events::ids::{Offset, PartitionId};
use antler_events::log::{EventLog, ReadError};

use super::audit::{self, AUDIT};
use super::fold::{ControlViewError, Folded, Step, fold, steps};
use super::keys::Keys;
use super::mails::Mails;
use super::members::Members;
use super::names::Names;
use super::port::{Fold, ViewHash, ViewName, ViewStore};
use super::searches::Searches;
use super::sessions::Sessions;
use super::tenants::Tenants;
use super::uploads::Uploads;

/// The views that can be folded anew.
pub const VIEWS: [ViewName; 9] = [
    Tenants::VIEW,
    Members::VIEW,
    Keys::VIEW,
    Names::VIEW,
    Sessions::VIEW,
    Searches::VIEW,
    Uploads::VIEW,
    Mails::VIEW,
    AUDIT,
];

/// What is read of the log at once.
const CHUNK_BYTES: usize = 8 << 20;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    pub view: ViewName,
    /// None if the view could not be read or brought to the end of the log.
    pub before: Option<ViewHash>,
    pub after: ViewHash,
    /// Control events that were folded.
    pub events: u64,
}

impl Rebuilt {
    /// Was the view as it should be?
    pub fn was_right(&self) -> bool {
        self.before == Some(self.after)
    }
}

/// Why a view was not folded anew. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    #[error(
        "there is no view {name:?}; the views are tenants, members, keys, names, sessions, searches, uploads, mails \
         and audit"
    )]
    UnknownView { name: String },
    #[error("the event log cannot be read")]
    Log(#[from] ReadError),
    #[error(transparent)]
    Views(#[from] ControlViewError),
}

/// Folds the view of this name anew and puts it in the place of the old one.
pub async fn rebuild(store: &dyn ViewStore, log: &dyn EventLog, name: &str) -> Result<Rebuilt, RebuildError> {
    match name {
        "tenants" => rebuild_view::<Tenants>(store, log).await,
        "members" => rebuild_view::<Members>(store, log).await,
        "keys" => rebuild_view::<Keys>(store, log).await,
        "names" => rebuild_view::<Names>(store, log).await,
        "sessions" => rebuild_view::<Sessions>(store, log).await,
        "searches" => rebuild_view::<Searches>(store, log).await,
        "uploads" => rebuild_view::<Uploads>(store, log).await,
        "mails" => rebuild_view::<Mails>(store, log).await,
        "audit" => rebuild_view::<Audit>(store, log).await,
        _ => Err(RebuildError::UnknownView { name: name.chars().take(100).collect() }),
    }
}

/// A view that control events are folded into.
trait Foldable {
    const NAME: ViewName;

    async fn fold_into(
        store: &dyn ViewStore,
        view: ViewName,
        partition: PartitionId,
        steps: &[Step],
        next: Offset,
    ) -> Result<(), ControlViewError>;
}

impl<V: Folded> Foldable for V {
    const NAME: ViewName = V::VIEW;

    async fn fold_into(
        store: &dyn ViewStore,
        view: ViewName,
        partition: PartitionId,
        steps: &[Step],
        next: Offset,
    ) -> Result<(), ControlViewError> {
        fold::<V>(store, view, partition, steps, next).await
    }
}

/// The view of the audit is of no aggregate.
struct Audit;

impl Foldable for Audit {
    const NAME: ViewName = AUDIT;

    async fn fold_into(
        store: &dyn ViewStore,
        view: ViewName,
        partition: PartitionId,
        steps: &[Step],
        next: Offset,
    ) -> Result<(), ControlViewError> {
        audit::fold(store, view, partition, steps, next).await
    }
}

async fn rebuild_view<V: Foldable>(
    store: &dyn ViewStore,
    log: &dyn EventLog,
) -> Result<Rebuilt, RebuildError> {
    let (view, shadow) = (V::NAME, V::NAME.shadow());
    let before = match follow::<V>(store, log, view).await {
        Ok(_) => store.hash(view).await.ok(),
        Err(RebuildError::Log(error)) => return Err(error.into()),
        Err(_) => None,
    };
    store.clear(shadow).await.map_err(ControlViewError::from)?;
    let events = follow::<V>(store, log, shadow).await?;
    let after = store.hash(shadow).await.map_err(ControlViewError::from)?;
    store.replace_by_shadow(view).await.map_err(ControlViewError::from)?;
    Ok(Rebuilt { view, before, after, events })
}

/// Brings a view to the end of the log.
async fn follow<V: Foldable>(
    store: &dyn ViewStore,
    log: &dyn EventLog,
    view: ViewName,
) -> Result<u64, RebuildError> {
    let mut folded = 0;
    for partition in (0..log.partitions()).map(PartitionId::new) {
        let end = log.bounds(partition)?.next;
        let mut from = store.checkpoint(view, partition).await.map_err(ControlViewError::from)?;
        while from < end {
            let chunk = log.read(partition, from, CHUNK_BYTES).await?;
            let steps = steps(&chunk.events).map_err(RebuildError::from)?;
            V::fold_into(store, view, partition, &steps, chunk.next).await?;
            folded += steps.len() as u64;
            from = chunk.next.max(from.plus(1));
        }
        settle(store, view, partition, end).await?;
    }
    Ok(folded)
}

/// Writes the checkpoint at the end, which a fold without writes may have left behind.
async fn settle(
    store: &dyn ViewStore,
    view: ViewName,
    partition: PartitionId,
    end: Offset,
) -> Result<(), RebuildError> {
    let fold = Fold { partition, next: end, writes: Vec::new() };
    store.apply(view, fold).await.map_err(ControlViewError::from)?;
    Ok(())
}
