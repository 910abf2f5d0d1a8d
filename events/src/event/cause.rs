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
    /// The program itself, or its operator at the command line.
    System,
    User(UserId),
    Key(KeyId),
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
}
