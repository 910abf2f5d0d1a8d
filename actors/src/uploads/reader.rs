//! The port to whatever reads uploaded files: from a stored file to batches of lines.
//!
//! Invariant: the same file gives the same items in the same order, each of them a line or a dead letter, so that whoever
//! has N of them goes on behind these. It writes nothing.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use antler_events::clock::Timestamp;
use antler_events::event::upload::{UploadProblem, UploadReceived};
use antler_events::ids::{TenantId, UploadId};

use crate::ingest_shard::Arrived;

/// What is to be read.
#[derive(Debug, Clone)]
pub struct ReadRequest {
    pub tenant: TenantId,
    pub upload: UploadId,
    pub received: UploadReceived,
    /// When the file came: times without a year are near it.
    pub arrival: Timestamp,
    /// Items that are known already.
    pub skip: u64,
    /// Bytes of the file that were read, for whoever watches.
    pub bytes_read: Arc<AtomicU64>,
}

/// Items that stand one behind the other in a file.
#[derive(Debug)]
pub struct ReadBatch {
    /// Each item is a line of it, or rejected.
    pub arrived: Arrived,
    pub rejected: u64,
    /// What is wrong with some of them.
    pub problems: Vec<UploadProblem>,
}

/// Why no more of a file can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFailure {
    pub code: &'static str,
    pub message: String,
    /// It may go better another time.
    pub passes: bool,
}

/// Reads uploaded files.
pub trait UploadReader: Send + Sync + fmt::Debug {
    /// Gives batches until the file ends or one of them is not wanted. Takes long, so it runs on a thread for that.
    fn read(&self, request: &ReadRequest, give: &mut dyn FnMut(ReadBatch) -> bool)
    -> Result<(), ReadFailure>;
}
