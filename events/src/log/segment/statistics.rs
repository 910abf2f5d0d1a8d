//! Figures of a partition for operators.
//!
//! Invariant: counters only grow while the log is open. They decide nothing.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::partition::Partition;
use crate::durations::DurationCounts;
use crate::ids::PartitionId;
use crate::log::Bounds;

/// What one partition has done since it was opened, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionStatistics {
    pub partition: PartitionId,
    pub bounds: Bounds,
    pub segments: u64,
    /// Bytes of frames on disk.
    pub disk_bytes: u64,
    pub appends: u64,
    pub events: u64,
    pub syncs: u64,
    /// What each of them took; nothing of a log without a clock.
    pub sync_times: DurationCounts,
    pub raw_bytes: u64,
    pub stored_bytes: u64,
    pub refused: u64,
    pub waiting_bytes: u64,
    pub disk_full: bool,
    /// Why the writer has stopped.
    pub stopped: Option<Arc<str>>,
}

pub(super) fn statistics_of(partition: &Partition) -> PartitionStatistics {
    let bounds = partition.bounds();
    let waiting = partition.options.queue_permits() as usize - partition.budget.available_permits();
    let state = partition.state();
    let counters = &partition.counters;
    PartitionStatistics {
        partition: partition.id,
        bounds,
        segments: state.segments.len() as u64,
        disk_bytes: state.segments.iter().map(|segment| segment.frames_end).sum(),
        appends: counters.appends.load(Ordering::Relaxed),
        events: counters.events.load(Ordering::Relaxed),
        syncs: counters.syncs.load(Ordering::Relaxed),
        sync_times: counters.sync_times.counts(),
        raw_bytes: counters.raw_bytes.load(Ordering::Relaxed),
        stored_bytes: counters.stored_bytes.load(Ordering::Relaxed),
        refused: counters.refused.load(Ordering::Relaxed),
        waiting_bytes: waiting as u64,
        disk_full: state.disk_full,
        stopped: state.stopped.clone(),
    }
}
