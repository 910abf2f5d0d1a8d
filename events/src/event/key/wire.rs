//! The events of an API key as they are stored: one frozen struct per version.
//!
//! Invariant: a struct here never changes. A change of an event is a new struct, a new schema number in
//! `types.rs`, a `From` for the one before it, and a golden file. It decides nothing.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::KeyEvent as Event;
use crate::access::{Scope, StreamPatterns};
use crate::clock::Timestamp;
use crate::codec::CodecError;
use crate::event::Cause;
use crate::event::stored::{read, write};
use crate::event::types::{self, Entry};
use crate::identity::{DisplayName, SecretHash};
use crate::ids::UserId;
use crate::wire::SchemaVersion;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyCreatedV1 {
    pub name: DisplayName,
    pub owner: UserId,
    pub secret: SecretHash,
    pub scopes: BTreeSet<Scope>,
    pub streams: StreamPatterns,
    pub expires_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRevokedV1;

/// What can be changed, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChangedV1 {
    pub name: DisplayName,
    pub scopes: BTreeSet<Scope>,
    pub streams: StreamPatterns,
    pub expires_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySecretReplacedV1 {
    pub secret: SecretHash,
}

/// Which event it is, and its body in the newest schema.
pub(in crate::event) fn encode(event: &Event, cause: &Cause) -> (Entry, Result<Bytes, CodecError>) {
    match event {
        Event::Created(created) => (types::KEY_CREATED, write(cause, created)),
        Event::Revoked => (types::KEY_REVOKED, write(cause, &KeyRevokedV1)),
        Event::Changed(changed) => (types::KEY_CHANGED, write(cause, changed)),
        Event::SecretReplaced(replaced) => (types::KEY_SECRET_REPLACED, write(cause, replaced)),
    }
}

/// `None` if this is not an event of a key.
pub(in crate::event) fn decode(
    entry: Entry,
    schema: SchemaVersion,
    body: &[u8],
) -> Result<Option<(Cause, Event)>, CodecError> {
    match (entry, schema.0) {
        (types::KEY_CREATED, 1) => read(body, Event::Created),
        (types::KEY_REVOKED, 1) => read(body, |KeyRevokedV1| Event::Revoked),
        (types::KEY_CHANGED, 1) => read(body, Event::Changed),
        (types::KEY_SECRET_REPLACED, 1) => read(body, Event::SecretReplaced),
        _ => Ok(None),
    }
}
