//! The events of a mail as they are stored: one frozen struct per version.
//!
//! Invariant: a struct here never changes. A change of an event is a new struct, a new schema number in
//! `types.rs`, a `From` for the one before it, and a golden file. It decides nothing.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::MailEvent as Event;
use crate::clock::Timestamp;
use crate::codec::CodecError;
use crate::event::Cause;
use crate::event::stored::{read, write};
use crate::event::types::{self, Entry};
use crate::identity::{DisplayName, Email};
use crate::ids::UserId;
use crate::wire::SchemaVersion;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailPromisedV1 {
    pub kind: MailKindV1,
    /// Whom it is about: the member, or the one who is invited.
    pub user: UserId,
    pub to: Email,
    /// Of the account when it was promised: the link of a reset counts for no other.
    pub epoch: u64,
    pub at: Timestamp,
    /// Of its link.
    pub expires_at: Timestamp,
}

/// Stored by position, so new ones only come at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MailKindV1 {
    Invitation,
    Verification,
    PasswordReset,
    QuotaWarning,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSentV1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailGivenUpV1 {
    pub reason: DisplayName,
}

/// Which event it is, and its body in the newest schema.
pub(in crate::event) fn encode(event: &Event, cause: &Cause) -> (Entry, Result<Bytes, CodecError>) {
    match event {
        Event::Promised(promised) => (types::MAIL_PROMISED, write(cause, promised)),
        Event::Sent => (types::MAIL_SENT, write(cause, &MailSentV1)),
        Event::GivenUp(given_up) => (types::MAIL_GIVEN_UP, write(cause, given_up)),
    }
}

/// `None` if this is not an event of a mail.
pub(in crate::event) fn decode(
    entry: Entry,
    schema: SchemaVersion,
    body: &[u8],
) -> Result<Option<(Cause, Event)>, CodecError> {
    match (entry, schema.0) {
        (types::MAIL_PROMISED, 1) => read(body, Event::Promised),
        (types::MAIL_SENT, 1) => read(body, |MailSentV1| Event::Sent),
        (types::MAIL_GIVEN_UP, 1) => read(body, Event::GivenUp),
        _ => Ok(None),
    }
}
