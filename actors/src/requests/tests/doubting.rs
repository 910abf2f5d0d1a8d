//! A log that does not always know what became of an append, and that cannot be read at times.
//!
//! Invariant: what it answers when it knows is what the log behind it did. It keeps nothing.

use std::sync::atomic::{AtomicU8, Ordering};

use antler_events::log::segment::SegmentLog;
use antler_events::log::{
    Append, AppendError, Appended, Bounds, BoxFuture, Chunk, EventLog, Hold, ReadError, TruncateError,
};
use antler_events::subject::Subject;
use tokio::sync::watch;

use super::*;

/// What becomes of the next append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Doubt {
    None,
    /// It is written, and the answer is lost.
    Written,
    NotWritten,
    Panic,
}

#[derive(Debug)]
pub(super) struct Doubting {
    log: Arc<SegmentLog>,
    /// A `Doubt`, once.
    pub(super) next: AtomicU8,
    /// Nothing can be read meanwhile.
    pub(super) is_blind: watch::Sender<bool>,
}

impl Doubting {
    pub(super) fn new(log: Arc<SegmentLog>) -> Self {
        Self { log, next: AtomicU8::new(Doubt::None as u8), is_blind: watch::Sender::new(false) }
    }
}

impl EventLog for Doubting {
    fn partitions(&self) -> u16 {
        self.log.partitions()
    }

    fn append(&self, partition: PartitionId, append: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        Box::pin(async move {
            let doubt = self.next.swap(Doubt::None as u8, Ordering::Relaxed);
            assert!(doubt != Doubt::Panic as u8, "on purpose");
            let unknown = |reason: &str| Err(AppendError::Unknown { reason: reason.into() });
            if doubt == Doubt::NotWritten as u8 {
                return unknown("it was not written");
            }
            let appended = self.log.append(partition, append).await;
            if doubt == Doubt::Written as u8 { unknown("the answer is lost") } else { appended }
        })
    }

    fn read(&self, of: PartitionId, from: Offset, bytes: usize) -> BoxFuture<'_, Result<Chunk, ReadError>> {
        Box::pin(async move {
            self.is_blind.subscribe().wait_for(|is_blind| !is_blind).await.expect("it is kept here");
            self.log.read(of, from, bytes).await
        })
    }

    fn wait(&self, partition: PartitionId, from: Offset) -> BoxFuture<'_, Result<(), ReadError>> {
        self.log.wait(partition, from)
    }

    fn bounds(&self, partition: PartitionId) -> Result<Bounds, ReadError> {
        self.log.bounds(partition)
    }

    fn bytes_from(&self, partition: PartitionId, from: Offset) -> Result<u64, ReadError> {
        self.log.bytes_from(partition, from)
    }

    fn last_of(&self, partition: PartitionId, subject: Subject) -> Result<Offset, ReadError> {
        self.log.last_of(partition, subject)
    }

    fn hold(&self, partition: PartitionId, from: Offset) -> Result<Box<dyn Hold>, ReadError> {
        self.log.hold(partition, from)
    }

    fn truncate(&self, of: PartitionId, below: Offset) -> BoxFuture<'_, Result<Offset, TruncateError>> {
        self.log.truncate(of, below)
    }
}
