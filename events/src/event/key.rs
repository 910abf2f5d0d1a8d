//! An API key: whose it is, what it may do where, and until when.
//!
//! Invariants: a key never gains rights, so what it was created with is the most it can ever do; a
//! revoked key stays revoked. It never sees the secret, only its SHA-256, and does not record its use.

use std::collections::BTreeSet;

use crate::access::{Scope, StreamPatterns};
use crate::clock::Timestamp;
use crate::identity::{DisplayName, SecretHash};
use crate::ids::UserId;

pub mod wire;

pub use wire::KeyCreatedV1 as KeyCreated;

/// `None` until the key is created.
pub type KeyState = Option<Key>;

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub name: DisplayName,
    pub owner: UserId,
    pub secret: SecretHash,
    pub scopes: BTreeSet<Scope>,
    pub streams: StreamPatterns,
    pub expires_at: Option<Timestamp>,
    pub revoked: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyCommand {
    Create {
        name: DisplayName,
        owner: UserId,
        secret: SecretHash,
        scopes: BTreeSet<Scope>,
        streams: StreamPatterns,
        expires_at: Option<Timestamp>,
        now: Timestamp,
    },
    Revoke,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyEvent {
    Created(KeyCreated),
    Revoked,
}

/// Why a command is not obeyed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRejection {
    #[error("the key does not exist")]
    NotCreated,
    #[error("the key exists already")]
    AlreadyCreated,
    #[error("a key needs at least one scope")]
    NoScope,
    #[error("the key would have expired already")]
    ExpiresInThePast,
}

/// What happens on a command. A command that asks for what is so already is obeyed without an event.
pub fn decide(state: &KeyState, command: KeyCommand) -> Result<Vec<KeyEvent>, KeyRejection> {
    match (state, command) {
        (Some(_), KeyCommand::Create { .. }) => Err(KeyRejection::AlreadyCreated),
        (None, KeyCommand::Create { scopes, .. }) if scopes.is_empty() => Err(KeyRejection::NoScope),
        (None, KeyCommand::Create { expires_at: Some(end), now, .. }) if end <= now => {
            Err(KeyRejection::ExpiresInThePast)
        }
        (None, KeyCommand::Create { name, owner, secret, scopes, streams, expires_at, .. }) => {
            Ok(vec![KeyEvent::Created(KeyCreated { name, owner, secret, scopes, streams, expires_at })])
        }
        (None, KeyCommand::Revoke) => Err(KeyRejection::NotCreated),
        (Some(key), KeyCommand::Revoke) if key.revoked => Ok(vec![]),
        (Some(_), KeyCommand::Revoke) => Ok(vec![KeyEvent::Revoked]),
    }
}

/// Takes an event into the state. An event that does not fit changes nothing; `decide` makes none.
pub fn evolve(state: &mut KeyState, event: &KeyEvent) {
    match (state, event) {
        (state @ None, KeyEvent::Created(created)) => *state = Some(Key::created(created)),
        (Some(key), KeyEvent::Revoked) => key.revoked = true,
        (None, KeyEvent::Revoked) | (Some(_), KeyEvent::Created(_)) => {}
    }
}

impl Key {
    /// Does the key count at all?
    pub fn is_live(&self, now: Timestamp) -> bool {
        !self.revoked && self.expires_at.is_none_or(|end| now < end)
    }

    /// May the key do this on this stream now?
    pub fn allows(&self, scope: Scope, stream: &str, now: Timestamp) -> bool {
        self.is_live(now) && self.scopes.contains(&scope) && self.streams.reach(stream)
    }

    fn created(created: &KeyCreated) -> Self {
        let KeyCreated { name, owner, secret, scopes, streams, expires_at } = created.clone();
        Self { name, owner, secret, scopes, streams, expires_at, revoked: false }
    }
}

#[cfg(test)]
mod tests;
