//! What a partition of files says of itself.
//!
//! Invariant: it looks and changes nothing. What the figures mean stands beside them in `log/statistics.rs`.

use std::sync::atomic::Ordering;

use super::partition::Partition;
use crate::log::PartitionStatistics;

pub(super) fn statistics_of(partition: &Partition) -> PartitionStatistics {
    let bounds = partition.bounds();
    let waiting = partition.options.queue_permits() as usize - partition.budget.available_permits();
    let state = partition.state();
    let counters = &partition.counters;
    PartitionStatistics {
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
        ..PartitionStatistics::new(partition.id, bounds)
    }
}
