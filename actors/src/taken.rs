//! What became of the lines that were handed to the system: how many were written, and why others were refused.
//!
//! Invariant: every call of `System::ingest` is counted once, whatever it answered. It decides nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use antler_events::durations::{DurationCounts, Durations};
use antler_events::line::LineBatch;
use antler_events::wire::Receipt;

use crate::quotas::NotAdmitted;
use crate::streams::Refused;
use crate::system::IngestError;

/// Counters since the start.
#[derive(Debug, Default)]
pub struct TakenFigures {
    lines: AtomicU64,
    bytes: AtomicU64,
    /// Until the lines of a request were written.
    waited: Durations,
    refused: [AtomicU64; REASONS.len()],
}

/// Why lines were refused, in one word each.
pub const REASONS: [&str; 10] = [
    "tenant_busy",
    "server_busy",
    "too_large",
    "parked",
    "starting",
    "stopping",
    "not_written",
    "over_quota",
    "barred",
    "too_many_streams",
];
const TOO_MANY_STREAMS: usize = 9;

impl TakenFigures {
    pub fn lines(&self) -> u64 {
        self.lines.load(Ordering::Relaxed)
    }

    /// Of memory that the lines took while they were under way.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Requests whose lines were written, by how long that took.
    pub fn waited(&self) -> DurationCounts {
        self.waited.counts()
    }

    /// Requests whose lines, or some of them, were refused, by reason.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        REASONS.into_iter().zip(self.refused.iter().map(|count| count.load(Ordering::Relaxed)))
    }

    pub(crate) fn note(&self, bytes: u64, took: Duration, answer: &Result<Receipt, IngestError>) {
        match answer {
            Ok(receipt) => {
                self.lines.fetch_add(receipt.count, Ordering::Relaxed);
                self.bytes.fetch_add(bytes, Ordering::Relaxed);
                self.waited.note(took);
            }
            Err(error) => {
                self.refused[reason(error)].fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Lines of a request whose others were written.
    pub(crate) fn note_refused(&self, refused: &Refused) {
        if refused.count > 0 {
            self.refused[TOO_MANY_STREAMS].fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The memory that batches take.
pub(crate) fn bytes_of<'a>(batches: impl IntoIterator<Item = &'a LineBatch>) -> usize {
    batches.into_iter().map(|batch| batch.bytes_held().max(1)).sum()
}

/// Its place among `REASONS`.
fn reason(error: &IngestError) -> usize {
    match error {
        IngestError::TenantBusy { .. } => 0,
        IngestError::ServerBusy { .. } => 1,
        IngestError::TooLarge { .. } => 2,
        IngestError::Parked(_) => 3,
        IngestError::Starting => 4,
        IngestError::Stopping => 5,
        IngestError::Write(_) | IngestError::Unknown => 6,
        IngestError::NotAdmitted(NotAdmitted::OverQuota(_)) => 7,
        IngestError::NotAdmitted(NotAdmitted::Barred(_)) => 8,
        IngestError::NoRoomForStream(_) => TOO_MANY_STREAMS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_is_counted_under_its_reason() {
        let figures = TakenFigures::default();
        figures.note(10, Duration::ZERO, &Err(IngestError::ServerBusy { bytes_max: 5 }));
        figures.note(10, Duration::ZERO, &Err(IngestError::Unknown));
        figures.note(10, Duration::ZERO, &Err(IngestError::Unknown));
        let refused: Vec<_> = figures.refused().filter(|(_, count)| *count > 0).collect();
        assert_eq!(refused, [("server_busy", 1), ("not_written", 2)]);
        assert_eq!((figures.waited().count, figures.bytes()), (0, 0));
    }
}
