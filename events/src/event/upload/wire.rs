//! The events of an uploaded file as they are stored: one frozen struct per version.
//!
//! Invariant: a struct here never changes. A change of an event is a new struct, a new schema number in
//! `types.rs`, a `From` for the one before it, and a golden file. It decides nothing.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::UploadEvent as Event;
use crate::codec::CodecError;
use crate::event::Cause;
use crate::event::stored::{read, write};
use crate::event::types::{self, Entry};
use crate::ids::UserId;
use crate::wire::SchemaVersion;

/// What people say of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadLabelsV1 {
    pub description: String,
    pub tags: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadReceivedV1 {
    pub owner: UserId,
    /// As its sender calls it, made harmless.
    pub file_name: String,
    pub file_bytes: u64,
    /// What the beginning of the file was found to be.
    pub format: String,
    /// Of lines that do not say it themselves.
    pub source: Option<String>,
    pub service: Option<String>,
    pub environment: Option<String>,
    pub labels: UploadLabelsV1,
    /// How the file is to be read: names and values as they were sent.
    pub options: Vec<(String, String)>,
    /// None if nobody knows before it is read.
    pub estimated_entries: Option<u64>,
}

/// What is wrong with a part of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadProblemV1 {
    /// Counted from 1.
    pub line: u64,
    pub code: String,
    pub message: String,
}

/// What was read of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadCountsV1 {
    /// Read in the order of the file: it goes on behind these.
    pub items: u64,
    /// Stored as lines.
    pub indexed: u64,
    /// Dead letters.
    pub failed: u64,
    /// The first.
    pub problems: Vec<UploadProblemV1>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadFinishedV1 {
    pub counts: UploadCountsV1,
    pub took_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadFailedV1 {
    pub counts: UploadCountsV1,
    pub code: String,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadCancelledV1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadRetriedV1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadDeletedV1;

/// Which event it is, and its body in the newest schema.
pub(in crate::event) fn encode(event: &Event, cause: &Cause) -> (Entry, Result<Bytes, CodecError>) {
    match event {
        Event::Received(received) => (types::UPLOAD_RECEIVED, write(cause, received)),
        Event::Progressed(counts) => (types::UPLOAD_PROGRESSED, write(cause, counts)),
        Event::Finished(finished) => (types::UPLOAD_FINISHED, write(cause, finished)),
        Event::Failed(failed) => (types::UPLOAD_FAILED, write(cause, failed)),
        Event::Cancelled => (types::UPLOAD_CANCELLED, write(cause, &UploadCancelledV1)),
        Event::Retried => (types::UPLOAD_RETRIED, write(cause, &UploadRetriedV1)),
        Event::Edited(labels) => (types::UPLOAD_EDITED, write(cause, labels)),
        Event::Deleted => (types::UPLOAD_DELETED, write(cause, &UploadDeletedV1)),
    }
}

/// `None` if this is not an event of an uploaded file.
pub(in crate::event) fn decode(
    entry: Entry,
    schema: SchemaVersion,
    body: &[u8],
) -> Result<Option<(Cause, Event)>, CodecError> {
    match (entry, schema.0) {
        (types::UPLOAD_RECEIVED, 1) => read(body, Event::Received),
        (types::UPLOAD_PROGRESSED, 1) => read(body, Event::Progressed),
        (types::UPLOAD_FINISHED, 1) => read(body, Event::Finished),
        (types::UPLOAD_FAILED, 1) => read(body, Event::Failed),
        (types::UPLOAD_CANCELLED, 1) => read(body, |UploadCancelledV1| Event::Cancelled),
        (types::UPLOAD_RETRIED, 1) => read(body, |UploadRetriedV1| Event::Retried),
        (types::UPLOAD_EDITED, 1) => read(body, Event::Edited),
        (types::UPLOAD_DELETED, 1) => read(body, |UploadDeletedV1| Event::Deleted),
        _ => Ok(None),
    }
}
