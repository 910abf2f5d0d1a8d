//! A request that was answered under an idempotency key: what a repeat is to be answered.
//!
//! Invariant: it is the last event of the append that it is about, so the receipt follows from its own place and hash;
//! the key itself is not recorded, only its hash. It does not say for how long it holds: the view does.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::codec::{self, CodecError};
use crate::event::BodyError;
use crate::ids::{Offset, PartitionId, UploadId};
use crate::wire::{ChainHash, Receipt};

/// Longest idempotency key.
pub const KEY_BYTES_MAX: usize = 255;

/// The hash of an idempotency key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestKey([u8; 32]);

/// Why a text is no idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestKeyError {
    #[error("an Idempotency-Key needs at least one character")]
    Empty,
    #[error("an Idempotency-Key has at most {KEY_BYTES_MAX} bytes, not {length}")]
    Long { length: usize },
    #[error("an Idempotency-Key has printable ASCII characters only, and not the byte {byte:#04x} at {at}")]
    Character { byte: u8, at: usize },
}

/// What the answer looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnswerForm {
    /// Of one line, by its id.
    One,
    /// Of many, with counts and errors.
    Many,
}

/// A line that was rejected, as the answer names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedError {
    pub line: u64,
    pub code: String,
    pub message: String,
}

/// What a request was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestAnswered {
    pub key: RequestKey,
    pub form: AnswerForm,
    pub answered_at: Timestamp,
    /// Events of the append before this one.
    pub events: u32,
    pub accepted: u64,
    pub rejected: u64,
    /// The first of them.
    pub errors: Vec<NamedError>,
}

/// The frozen body of schema 1.
#[derive(Serialize, Deserialize)]
struct RequestAnsweredV1 {
    key: [u8; 32],
    is_one: bool,
    answered_at: Timestamp,
    events: u32,
    accepted: u64,
    rejected: u64,
    errors: Vec<(u64, String, String)>,
}

impl RequestKey {
    pub fn of(text: &str) -> Result<Self, RequestKeyError> {
        match text.len() {
            0 => return Err(RequestKeyError::Empty),
            length if length > KEY_BYTES_MAX => return Err(RequestKeyError::Long { length }),
            _ => {}
        }
        match text.bytes().enumerate().find(|(_, byte)| !(b' '..=b'~').contains(byte)) {
            Some((at, byte)) => Err(RequestKeyError::Character { byte, at }),
            None => Ok(Self(*blake3::hash(text.as_bytes()).as_bytes())),
        }
    }

    /// Of the batch that begins behind so many items of an uploaded file. No text that a sender may choose has the same.
    pub fn of_upload(upload: UploadId, items: u64) -> Self {
        Self(*blake3::hash(format!("\0upload {upload} {items}").as_bytes()).as_bytes())
    }

    /// Of a piece of an archive that is imported, by the hash of its bytes. No text that a sender may choose has the same.
    pub fn of_archive(archive: &str, piece: u64) -> Self {
        Self(*blake3::hash(format!("\0archive {archive} {piece}").as_bytes()).as_bytes())
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for RequestKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RequestKey(")?;
        self.0[..4].iter().try_for_each(|byte| write!(out, "{byte:02x}"))?;
        out.write_str("…)")
    }
}

impl RequestAnswered {
    /// The receipt of its append: it is the last event of it.
    pub fn receipt(&self, partition: PartitionId, offset: Offset, hash: ChainHash) -> Receipt {
        let first = Offset::new(offset.number().saturating_sub(self.events.into()));
        Receipt { partition, first, last: offset, count: self.accepted, hash }
    }

    pub(super) fn bytes_held(&self) -> usize {
        let text = |error: &NamedError| error.code.len() + error.message.len() + 64;
        self.errors.iter().map(text).sum::<usize>() + 128
    }

    pub(super) fn encode(&self) -> Result<Bytes, CodecError> {
        let error = |NamedError { line, code, message }: &NamedError| (*line, code.clone(), message.clone());
        codec::encode(&RequestAnsweredV1 {
            key: self.key.0,
            is_one: self.form == AnswerForm::One,
            answered_at: self.answered_at,
            events: self.events,
            accepted: self.accepted,
            rejected: self.rejected,
            errors: self.errors.iter().map(error).collect(),
        })
    }

    /// Reads a body of schema 1.
    pub(super) fn decode(body: &Bytes) -> Result<Self, BodyError> {
        let stored: RequestAnsweredV1 = codec::decode(body)?;
        let error = |(line, code, message)| NamedError { line, code, message };
        Ok(Self {
            key: RequestKey(stored.key),
            form: if stored.is_one { AnswerForm::One } else { AnswerForm::Many },
            answered_at: stored.answered_at,
            events: stored.events,
            accepted: stored.accepted,
            rejected: stored.rejected,
            errors: stored.errors.into_iter().map(error).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_printable_and_short() {
        assert_eq!(RequestKey::of("a"), RequestKey::of("a"));
        assert_ne!(RequestKey::of("a"), RequestKey::of("b"));
        let check = |text: &str, expected: &str| {
            assert_eq!(RequestKey::of(text).unwrap_err().to_string(), expected);
        };
        check("", "an Idempotency-Key needs at least one character");
        check(&"x".repeat(256), "an Idempotency-Key has at most 255 bytes, not 256");
        check(
            "a\u{e9}",
            "an Idempotency-Key has printable ASCII characters only, and not the byte 0xc3 at 1",
        );
    }
}
