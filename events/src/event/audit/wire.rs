//! Failed logins and deeds as they are stored: one frozen struct per version.
//!
//! Invariant: a struct here never changes. A change of an event is a new struct, a new schema number in
//! `types.rs`, a `From` for the one before it, and a golden file. It decides nothing.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::AuditEvent as Event;
use crate::clock::Timestamp;
use crate::codec::CodecError;
use crate::event::Cause;
use crate::event::stored::{read, write};
use crate::event::types::{self, Entry};
use crate::ids::UserId;
use crate::wire::SchemaVersion;

/// Attempts with a wrong password. The cause is that of the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginsFailedV1 {
    pub user: UserId,
    pub count: u64,
    /// When the first of these was made.
    pub since: Timestamp,
}

/// What was done. Stored by position, so new deeds only come at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeedV1 {
    Searched,
    Exported,
    Downloaded,
    MembersRead,
    LettersRead,
    AuditRead,
    LettersDropped,
    LetterReplayed,
    TenantRevived,
    TenantExportAsked,
    TenantExportRemoved,
    TenantImportAsked,
    JobCancelled,
    JobRetried,
    QuotaWarned,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeedNotedV1 {
    pub deed: DeedV1,
    /// What it was done to: an id, or the address that was asked.
    pub object: String,
    /// To how many things.
    pub count: u64,
}

/// Which event it is, and its body in the newest schema.
pub(in crate::event) fn encode(event: &Event, cause: &Cause) -> (Entry, Result<Bytes, CodecError>) {
    match event {
        Event::LoginsFailed(failed) => (types::LOGINS_FAILED, write(cause, failed)),
        Event::DeedNoted(noted) => (types::DEED_NOTED, write(cause, noted)),
    }
}

/// `None` if this is neither.
pub(in crate::event) fn decode(
    entry: Entry,
    schema: SchemaVersion,
    body: &[u8],
) -> Result<Option<(Cause, Event)>, CodecError> {
    match (entry, schema.0) {
        (types::LOGINS_FAILED, 1) => read(body, Event::LoginsFailed),
        (types::DEED_NOTED, 1) => read(body, Event::DeedNoted),
        _ => Ok(None),
    }
}
