//! An event that a projection could not take: which one, why, and its body, because the log lets go of lines.
//!
//! Invariant: a note has a bounded body; a longer one is cut, and says so by its length. It does not try again.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, Run};
use crate::event::BodyError;
use crate::ids::{Offset, PartitionId};
use crate::wire::{EventType, SchemaVersion};

/// Longest body that is kept: longer than that of a batch as it usually is.
const BODY_BYTES_MAX: usize = 6 << 20;
/// Longest reason.
const REASON_BYTES_MAX: usize = 2_000;

/// An event that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSetAside {
    pub projection: String,
    pub partition: PartitionId,
    pub offset: Offset,
    pub event_type: EventType,
    pub schema: SchemaVersion,
    pub reason: String,
    /// As it was appended, or its beginning; empty if the log keeps the event for ever.
    pub body: Bytes,
    /// How many bytes it had.
    pub length: u64,
}

#[derive(Serialize, Deserialize)]
struct EventSetAsideV1<'a> {
    projection: &'a str,
    partition: PartitionId,
    offset: Offset,
    event_type: u16,
    schema: u16,
    reason: &'a str,
    length: u64,
    #[serde(borrow)]
    body: Run<'a>,
}

impl EventSetAside {
    /// `body`: none of an event that the log keeps for ever.
    pub fn new(
        projection: &str,
        (partition, offset): (PartitionId, Offset),
        (event_type, schema): (EventType, SchemaVersion),
        reason: &str,
        body: Option<&[u8]>,
    ) -> Self {
        let body = body.unwrap_or_default();
        let kept = &body[..body.len().min(BODY_BYTES_MAX)];
        Self {
            projection: projection.to_owned(),
            partition,
            offset,
            event_type,
            schema,
            reason: reason[..reason.floor_char_boundary(REASON_BYTES_MAX)].to_owned(),
            body: Bytes::copy_from_slice(kept),
            length: body.len() as u64,
        }
    }

    pub(super) fn bytes_held(&self) -> usize {
        self.body.len() + self.reason.len() + 200
    }

    pub(super) fn encode(&self) -> Result<Bytes, CodecError> {
        codec::encode(&EventSetAsideV1 {
            projection: &self.projection,
            partition: self.partition,
            offset: self.offset,
            event_type: self.event_type.0,
            schema: self.schema.0,
            reason: &self.reason,
            length: self.length,
            body: Run(&self.body),
        })
    }

    /// Reads a body of schema 1.
    pub(super) fn decode(body: &Bytes) -> Result<Self, BodyError> {
        let stored: EventSetAsideV1<'_> = codec::decode(body)?;
        Ok(Self {
            projection: stored.projection.to_owned(),
            partition: stored.partition,
            offset: stored.offset,
            event_type: EventType(stored.event_type),
            schema: SchemaVersion(stored.schema),
            reason: stored.reason.to_owned(),
            body: body.slice_ref(stored.body.0),
            length: stored.length,
        })
    }
}
