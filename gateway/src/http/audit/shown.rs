//! An entry of an audit and the head of its chain, as they are answered.
//!
//! Invariant: what stands in an entry is what its event said. The head is told with a receipt, which
//! `antler verify --receipt` holds against the log. It looks nothing up.

use antler_events::event::Actor;
use antler_events::event::described::Value;
use antler_events::ids::Offset;
use antler_events::wire::{ChainHash, Receipt};
use antler_projections::views::audit::{AuditEntry, EntryId, Head};
use serde::Serialize;
use serde_json::{Map, Value as Json};

#[derive(Debug, Serialize)]
pub(super) struct ShownEntry {
    pub(super) id: String,
    pub(super) at: String,
    pub(super) actor: ShownActor,
    pub(super) address: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) action: String,
    pub(super) object: ShownObject,
    pub(super) before: Map<String, Json>,
    pub(super) after: Map<String, Json>,
    pub(super) previous: ChainHash,
    pub(super) hash: ChainHash,
}

#[derive(Debug, Serialize)]
pub(super) struct ShownActor {
    pub(super) kind: &'static str,
    pub(super) id: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct ShownObject {
    pub(super) kind: String,
    /// None if the tenant has one of the kind.
    pub(super) id: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct ShownHead {
    id: String,
    at: String,
    entries: u64,
    hash: ChainHash,
    receipt: Receipt,
    #[serde(skip)]
    place: EntryId,
}

impl ShownHead {
    /// The id of another entry of the same chain.
    pub(super) fn id_at(&self, offset: Offset) -> String {
        EntryId { offset, ..self.place }.to_string()
    }
}

impl From<Head> for ShownHead {
    fn from(Head { id, at, hash, entries }: Head) -> Self {
        let EntryId { partition, offset } = id;
        let receipt = Receipt { partition, first: offset, last: offset, count: 0, hash };
        Self { id: id.to_string(), at: at.to_string(), entries, hash, receipt, place: id }
    }
}

impl From<AuditEntry> for ShownEntry {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { id, at, cause, action, kind, object, before, after, previous, hash } = entry;
        let actor = match cause.actor {
            Actor::User(user) => Some(user.to_string()),
            Actor::Key(key) => Some(key.to_string()),
            Actor::System | Actor::Operator | Actor::Visitor => None,
        };
        Self {
            id: id.to_string(),
            at: at.to_string(),
            actor: ShownActor { kind: cause.actor.kind(), id: actor },
            address: cause.address.map(|address| address.to_string()),
            request_id: cause.request.map(|request| request.to_string()),
            action,
            object: ShownObject { kind, id: Some(object).filter(|id| !id.is_empty()) },
            before: values(before),
            after: values(after),
            previous,
            hash,
        }
    }
}

fn values(values: Vec<(String, Value)>) -> Map<String, Json> {
    let shown = |value| match value {
        Value::Nothing => Json::Null,
        Value::Flag(flag) => flag.into(),
        Value::Whole(number) => number.into(),
        Value::Moment(at) => at.to_string().into(),
        Value::Text(text) => text.into(),
        Value::List(list) => list.into(),
    };
    values.into_iter().map(|(name, value)| (name, shown(value))).collect()
}
