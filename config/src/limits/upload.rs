//! Limits of log files that are uploaded.
//!
//! Invariant: whatever a file holds, what is read of it and what is held at once are bounded. It does not enforce
//! anything: `gateway/src/upload` does.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Rule;
use crate::size::ByteSize;

/// What files may cost that are stored and read for their lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UploadLimits {
    /// Bytes of one file as it is sent.
    pub file_bytes_max: ByteSize,
    /// Files in one request.
    pub files_per_request_max: u32,
    /// Requests of one tenant that bring files at the same time.
    pub requests_per_tenant_max: u32,
    /// Files that are kept of one tenant, and their bytes.
    pub stored_files_per_tenant_max: u32,
    pub stored_bytes_per_tenant_max: ByteSize,
    /// Files that are read for their lines at the same time, and those of one tenant among them.
    pub jobs_max: u32,
    pub jobs_per_tenant_max: u32,
    /// How often reading a file is tried again, and after which time.
    pub retries_max: u32,
    #[serde(with = "crate::duration")]
    pub retry_after: Duration,
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
            (ByteSize::kib(64) <= self.file_bytes_max, "limits.upload.file_bytes_max", "at least 64 KiB"),
            (
                (1..=1_000).contains(&self.files_per_request_max),
                "limits.upload.files_per_request_max",
                "from 1 to 1000",
            ),
            (self.requests_per_tenant_max >= 1, "limits.upload.requests_per_tenant_max", "at least 1"),
            (
                (1..=100_000).contains(&self.stored_files_per_tenant_max),
                "limits.upload.stored_files_per_tenant_max",
                "from 1 to 100000",
            ),
            (
                self.file_bytes_max <= self.stored_bytes_per_tenant_max,
                "limits.upload.stored_bytes_per_tenant_max",
                "at least limits.upload.file_bytes_max",
            ),
            ((1..=64).contains(&self.jobs_max), "limits.upload.jobs_max", "from 1 to 64"),
            (self.jobs_per_tenant_max >= 1, "limits.upload.jobs_per_tenant_max", "at least 1"),
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
            file_bytes_max: ByteSize::mib(1 << 10),
            files_per_request_max: 10,
            requests_per_tenant_max: 16,
            stored_files_per_tenant_max: 10_000,
            stored_bytes_per_tenant_max: ByteSize::mib(20 << 10),
            jobs_max: 4,
            jobs_per_tenant_max: 2,
            retries_max: 3,
            retry_after: Duration::from_secs(60),
            unpacked_bytes_max: ByteSize::mib(4 << 10),
            inflation_max: 400,
            archive_files_max: 1_000,
            sample_bytes: ByteSize::kib(64),
            joined_lines_max: 1_000,
            columns_max: 1_000,
        }
    }
}
