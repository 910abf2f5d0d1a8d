//! How a view is folded: the events of each aggregate are taken into its document by the aggregate's own `evolve`.
//!
//! Invariant: a document is what `evolve` makes of all events of its aggregate, with the offset of the last one, and
//! folding an event twice changes nothing. It reads no log: whoever folds hands the events over, in order.

use std::collections::BTreeMap;

use antler_events::clock::Timestamp;
use antler_events::codec::{self, CodecError};
use antler_events::event::{self, Cause, ControlEvent, Event, EventError, types};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::log::Recorded;
use antler_events::wire::ChainHash;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::document;
use super::port::{Fold, ViewError, ViewName, ViewStore, ViewWrite};

/// An aggregate as a view has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept<S> {
    /// None when it is gone again.
    pub state: Option<S>,
    /// The offset of its last event, which an append expects.
    pub last: Offset,
    /// When its first and its last event were recorded.
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
}

/// Why a view cannot be folded or asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlViewError {
    #[error(transparent)]
    Store(#[from] ViewError),
    #[error("an event cannot be folded into the views")]
    Event(#[from] EventError),
    #[error("a document of view {view} cannot be written")]
    Document { view: ViewName, source: CodecError },
}

/// A control event of a partition, where and when it was recorded, by whom, and its place in the chain of its tenant.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) tenant: TenantId,
    pub(super) partition: PartitionId,
    pub(super) offset: Offset,
    pub(super) at: Timestamp,
    /// Of the event, in the list of all events.
    pub(super) name: &'static str,
    pub(super) cause: Cause,
    pub(super) previous: ChainHash,
    pub(super) hash: ChainHash,
    pub(super) event: ControlEvent,
}

/// The document of an aggregate. A view whose documents change gets a new form, and is folded again.
#[derive(Debug, Serialize, Deserialize)]
struct Stored<T> {
    last: Offset,
    created_at: Timestamp,
    changed_at: Timestamp,
    state: Option<T>,
}

/// A view of all aggregates of a kind.
pub(super) trait Folded {
    const VIEW: ViewName;
    type Id: Copy + AsRef<str>;
    type State: Clone;
    type Event;
    /// The state as its document has it.
    type Document: Serialize + DeserializeOwned;

    fn event(event: &ControlEvent) -> Option<(Self::Id, &Self::Event)>;
    fn evolve(state: &mut Option<Self::State>, event: &Self::Event);
    fn store(state: &Self::State) -> Self::Document;
    fn restore(document: Self::Document) -> Self::State;

    /// Further documents that lead to this one, such as those of an index.
    fn beside(
        _tenant: TenantId,
        _id: Self::Id,
        _before: Option<&Self::State>,
        _after: Option<&Self::State>,
    ) -> Result<Vec<ViewWrite>, CodecError> {
        Ok(Vec::new())
    }
}

/// The control events among these.
pub(super) fn steps(events: &[Recorded]) -> Result<Vec<Step>, ControlViewError> {
    let mut steps = Vec::new();
    for recorded in events.iter().filter(|event| event.envelope.subject.kind.is_control()) {
        steps.extend(step(recorded)?);
    }
    Ok(steps)
}

/// The event, if it is a control event.
pub(super) fn step(recorded: &Recorded) -> Result<Option<Step>, EventError> {
    let Recorded { envelope, hash, body } = recorded;
    let Event::Control { cause, event } = event::decode(envelope, body)? else { return Ok(None) };
    let name = types::find(envelope.event_type).map_or("", |entry| entry.name);
    Ok(Some(Step {
        tenant: envelope.subject.tenant,
        partition: envelope.partition,
        offset: envelope.offset,
        at: envelope.recorded_at,
        name,
        cause,
        previous: envelope.previous,
        hash: *hash,
        event,
    }))
}

/// What the keys of all aggregates begin with.
pub(super) const PREFIX: &[u8] = b"aggregate/";

/// What the keys of a tenant's aggregates begin with. No id has a slash, so no tenant is the beginning of another.
pub(super) fn prefix(tenant: TenantId) -> Bytes {
    format!("aggregate/{tenant}/").into()
}

/// Whose aggregate has the key.
pub(super) fn tenant_of(key: &[u8]) -> Option<TenantId> {
    let (tenant, _) = std::str::from_utf8(key.strip_prefix(PREFIX)?).ok()?.split_once('/')?;
    TenantId::parse(tenant).ok()
}

pub(super) fn key(tenant: TenantId, id: &str) -> Bytes {
    format!("aggregate/{tenant}/{id}").into()
}

pub(super) fn decode<V: Folded>(view: ViewName, document: &[u8]) -> Result<Kept<V::State>, ViewError> {
    let Stored { last, created_at, changed_at, state } = document::decode(view, document)?;
    Ok(Kept { state: state.map(V::restore), last, created_at, changed_at })
}

pub(super) async fn load<V: Folded>(
    tenant: TenantId,
    store: &dyn ViewStore,
    view: ViewName,
    id: V::Id,
) -> Result<Option<Kept<V::State>>, ViewError> {
    let document = store.document(view, &key(tenant, id.as_ref())).await?;
    document.map(|document| decode::<V>(view, &document)).transpose()
}

/// Takes those of the steps into the view that it has not seen. `next` is the offset behind them; a view that none of
/// them concerns is not told: that is settled for all views together.
pub(super) async fn fold<V: Folded>(
    store: &dyn ViewStore,
    view: ViewName,
    partition: PartitionId,
    steps: &[Step],
    next: Offset,
) -> Result<(), ControlViewError> {
    let checkpoint = store.checkpoint(view, partition).await?;
    let mut touched = Touched::<V>::new();
    for step in steps.iter().filter(|step| (checkpoint..next).contains(&step.offset)) {
        touched.take(store, view, step).await?;
    }
    if touched.0.is_empty() {
        return Ok(());
    }
    let writes = touched.writes().map_err(|source| ControlViewError::Document { view, source })?;
    store.apply(view, Fold { partition, next, writes }).await?;
    Ok(())
}

/// Aggregates that events of one fold concern.
struct Touched<V: Folded>(BTreeMap<Bytes, Changed<V>>);

struct Changed<V: Folded> {
    tenant: TenantId,
    id: V::Id,
    before: Option<V::State>,
    now: Kept<V::State>,
}

impl<V: Folded> Touched<V> {
    fn new() -> Self {
        Self(BTreeMap::new())
    }

    async fn take(&mut self, store: &dyn ViewStore, view: ViewName, step: &Step) -> Result<(), ViewError> {
        let Some((id, event)) = V::event(&step.event) else { return Ok(()) };
        let Step { tenant, offset, at, .. } = *step;
        let key = key(tenant, id.as_ref());
        if !self.0.contains_key(&key) {
            let known = load::<V>(tenant, store, view, id).await?;
            let now =
                known.unwrap_or(Kept { state: None, last: Offset::ZERO, created_at: at, changed_at: at });
            self.0.insert(key.clone(), Changed { tenant, id, before: now.state.clone(), now });
        }
        let changed = self.0.get_mut(&key).expect("it was put there above");
        V::evolve(&mut changed.now.state, event);
        (changed.now.last, changed.now.changed_at) = (offset, at);
        Ok(())
    }

    fn writes(self) -> Result<Vec<ViewWrite>, CodecError> {
        let mut writes = Vec::new();
        for (key, Changed { tenant, id, before, now }) in self.0 {
            let Kept { state, last, created_at, changed_at } = now;
            writes.extend(V::beside(tenant, id, before.as_ref(), state.as_ref())?);
            let state = state.as_ref().map(V::store);
            let document = codec::encode(&Stored { last, created_at, changed_at, state })?;
            writes.push(ViewWrite::Put { key, document });
        }
        Ok(writes)
    }
}
