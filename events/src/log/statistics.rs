//! Figures of a partition for operators, of any adapter.
//!
//! Invariant: counters only grow while the log is open; what an adapter does not have is nothing. They decide nothing.

use std::sync::Arc;

use crate::durations::DurationCounts;
use crate::ids::PartitionId;
use crate::log::Bounds;

/// What one partition has done since it was opened, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionStatistics {
    pub partition: PartitionId,
    pub bounds: Bounds,
    /// Files, of a log in files.
    pub segments: u64,
    /// Bytes of frames in them.
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
    /// Times that another node's events came first, so that these were laid out anew.
    pub overtaken: u64,
    /// Times that a server was asked whether it had taken what it did not answer.
    pub doubts: u64,
    /// Things in the log that are not as they should be, met since the opening.
    pub alarms: u64,
    pub disk_full: bool,
    /// Why nothing is taken just now.
    pub away: Option<Arc<str>>,
    /// Why nothing is taken any more.
    pub stopped: Option<Arc<str>>,
}

impl PartitionStatistics {
    /// Of a partition that has done nothing yet.
    pub fn new(partition: PartitionId, bounds: Bounds) -> Self {
        Self {
            partition,
            bounds,
            segments: 0,
            disk_bytes: 0,
            appends: 0,
            events: 0,
            syncs: 0,
            sync_times: DurationCounts::default(),
            raw_bytes: 0,
            stored_bytes: 0,
            refused: 0,
            waiting_bytes: 0,
            overtaken: 0,
            doubts: 0,
            alarms: 0,
            disk_full: false,
            away: None,
            stopped: None,
        }
    }
}
