//! The section `storage`: the data folder and the event log in it.
//!
//! Invariant: values that pass the rules let the log work on any machine. It does not touch the folder.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Rule;
use crate::size::ByteSize;

/// Each partition has a writer thread and its own files.
const PARTITIONS_MAX: u16 = 256;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    pub data: PathBuf,
    /// 0: as many as the folder has, and one for each two cores in a new one.
    pub partitions: u16,
    pub segment_bytes: ByteSize,
    pub index_every_bytes: ByteSize,
    #[serde(with = "crate::duration")]
    pub linger: Duration,
    pub commit_bytes: ByteSize,
    pub queue_bytes: ByteSize,
    /// How long the log keeps lines that the index has on stable storage.
    #[serde(with = "crate::duration")]
    pub keep_lines_for: Duration,
}

impl Storage {
    pub(crate) fn rules(&self) -> Vec<Rule> {
        let within = |size: ByteSize, least: ByteSize, most: ByteSize| least <= size && size <= most;
        vec![
            (!self.data.as_os_str().is_empty(), "storage.data", "a folder has a name"),
            (self.partitions <= PARTITIONS_MAX, "storage.partitions", "at most 256 partitions"),
            (
                within(self.segment_bytes, ByteSize::mib(1), ByteSize::mib(16 << 10)),
                "storage.segment_bytes",
                "from 1 MiB to 16 GiB",
            ),
            (
                within(self.index_every_bytes, ByteSize::kib(4), ByteSize::mib(16)),
                "storage.index_every_bytes",
                "from 4 KiB to 16 MiB",
            ),
            (
                self.linger <= Duration::from_secs(1),
                "storage.linger",
                "at most 1 s, because every sender waits for it",
            ),
            (
                within(self.commit_bytes, ByteSize::kib(4), self.queue_bytes),
                "storage.commit_bytes",
                "from 4 KiB to the value of storage.queue_bytes",
            ),
            (
                within(self.queue_bytes, ByteSize::mib(1), ByteSize::mib(2 << 10)),
                "storage.queue_bytes",
                "from 1 MiB to 2 GiB",
            ),
            (
                self.keep_lines_for <= Duration::from_secs(30 * 86_400),
                "storage.keep_lines_for",
                "at most 30 d",
            ),
        ]
    }
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            data: "./antler-data".into(),
            partitions: 0,
            segment_bytes: ByteSize::mib(128),
            index_every_bytes: ByteSize::kib(64),
            linger: Duration::from_millis(2),
            commit_bytes: ByteSize::mib(1),
            queue_bytes: ByteSize::mib(64),
            keep_lines_for: Duration::from_secs(600),
        }
    }
}
