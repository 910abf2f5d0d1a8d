//! Who caused an event, from where, by which request: what an audit asks first.
//!
//! Invariant: every control event has a cause, as the first part of its body, so the cause is part of
//! each frozen schema. It does not say whether the actor was allowed to: that was decided before.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::ids::{KeyId, RequestId, UserId};

/// Who did it. Stored by position, so new kinds only come at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// The program itself; before there was `Operator`, the operator too.
    System,
    User(UserId),
    Key(KeyId),
    /// Whoever has the operator's token.
    Operator,
    /// Somebody who has not proved yet who it is.
    Visitor,
}

impl Actor {
    /// What kind of actor it is, in a word.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User(_) => "person",
            Self::Key(_) => "key",
            Self::Operator => "operator",
            Self::Visitor => "visitor",
        }
    }
}

/// The circumstances of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    pub actor: Actor,
    /// Where the request came from, as far as the proxies are trusted.
    pub address: Option<IpAddr>,
    pub request: Option<RequestId>,
}

impl Cause {
    /// Without a request from outside.
    pub const SYSTEM: Self = Self { actor: Actor::System, address: None, request: None };

    /// The same by an actor who was a visitor until now.
    #[must_use]
    pub fn of(self, actor: Actor) -> Self {
        Self { actor: if self.actor == Actor::Visitor { actor } else { self.actor }, ..self }
    }
}
