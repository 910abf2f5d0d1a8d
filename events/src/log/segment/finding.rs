//! What an open finds that is not as it was written, and why an open fails.
//!
//! Invariant: a finding names file and place. It mends nothing.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use crate::ids::PartitionId;
use crate::log::Damage;

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The end of an append that nobody was told about.
    TornTail {
        partition: PartitionId,
        file: String,
        position: u64,
        bytes: u64,
    },
    Damaged(Damage),
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TornTail { partition, file, position, bytes } => write!(
                out,
                "{file} at byte {position}: {bytes} bytes of an append to partition {partition} \
                 that was never acknowledged"
            ),
            Self::Damaged(damage) => damage.fmt(out),
        }
    }
}

/// Why a log cannot be opened. Nothing in it was changed that was acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{} cannot be {action}", path.display())]
    Storage { action: &'static str, path: PathBuf, source: io::Error },
    #[error("{} is of another version: {reason}", file.display())]
    Version { file: PathBuf, reason: String },
    #[error("the log in {} has {recorded} partitions, so it cannot be opened with {asked}", dir.display())]
    PartitionCount { dir: PathBuf, recorded: u16, asked: u16 },
    #[error("{} is missing, although partition {partition} holds events", file.display())]
    LayoutMissing { file: PathBuf, partition: PartitionId },
    #[error("a log needs at least one partition")]
    NoPartitions,
}

impl OpenError {
    pub(super) fn storage(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Storage { action, path: path.to_owned(), source }
    }
}
