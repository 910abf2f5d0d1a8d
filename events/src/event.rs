//! Events: what has happened, as the program sees it and as the log stores it.
//!
//! Invariant: whatever was recorded once can be read for ever. Each version of a body is a frozen struct
//! in a `wire` module with a golden file; older ones are brought up to the newest when they are read.
//! It does not append: callers turn what `decide` returns into `NewEvent`s, and append those together.

pub mod asked;
pub mod audit;
mod cause;
pub mod described;
pub mod key;
pub mod lines;
pub mod mail;
pub mod member;
pub mod membership;
pub mod name;
pub mod note;
pub mod search;
pub mod session;
mod stored;
pub mod tenant;
pub mod types;
pub mod upload;

#[cfg(test)]
mod given;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod samples;

use bytes::Bytes;

use crate::clock::Timestamp;
use crate::codec::CodecError;
use crate::ids::{
    KeyId, MailId, NameKey, Offset, PartitionId, SearchId, SessionId, TenantId, UploadId, UserId,
};
use crate::log::NewEvent;
use crate::subject::{Aggregate, Kind, Subject};
use crate::wire::{Envelope, SchemaVersion};

pub use audit::AuditEvent;
pub use cause::{Actor, Cause};
pub use key::KeyEvent;
pub use lines::LinesIngested;
pub use mail::MailEvent;
pub use member::MemberEvent;
pub use name::NameEvent;
pub use note::Note;
pub use search::SearchEvent;
pub use session::SessionEvent;
pub use tenant::TenantEvent;
use types::Entry;
pub use upload::UploadEvent;

/// A recorded event, with its body in the newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Lines(LinesIngested),
    /// Recorded beside lines.
    Note(Note),
    Control {
        cause: Cause,
        event: ControlEvent,
    },
}

/// Something that happened to a tenant, to one of its members, keys, logins, saved searches, files or mails, or to a name;
/// or that was done and changed none of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControlEvent {
    Tenant(TenantEvent),
    Member(UserId, MemberEvent),
    Key(KeyId, KeyEvent),
    Name(NameKey, NameEvent),
    Session(SessionId, SessionEvent),
    Search(SearchId, SearchEvent),
    Upload(UploadId, UploadEvent),
    Mail(MailId, MailEvent),
    Audit(AuditEvent),
}

/// Why an event cannot be recorded or read.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    #[error("a {name} cannot be recorded")]
    Encode { name: &'static str, source: CodecError },
    #[error("event {offset} of partition {partition} has type {number}, which this version does not know")]
    UnknownType { number: u16, partition: PartitionId, offset: Offset },
    #[error(
        "event {offset} of partition {partition} is a {name} of schema {schema}, and this version reads \
         schemas 1 to {newest}"
    )]
    UnknownSchema { name: &'static str, schema: u16, newest: u16, partition: PartitionId, offset: Offset },
    #[error("event {offset} of partition {partition} is a {name}, which cannot stand on {subject}")]
    Misplaced { name: &'static str, subject: Subject, partition: PartitionId, offset: Offset },
    #[error("event {offset} of partition {partition} does not hold a {name} of schema {schema}")]
    Body { name: &'static str, schema: u16, partition: PartitionId, offset: Offset, source: BodyError },
}

/// Why a body is not what its envelope says.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    #[error("the body cannot be decoded")]
    Codec(#[from] CodecError),
    #[error("the body says {count} lines of {bytes} bytes and lists other lengths")]
    Lengths { count: u32, bytes: usize },
}

impl ControlEvent {
    pub fn subject(&self, tenant: TenantId) -> Subject {
        let aggregate = match self {
            Self::Tenant(_) => Aggregate::Tenant,
            Self::Member(user, _) => Aggregate::Member(*user),
            Self::Key(key, _) => Aggregate::Key(*key),
            Self::Name(key, _) => Aggregate::Name(*key),
            Self::Session(session, _) => Aggregate::Session(*session),
            Self::Search(search, _) => Aggregate::Search(*search),
            Self::Upload(upload, _) => Aggregate::Upload(*upload),
            Self::Mail(mail, _) => Aggregate::Mail(*mail),
            Self::Audit(_) => Aggregate::Audit,
        };
        Subject::control(tenant, aggregate)
    }

    /// The event as the log takes it.
    pub fn record(&self, tenant: TenantId, cause: &Cause, at: Timestamp) -> Result<NewEvent, EventError> {
        let (entry, encoded) = match self {
            Self::Tenant(event) => tenant::wire::encode(event, cause),
            Self::Member(_, event) => member::wire::encode(event, cause),
            Self::Key(_, event) => key::wire::encode(event, cause),
            Self::Name(_, event) => name::wire::encode(event, cause),
            Self::Session(_, event) => session::wire::encode(event, cause),
            Self::Search(_, event) => search::wire::encode(event, cause),
            Self::Upload(_, event) => upload::wire::encode(event, cause),
            Self::Mail(_, event) => mail::wire::encode(event, cause),
            Self::Audit(event) => audit::wire::encode(event, cause),
        };
        Ok(NewEvent {
            subject: self.subject(tenant),
            event_type: entry.event_type,
            schema: entry.newest,
            recorded_at: at,
            body: encoded.map_err(|source| EventError::Encode { name: entry.name, source })?,
        })
    }
}

/// Reads a recorded event. `body` is what was appended, not compressed; lines share it.
pub fn decode(envelope: &Envelope, body: &Bytes) -> Result<Event, EventError> {
    let Envelope { event_type, schema, subject, partition, offset, .. } = *envelope;
    let Some(entry) = types::find(event_type) else {
        return Err(EventError::UnknownType { number: event_type.0, partition, offset });
    };
    let (name, newest) = (entry.name, entry.newest.0);
    if !(1..=newest).contains(&schema.0) {
        return Err(EventError::UnknownSchema { name, schema: schema.0, newest, partition, offset });
    }
    let read = match subject.kind {
        Kind::Lines if entry == types::LINES_INGESTED => {
            LinesIngested::decode(body).map(|lines| Some(Event::Lines(lines)))
        }
        Kind::Lines => Note::decode(entry, body).map(|note| note.map(Event::Note)),
        Kind::Control(aggregate) => decode_control(aggregate, entry, schema, body),
    };
    match read {
        Ok(Some(event)) => Ok(event),
        Ok(None) => Err(EventError::Misplaced { name, subject, partition, offset }),
        Err(source) => Err(EventError::Body { name, schema: schema.0, partition, offset, source }),
    }
}

/// `None` if the aggregate has no such event.
fn decode_control(
    aggregate: Aggregate,
    entry: Entry,
    schema: SchemaVersion,
    body: &[u8],
) -> Result<Option<Event>, BodyError> {
    let read = match aggregate {
        Aggregate::Tenant => tenant::wire::decode(entry, schema, body)?
            .map(|(cause, event)| (cause, ControlEvent::Tenant(event))),
        Aggregate::Member(user) => member::wire::decode(entry, schema, body)?
            .map(|(cause, event)| (cause, ControlEvent::Member(user, event))),
        Aggregate::Key(key) => key::wire::decode(entry, schema, body)?
            .map(|(cause, event)| (cause, ControlEvent::Key(key, event))),
        Aggregate::Name(key) => name::wire::decode(entry, schema, body)?
            .map(|(cause, event)| (cause, ControlEvent::Name(key, event))),
        Aggregate::Session(session) => session::wire::decode(entry, schema, body)?
            .map(|(cause, event)| (cause, ControlEvent::Session(session, event))),
        Aggregate::Search(search) => search::wire::decode(entry, schema, body)?
            .map(|(cause, event)| (cause, ControlEvent::Search(search, event))),
        Aggregate::Upload(upload) => upload::wire::decode(entry, schema, body)?
            .map(|(cause, event)| (cause, ControlEvent::Upload(upload, event))),
        Aggregate::Mail(mail) => mail::wire::decode(entry, schema, body)?
            .map(|(cause, event)| (cause, ControlEvent::Mail(mail, event))),
        Aggregate::Audit => audit::wire::decode(entry, schema, body)?
            .map(|(cause, event)| (cause, ControlEvent::Audit(event))),
    };
    Ok(read.map(|(cause, event)| Event::Control { cause, event }))
}
