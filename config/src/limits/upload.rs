//! Limits of log files that are uploaded.
//!
//! Invariant: whatever a file holds, what is read of it and what is held at once are bounded. It does not enforce
//! anything: `gateway/src/upload` does.

use serde::{Deserialize, Serialize};

use crate::Rule;
use crate::size::ByteSize;

/// What a file may cost that is read for its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UploadLimits {
    /// Bytes of a file after it was unpacked; of an archive, all its files together.
    pub unpacked_bytes_max: ByteSize,
    /// A compressed file may become so many times larger.
    pub inflation_max: u32,
    /// Files in one archive.
    pub archive_files_max: u32,
    /// What is read of the beginning of a file to find out what it is.
    pub sample_bytes: ByteSize,
    /// Lines that are joined to one entry.
    pub joined_lines_max: u32,
    /// Columns of a CSV file.
    pub columns_max: u16,
}

impl UploadLimits {
    pub(crate) fn rules(&self) -> Vec<Rule> {
        vec![
            (
                ByteSize::mib(1) <= self.unpacked_bytes_max,
                "limits.upload.unpacked_bytes_max",
                "at least 1 MiB",
            ),
            (self.inflation_max >= 2, "limits.upload.inflation_max", "at least 2"),
            (
                (1..=65_535).contains(&self.archive_files_max),
                "limits.upload.archive_files_max",
                "from 1 to 65535",
            ),
            (
                ByteSize::kib(4) <= self.sample_bytes && self.sample_bytes <= ByteSize::mib(1),
                "limits.upload.sample_bytes",
                "from 4 KiB to 1 MiB",
            ),
            (self.joined_lines_max >= 1, "limits.upload.joined_lines_max", "at least 1"),
            (self.columns_max >= 1, "limits.upload.columns_max", "at least 1"),
        ]
    }
}

impl Default for UploadLimits {
    fn default() -> Self {
        Self {
            unpacked_bytes_max: ByteSize::mib(4 << 10),
            inflation_max: 400,
            archive_files_max: 1_000,
            sample_bytes: ByteSize::kib(64),
            joined_lines_max: 1_000,
            columns_max: 1_000,
        }
    }
}
