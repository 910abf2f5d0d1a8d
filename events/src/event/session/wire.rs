//! The events of a session as they are stored: one frozen struct per version.
//!
//! Invariant: a struct here never changes. A change of an event is a new struct, a new schema number in
//! `types.rs`, a `From` for the one before it, and a golden file. It decides nothing.

use std::net::IpAddr;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::SessionEvent as Event;
use crate::clock::Timestamp;
use crate::codec::CodecError;
use crate::event::Cause;
use crate::event::stored::{read, write};
use crate::event::types::{self, Entry};
use crate::identity::{DisplayName, SecretHash};
use crate::ids::UserId;
use crate::wire::SchemaVersion;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionOpenedV1 {
    pub user: UserId,
    pub epoch: u64,
    pub token: SecretHash,
    pub expires_at: Timestamp,
}

/// Since schema 2 a session tells from where it was opened, and by which program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionOpenedV2 {
    pub user: UserId,
    pub epoch: u64,
    pub token: SecretHash,
    pub expires_at: Timestamp,
    pub address: Option<IpAddr>,
    /// As the program calls itself.
    pub agent: Option<DisplayName>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRenewedV1 {
    pub token: SecretHash,
    pub expires_at: Timestamp,
}

/// Stored by position, so new reasons only come at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionEndReasonV1 {
    LoggedOut,
    TokenReused,
    PasswordChanged,
    /// By its person, from another login.
    Revoked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEndedV1 {
    pub reason: SessionEndReasonV1,
}

/// Which event it is, and its body in the newest schema.
pub(in crate::event) fn encode(event: &Event, cause: &Cause) -> (Entry, Result<Bytes, CodecError>) {
    match event {
        Event::Opened(opened) => (types::SESSION_OPENED, write(cause, opened)),
        Event::Renewed(renewed) => (types::SESSION_RENEWED, write(cause, renewed)),
        Event::Ended(ended) => (types::SESSION_ENDED, write(cause, ended)),
    }
}

/// `None` if this is not an event of a session.
pub(in crate::event) fn decode(
    entry: Entry,
    schema: SchemaVersion,
    body: &[u8],
) -> Result<Option<(Cause, Event)>, CodecError> {
    match (entry, schema.0) {
        (types::SESSION_OPENED, 1) => read(body, |v1: SessionOpenedV1| Event::Opened(v1.into())),
        (types::SESSION_OPENED, 2) => read(body, Event::Opened),
        (types::SESSION_RENEWED, 1) => read(body, Event::Renewed),
        (types::SESSION_ENDED, 1) => read(body, Event::Ended),
        _ => Ok(None),
    }
}

impl From<SessionOpenedV1> for SessionOpenedV2 {
    fn from(v1: SessionOpenedV1) -> Self {
        let SessionOpenedV1 { user, epoch, token, expires_at } = v1;
        Self { user, epoch, token, expires_at, address: None, agent: None }
    }
}
