//! The section `index`: the embedded search index.
//!
//! Invariant: values that pass the rules let the index work on any machine. It does not touch the folder.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Rule;
use crate::size::ByteSize;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    pub rows_max: u32,
    pub raw_bytes_max: ByteSize,
    #[serde(with = "crate::duration")]
    pub open_for_max: Duration,
    pub open_bytes_max: ByteSize,
    pub sealing_max: u16,
    pub directories_bytes_max: ByteSize,
    pub blocks_bytes_max: ByteSize,
    #[serde(with = "crate::duration")]
    pub cold_after: Duration,
    pub cold_share_percent: u8,
}

impl Index {
    pub(crate) fn rules(&self) -> Vec<Rule> {
        let within = |size: ByteSize, least: ByteSize, most: ByteSize| least <= size && size <= most;
        let most = ByteSize::mib(64 << 10);
        vec![
            ((1_024..=1 << 20).contains(&self.rows_max), "index.rows_max", "from 1024 to 1048576"),
            (
                within(self.raw_bytes_max, ByteSize::mib(1), ByteSize::mib(1 << 10)),
                "index.raw_bytes_max",
                "from 1 MiB to 1 GiB",
            ),
            (
                Duration::from_secs(1) <= self.open_for_max && self.open_for_max <= DAY,
                "index.open_for_max",
                "from 1 s to 1 d",
            ),
            (
                within(self.open_bytes_max, ByteSize::mib(4), ByteSize::mib(4 << 10)),
                "index.open_bytes_max",
                "from 4 MiB to 4 GiB",
            ),
            ((1..=64).contains(&self.sealing_max), "index.sealing_max", "from 1 to 64"),
            (
                within(self.directories_bytes_max, ByteSize::mib(1), most),
                "index.directories_bytes_max",
                "from 1 MiB to 64 GiB",
            ),
            (
                within(self.blocks_bytes_max, ByteSize::mib(1), most),
                "index.blocks_bytes_max",
                "from 1 MiB to 64 GiB",
            ),
            (self.cold_after >= DAY, "index.cold_after", "at least 1 d"),
            ((1..=100).contains(&self.cold_share_percent), "index.cold_share_percent", "from 1 to 100"),
        ]
    }
}

const DAY: Duration = Duration::from_secs(86_400);

impl Default for Index {
    fn default() -> Self {
        Self {
            rows_max: 131_072,
            raw_bytes_max: ByteSize::mib(96),
            open_for_max: Duration::from_secs(300),
            open_bytes_max: ByteSize::mib(48),
            sealing_max: 2,
            directories_bytes_max: ByteSize::mib(96),
            blocks_bytes_max: ByteSize::mib(64),
            cold_after: 7 * DAY,
            cold_share_percent: 20,
        }
    }
}
