//! The `EventLog` port: append, read, follow, truncate.
//!
//! Invariant: `append` resolves only when the events are on stable storage, all of them or none.
//! It does not promise dense offsets to a reader: truncation leaves control events behind, alone.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use crate::clock::Timestamp;
use crate::codec::BODY_BYTES_MAX;
use crate::ids::{Offset, PartitionId};
use crate::subject::Subject;
use crate::wire::{ChainHash, Envelope, EventType, SchemaVersion};

/// Events in one append.
pub const APPEND_EVENTS_MAX: usize = 4_096;
/// Bytes of all bodies of one append, before compression.
pub const APPEND_BYTES_MAX: usize = BODY_BYTES_MAX;

/// The answer of a port's method.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An event that wants to be recorded. The log gives it its offset and its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    pub subject: Subject,
    pub event_type: EventType,
    pub schema: SchemaVersion,
    pub recorded_at: Timestamp,
    /// Encoded by the codec, not compressed.
    pub body: Bytes,
}

/// Optimistic concurrency: the append holds only if the last event of the control subject is at `last`
/// (`Offset::ZERO`: it has none yet).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    pub subject: Subject,
    pub last: Offset,
}

/// Events that are recorded together or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Append {
    pub events: Vec<NewEvent>,
    pub expected: Vec<Expected>,
}

impl Append {
    /// What every log checks before it takes an append: how much it holds, and what it expects.
    pub fn check(&self) -> Result<(), AppendError> {
        if self.events.is_empty() {
            return Err(AppendError::Empty);
        }
        let bytes = self.events.iter().map(|event| event.body.len()).sum();
        for (what, actual, max) in
            [("events", self.events.len(), APPEND_EVENTS_MAX), ("bytes", bytes, APPEND_BYTES_MAX)]
        {
            if actual > max {
                return Err(AppendError::TooLarge { what, actual, max });
            }
        }
        match self.expected.iter().find(|expected| !expected.subject.kind.is_control()) {
            Some(expected) => Err(AppendError::LinesExpected { subject: expected.subject }),
            None => Ok(()),
        }
    }
}

/// Where an append was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    pub partition: PartitionId,
    pub first: Offset,
    pub last: Offset,
    /// Hash of the last event.
    pub hash: ChainHash,
}

/// A recorded event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub envelope: Envelope,
    /// Hash of this event, which the next one of its chain names.
    pub hash: ChainHash,
    /// As it was appended.
    pub body: Bytes,
}

/// Some events in order, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    pub events: Vec<Recorded>,
    pub next: Offset,
}

/// What a partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Line events below this have been truncated.
    pub lines_from: Offset,
    /// The offset that the next durable event will have.
    pub next: Offset,
}

/// Bytes on stable storage that cannot be read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    pub partition: PartitionId,
    pub file: String,
    /// Position in the file.
    pub position: u64,
    /// First and last offset that are lost; `last` is below `first` if none is.
    pub first: Offset,
    pub last: Offset,
    pub reason: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, file, position, first, last, reason } = self;
        write!(out, "{file} at byte {position}: {reason}; ")?;
        if last < first {
            return write!(out, "no event of partition {partition} is lost");
        }
        write!(out, "partition {partition} lost events {first} to {last}")
    }
}

/// Why an append was not recorded. Except for `Unknown`, nothing of it is in the log.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    #[error("the last event of {subject} is {actual}, not {expected}")]
    Conflict { subject: Subject, expected: Offset, actual: Offset },
    #[error("lines have no expected offset, so {subject} cannot be expected")]
    LinesExpected { subject: Subject },
    #[error("an append needs at least one event")]
    Empty,
    #[error("an append may hold {max} {what}, not {actual}")]
    TooLarge { what: &'static str, actual: usize, max: usize },
    #[error("the log has {partitions} partitions, so there is no partition {partition}")]
    NoPartition { partition: PartitionId, partitions: u16 },
    #[error("the disk of the log is full; appends go on when there is space")]
    DiskFull,
    #[error(
        "the writer of partition {partition} has stopped: {reason}; a restart checks the log and goes on"
    )]
    Stopped { partition: PartitionId, reason: Arc<str> },
    /// It goes on by itself.
    #[error("partition {partition} takes nothing just now: {reason}")]
    Away { partition: PartitionId, reason: Arc<str> },
    /// If it was recorded, it is before `Bounds::next` as of this answer, or the partition takes nothing more until a
    /// restart has looked.
    #[error("it is not known whether the append was recorded: {reason}")]
    Unknown { reason: Arc<str> },
}

/// Why a read failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    #[error("{0}")]
    Damaged(Damage),
    #[error("the log has {partitions} partitions, so there is no partition {partition}")]
    NoPartition { partition: PartitionId, partitions: u16 },
    #[error("partition {partition} cannot be read: {reason}")]
    Storage { partition: PartitionId, reason: Arc<str> },
}

/// Why a truncation failed. The log is as good as before.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TruncateError {
    #[error("the log has {partitions} partitions, so there is no partition {partition}")]
    NoPartition { partition: PartitionId, partitions: u16 },
    #[error("partition {partition} cannot be truncated: {reason}")]
    Storage { partition: PartitionId, reason: Arc<str> },
}

/// A reader's claim: truncation does not pass `position` while this lives.
pub trait Hold: Send + Sync + fmt::Debug {
    /// Gives up everything below `position`.
    fn advance(&self, position: Offset);
}

/// The log of all events, in partitions.
pub trait EventLog: Send + Sync + fmt::Debug {
    fn partitions(&self) -> u16;

    /// Records events and resolves when they are on stable storage.
    fn append(&self, partition: PartitionId, append: Append) -> BoxFuture<'_, Result<Appended, AppendError>>;

    /// Reads durable events from `from` on: at least one if there is any, and about `bytes_max` of bodies.
    /// Stops before damage; a read that starts at damage names it, and the reader decides to go on behind it.
    fn read(
        &self,
        partition: PartitionId,
        from: Offset,
        bytes_max: usize,
    ) -> BoxFuture<'_, Result<Chunk, ReadError>>;

    /// Resolves when an event at `from` or later is durable.
    fn wait(&self, partition: PartitionId, from: Offset) -> BoxFuture<'_, Result<(), ReadError>>;

    fn bounds(&self, partition: PartitionId) -> Result<Bounds, ReadError>;

    /// The last event of each partition, in their order.
    fn ends(&self) -> Result<Vec<(PartitionId, Offset)>, ReadError> {
        let end = |partition| Ok((partition, self.bounds(partition)?.next.before()));
        (0..self.partitions()).map(PartitionId::new).map(end).collect()
    }

    /// Bytes on storage of durable events from `from` on, to within what the log knows of places without reading.
    fn bytes_from(&self, partition: PartitionId, from: Offset) -> Result<u64, ReadError>;

    /// The offset of the last event of a control subject; `Offset::ZERO` if it has none.
    fn last_of(&self, partition: PartitionId, subject: Subject) -> Result<Offset, ReadError>;

    fn hold(&self, partition: PartitionId, from: Offset) -> Result<Box<dyn Hold>, ReadError>;

    /// Lets go of line events below `below`, as far as storage allows and holds permit; control events stay.
    /// Answers the offset below which line events are gone now.
    fn truncate(&self, partition: PartitionId, below: Offset)
    -> BoxFuture<'_, Result<Offset, TruncateError>>;
}
