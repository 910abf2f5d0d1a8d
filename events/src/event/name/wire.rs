//! The events of a name as they are stored: one frozen struct per version.
//!
//! Invariant: a struct here never changes. A change of an event is a new struct, a new schema number in
//! `types.rs`, a `From` for the one before it, and a golden file. It decides nothing.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::NameEvent as Event;
use crate::clock::Timestamp;
use crate::codec::CodecError;
use crate::event::Cause;
use crate::event::stored::{read, write};
use crate::event::types::{self, Entry};
use crate::ids::{TenantId, UserId};
use crate::wire::SchemaVersion;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameClaimedV1 {
    pub tenant: TenantId,
    pub user: UserId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameReleasedV1;

/// Which event it is, and its body in the newest schema.
pub(in crate::event) fn encode(event: &Event, cause: &Cause) -> (Entry, Result<Bytes, CodecError>) {
    match event {
        Event::Claimed(claimed) => (types::NAME_CLAIMED, write(cause, claimed)),
        Event::Released => (types::NAME_RELEASED, write(cause, &NameReleasedV1)),
    }
}

/// `None` if this is not an event of a name.
pub(in crate::event) fn decode(
    entry: Entry,
    schema: SchemaVersion,
    body: &[u8],
) -> Result<Option<(Cause, Event)>, CodecError> {
    match (entry, schema.0) {
        (types::NAME_CLAIMED, 1) => read(body, Event::Claimed),
        (types::NAME_RELEASED, 1) => read(body, |NameReleasedV1| Event::Released),
        _ => Ok(None),
    }
}
