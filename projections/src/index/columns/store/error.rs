//! Why something cannot be done with a store, and what an open finds.
//!
//! Invariant: an error or a finding names the file or group it is about. It mends nothing.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use antler_events::codec::CodecError;

use crate::index::columns::block::ReadError;

/// Why a store cannot be opened or changed. What was searchable stays searchable, and a retry may do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{} cannot be {action}", path.display())]
    Storage { action: &'static str, path: PathBuf, source: io::Error },
    #[error("{} is of another version: {reason}", file.display())]
    Version { file: PathBuf, reason: String },
    #[error(
        "the catalogue of the index in {} is lost: {reason}; delete the folder, and the index is built again \
         from the lines that the event log still has",
        dir.display()
    )]
    Catalogue { dir: PathBuf, reason: String },
    #[error("the catalogue cannot be encoded")]
    Encode(#[from] CodecError),
    #[error("the rows cannot be compressed")]
    Compress(#[source] io::Error),
    #[error("group {group} cannot be read")]
    Group { group: u64, source: ReadError },
    #[error("group {group} gives {read} of its {rows} rows back")]
    RowsLost { group: u64, rows: u64, read: u64 },
}

impl StoreError {
    pub(super) fn storage(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Storage { action, path: path.to_owned(), source }
    }

    /// Whether it is for want of space.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Storage { source, .. } if source.kind() == io::ErrorKind::StorageFull)
    }
}

/// Why an event was not taken. It can be applied again later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    #[error("{waiting} groups wait to be sealed, so there is no room for more lines")]
    Full { waiting: usize },
}

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A group that is searched no more.
    Group { group: u64, file: PathBuf, rows: u32, reason: String },
    /// The catalogue or its copy cannot be read.
    Catalogue { file: PathBuf, reason: String },
    /// A file that a crash left behind; it never counted.
    Leftover { file: PathBuf },
}

impl Finding {
    /// A leftover is what a crash leaves, and no damage.
    pub fn is_damage(&self) -> bool {
        !matches!(self, Self::Leftover { .. })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group { group, file, rows, reason } => {
                write!(
                    out,
                    "{}: {reason}; the {rows} lines of group {group} are not searched",
                    file.display()
                )
            }
            Self::Catalogue { file, reason } => {
                write!(
                    out,
                    "{}: {reason}; the other one of the two is good, so nothing is lost",
                    file.display()
                )
            }
            Self::Leftover { file } => {
                write!(out, "{}: left behind by a crash, never in use", file.display())
            }
        }
    }
}
