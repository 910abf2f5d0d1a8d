//! An API key: whose it is, what it may do where, and until when.
//!
//! Invariants: a revoked key stays revoked and as it was; a key has one secret, and the one before leads nowhere.
//! It never sees the secret, only its SHA-256, and does not record its use. It does not ask whether its owner may do what
//! it may: the gateway asks at each use.

use std::collections::BTreeSet;

use crate::access::{Scope, StreamPatterns};
use crate::clock::Timestamp;
use crate::identity::{DisplayName, SecretHash};
use crate::ids::UserId;

pub mod wire;

pub use wire::{
    KeyChangedV1 as KeyChanged, KeyCreatedV1 as KeyCreated, KeySecretReplacedV1 as KeySecretReplaced,
};

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
    /// Sets all of these.
    Change {
        changed: KeyChanged,
        now: Timestamp,
    },
    ReplaceSecret {
        secret: SecretHash,
    },
    Revoke,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyEvent {
    Created(KeyCreated),
    Revoked,
    Changed(KeyChanged),
    SecretReplaced(KeySecretReplaced),
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
    #[error("the key has been revoked; create a new one")]
    Revoked,
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
        (None, _) => Err(KeyRejection::NotCreated),
        (Some(key), KeyCommand::Revoke) if key.revoked => Ok(vec![]),
        (Some(_), KeyCommand::Revoke) => Ok(vec![KeyEvent::Revoked]),
        (Some(key), _) if key.revoked => Err(KeyRejection::Revoked),
        (Some(key), KeyCommand::Change { changed, now }) => key.change(changed, now),
        (Some(key), KeyCommand::ReplaceSecret { secret }) if key.secret == secret => Ok(vec![]),
        (Some(_), KeyCommand::ReplaceSecret { secret }) => {
            Ok(vec![KeyEvent::SecretReplaced(KeySecretReplaced { secret })])
        }
    }
}

/// Takes an event into the state. An event that does not fit changes nothing; `decide` makes none.
pub fn evolve(state: &mut KeyState, event: &KeyEvent) {
    match (state, event) {
        (state @ None, KeyEvent::Created(created)) => *state = Some(Key::created(created)),
        (Some(key), KeyEvent::Revoked) => key.revoked = true,
        (Some(key), KeyEvent::Changed(changed)) => key.take(changed),
        (Some(key), KeyEvent::SecretReplaced(replaced)) => key.secret = replaced.secret,
        (None, _) | (Some(_), KeyEvent::Created(_)) => {}
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

    fn change(&self, changed: KeyChanged, now: Timestamp) -> Result<Vec<KeyEvent>, KeyRejection> {
        let mut after = self.clone();
        after.take(&changed);
        if after == *self {
            return Ok(vec![]);
        }
        if changed.scopes.is_empty() {
            return Err(KeyRejection::NoScope);
        }
        if changed.expires_at != self.expires_at && changed.expires_at.is_some_and(|end| end <= now) {
            return Err(KeyRejection::ExpiresInThePast);
        }
        Ok(vec![KeyEvent::Changed(changed)])
    }

    fn take(&mut self, changed: &KeyChanged) {
        let KeyChanged { name, scopes, streams, expires_at } = changed.clone();
        (self.name, self.scopes, self.streams, self.expires_at) = (name, scopes, streams, expires_at);
    }

    fn created(created: &KeyCreated) -> Self {
        let KeyCreated { name, owner, secret, scopes, streams, expires_at } = created.clone();
        Self { name, owner, secret, scopes, streams, expires_at, revoked: false }
    }
}

#[cfg(test)]
mod tests;
