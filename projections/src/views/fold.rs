//! How a view is folded: the events of each aggregate are taken into its document by the aggregate's own `evolve`.
//!
//! Invariant: a document is what `evolve` makes of all events of its aggregate, with the offset of the last one, and
//! folding an event twice changes nothing. It reads no log: whoever folds hands the events over, in order.

use std::collections::BTreeMap;

use antler_events::clock::Timestamp;
use antler_events::codec::{self, CodecError};
use antler_events::event::tenant::TenantEvent;
use antler_events::event::{self, Cause, ControlEvent, Event, EventError, types};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::log::Recorded;
use antler_events::wire::ChainHash;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::document;
use super::port::{Fold, PAGE_DOCUMENTS_MAX, Page, ViewError, ViewName, ViewStore, ViewWrite};

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

impl Step {
    /// Whether nothing is to be left of the tenant but this.
    pub(super) fn ends_tenant(&self) -> bool {
        matches!(&self.event, ControlEvent::Tenant(TenantEvent::Erased(_)))
    }
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
    /// Whether a document outlives its tenant.
    const IS_KEPT: bool = false;
    type Id: Copy + AsRef<str>;
    type State: Clone;
    type Event;
    /// The state as its document has it.
    type Document: Serialize + DeserializeOwned;

    /// The id in a key.
    fn id(text: &str) -> Option<Self::Id>;
    fn event(event: &ControlEvent) -> Option<(Self::Id, &Self::Event)>;
    fn evolve(state: &mut Option<Self::State>, event: &Self::Event);
    fn store(state: &Self::State) -> Self::Document;
    fn restore(document: Self::Document) -> Self::State;

    /// Further documents that lead to this one, such as those of an index. There is no state after what is forgotten.
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

/// Some documents of a tenant in the order of their ids.
pub(super) async fn listed<V: Folded>(
    tenant: TenantId,
    store: &dyn ViewStore,
    view: ViewName,
    after: Option<V::Id>,
    limit: usize,
) -> Result<Vec<(V::Id, Kept<V::State>)>, ViewError> {
    let prefix = prefix(tenant);
    let after = after.map(|id| key(tenant, id.as_ref()));
    let page = Page { prefix: &prefix, after: after.as_deref(), limit };
    let damaged = || ViewError::Damaged { view, reason: "a key of it has no id".to_owned() };
    let found = store.scan(view, page).await?.into_iter().map(|found| {
        let id = std::str::from_utf8(&found.key[prefix.len()..]).ok();
        Ok((id.and_then(V::id).ok_or_else(damaged)?, decode::<V>(view, &found.document)?))
    });
    found.collect()
}

/// All documents of a tenant in the order of their ids.
pub(super) async fn all<V: Folded>(
    tenant: TenantId,
    store: &dyn ViewStore,
    view: ViewName,
) -> Result<Vec<(V::Id, Kept<V::State>)>, ViewError> {
    let mut all = Vec::new();
    loop {
        let after = all.last().map(|(id, _)| *id);
        let page = listed::<V>(tenant, store, view, after, PAGE_DOCUMENTS_MAX).await?;
        let is_last = page.len() < PAGE_DOCUMENTS_MAX;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
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
        if !V::IS_KEPT && step.ends_tenant() {
            touched.forget(step.tenant, store, view).await?;
        }
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
    is_forgotten: bool,
}

impl<S> Kept<S> {
    /// Before its first event.
    fn new(at: Timestamp) -> Self {
        Self { state: None, last: Offset::ZERO, created_at: at, changed_at: at }
    }
}

impl<V: Folded> Changed<V> {
    fn new(tenant: TenantId, id: V::Id, now: Kept<V::State>) -> Self {
        Self { tenant, id, before: now.state.clone(), now, is_forgotten: false }
    }
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
            self.0.insert(key.clone(), Changed::new(tenant, id, known.unwrap_or(Kept::new(at))));
        }
        let changed = self.0.get_mut(&key).expect("it was put there above");
        if std::mem::take(&mut changed.is_forgotten) {
            changed.now = Kept::new(at);
        }
        V::evolve(&mut changed.now.state, event);
        (changed.now.last, changed.now.changed_at) = (offset, at);
        Ok(())
    }

    /// All documents of the tenant go.
    async fn forget(
        &mut self,
        tenant: TenantId,
        store: &dyn ViewStore,
        view: ViewName,
    ) -> Result<(), ViewError> {
        for (id, kept) in all::<V>(tenant, store, view).await? {
            self.0.entry(key(tenant, id.as_ref())).or_insert_with(|| Changed::new(tenant, id, kept));
        }
        self.0.values_mut().filter(|of| of.tenant == tenant).for_each(|of| of.is_forgotten = true);
        Ok(())
    }

    fn writes(self) -> Result<Vec<ViewWrite>, CodecError> {
        let mut writes = Vec::new();
        for (key, Changed { tenant, id, before, now, is_forgotten }) in self.0 {
            if is_forgotten {
                writes.extend(V::beside(tenant, id, before.as_ref(), None)?);
                writes.push(ViewWrite::Delete { key });
                continue;
            }
            let Kept { state, last, created_at, changed_at } = now;
            writes.extend(V::beside(tenant, id, before.as_ref(), state.as_ref())?);
            let state = state.as_ref().map(V::store);
            let document = codec::encode(&Stored { last, created_at, changed_at, state })?;
            writes.push(ViewWrite::Put { key, document });
        }
        Ok(writes)
    }
}
