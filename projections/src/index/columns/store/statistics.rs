//! Figures of a store for operators.
//!
//! Invariant: they are of one moment, except the memory of caches. They decide nothing.

use super::ColumnStore;

/// What a store holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreStatistics {
    /// Groups on disk, their rows, the bytes of their lines as they came, and of their files.
    pub groups: u64,
    pub rows: u64,
    pub raw_bytes: u64,
    pub stored_bytes: u64,
    /// Those of the groups, and of their bytes, that are compressed as old ones are.
    pub cold_groups: u64,
    pub cold_bytes: u64,
    /// Rows and bytes of lines in memory, open or waiting, and the memory that they take.
    pub open_rows: u64,
    pub open_raw_bytes: u64,
    pub open_bytes_held: u64,
    /// Full groups that wait to be sealed.
    pub sealing: u64,
    /// Groups that are not searched because they cannot be trusted, and their rows.
    pub quarantined: u64,
    pub quarantined_rows: u64,
    /// Tenants whose erased lines are hidden and not gone yet.
    pub erasing: u64,
    /// Groups that do not count any more and are still read by somebody.
    pub dropped: u64,
    /// Memory of directories and blocks that were read lately.
    pub directories_bytes_held: u64,
    pub blocks_bytes_held: u64,
}

impl ColumnStore {
    pub fn statistics(&self) -> StoreStatistics {
        let (catalogue, memory) = self.groups_now();
        let summaries: Vec<_> = memory.iter().map(|group| group.summary()).collect();
        let groups = || catalogue.groups.values();
        let cold = || groups().filter(|entry| entry.level >= self.options.cold_level);
        let state = self.state();
        StoreStatistics {
            groups: catalogue.groups.len() as u64,
            rows: groups().map(|entry| u64::from(entry.rows)).sum(),
            raw_bytes: groups().map(|entry| entry.raw_bytes).sum(),
            stored_bytes: groups().map(|entry| entry.bytes).sum(),
            cold_groups: cold().count() as u64,
            cold_bytes: cold().map(|entry| entry.bytes).sum(),
            open_rows: summaries.iter().map(|summary| u64::from(summary.rows)).sum(),
            open_raw_bytes: summaries.iter().map(|summary| summary.raw_bytes).sum(),
            open_bytes_held: summaries.iter().map(|summary| summary.bytes_held as u64).sum(),
            sealing: state.waiting() as u64,
            quarantined: catalogue.quarantined.len() as u64,
            quarantined_rows: catalogue.quarantined.iter().map(|group| u64::from(group.entry.rows)).sum(),
            erasing: catalogue.marks.len() as u64,
            dropped: state.dropped.len() as u64,
            directories_bytes_held: self.disk.directories_bytes() as u64,
            blocks_bytes_held: self.disk.blocks_bytes() as u64,
        }
    }
}
