//! One entry of an audit, what may be asked of entries, and the end of a chain.
//!
//! Invariant: an entry has no secret, because the description of its event has none. It does not say how it is shown.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use antler_events::clock::Timestamp;
use antler_events::event::described::Value;
use antler_events::event::{Actor, Cause};
use antler_events::ids::{IdError, Offset, PartitionId};
use antler_events::wire::ChainHash;
use serde::{Deserialize, Serialize};

/// Where the event of an entry stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryId {
    pub partition: PartitionId,
    pub offset: Offset,
}

impl fmt::Display for EntryId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.partition, self.offset)
    }
}

impl FromStr for EntryId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError::NotANumber { kind: "audit entry", text: text.chars().take(40).collect() };
        let (partition, offset) = text.split_once('-').ok_or_else(wrong)?;
        let offset = offset.parse().map(Offset::new).map_err(|_| wrong())?;
        Ok(Self { partition: partition.parse()?, offset })
    }
}

/// What was done once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub id: EntryId,
    pub at: Timestamp,
    pub cause: Cause,
    /// In the past tense, such as `member_invited`.
    pub action: String,
    /// What it was done to: the kind of thing, and which one; a tenant has one of some kinds, without an id.
    pub kind: String,
    pub object: String,
    /// Values that became others, as they were and as they are.
    pub before: Vec<(String, Value)>,
    pub after: Vec<(String, Value)>,
    /// Hash of the tenant's control event before this one, and of this one.
    pub previous: ChainHash,
    pub hash: ChainHash,
}

/// The end of a tenant's chain: who keeps it elsewhere can prove later that nothing before it was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Of the last entry.
    pub id: EntryId,
    pub at: Timestamp,
    pub hash: ChainHash,
    /// How many entries there are up to it.
    pub entries: u64,
}

/// Which entries are asked for; `None` is no condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Not before, and before.
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// A kind of actor, or an id.
    pub actor: Option<String>,
    pub action: Option<String>,
    /// A kind of thing, an id, or both with a slash between them.
    pub object: Option<String>,
    pub address: Option<IpAddr>,
    pub request: Option<String>,
}

impl AuditFilter {
    pub fn lets_through(&self, entry: &AuditEntry) -> bool {
        let Self { from, to, actor, action, object, address, request } = self;
        let is_object = |asked: &String| {
            let both =
                asked.split_once('/').is_some_and(|(kind, id)| kind == entry.kind && id == entry.object);
            *asked == entry.kind || *asked == entry.object || both
        };
        from.is_none_or(|from| entry.at >= from)
            && to.is_none_or(|to| entry.at < to)
            && actor.as_ref().is_none_or(|asked| is_actor(entry.cause.actor, asked))
            && action.as_ref().is_none_or(|asked| *asked == entry.action)
            && object.as_ref().is_none_or(is_object)
            && address.is_none_or(|asked| entry.cause.address == Some(asked))
            && request.as_ref().is_none_or(|asked| entry.cause.request.is_some_and(|id| id.as_str() == asked))
    }
}

fn is_actor(actor: Actor, asked: &str) -> bool {
    let is_id = match &actor {
        Actor::User(user) => user.as_str() == asked,
        Actor::Key(key) => key.as_str() == asked,
        Actor::System | Actor::Operator | Actor::Visitor => false,
    };
    is_id || actor.kind() == asked
}
