//! What goes into an index: batches of lines at their offsets.
//!
//! Invariant: an event is taken whole or not at all. It does not decode events: whoever reads the log does.

use std::sync::Arc;

use antler_events::event::lines::Arrival;
use antler_events::ids::{Offset, TenantId};
use antler_events::line::LineBatch;

use super::error::IndexError;

/// An event of a partition.
#[derive(Debug, Clone)]
pub struct BatchAt {
    pub offset: Offset,
    /// None for an event that says nothing to the index; its offset counts.
    pub lines: Option<TenantLines>,
}

/// Whose lines, and how they came.
#[derive(Debug, Clone)]
pub struct TenantLines {
    pub tenant: TenantId,
    pub batch: Arc<LineBatch>,
    pub arrival: Arc<Arrival>,
}

/// What became of events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApplyReport {
    /// Events that were taken, and their lines.
    pub events: u64,
    pub lines: u64,
    /// Events that were known.
    pub known: u64,
    /// Events up to this one are found now.
    pub applied: Offset,
    /// Why the events behind it were not taken: they are to be given again later.
    pub refused: Option<Arc<str>>,
    /// Somebody should call `upkeep`.
    pub is_upkeep_due: bool,
}

/// Refuses offsets that do not rise.
pub fn check_rising(batches: &[BatchAt]) -> Result<(), IndexError> {
    let mut pairs = batches.windows(2).map(|pair| (pair[0].offset, pair[1].offset));
    match pairs.find(|(before, offset)| before >= offset) {
        Some((before, offset)) => Err(IndexError::NotRising { before, offset }),
        None => Ok(()),
    }
}
