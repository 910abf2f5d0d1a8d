//! How long something took, counted in steps, as histograms are drawn from.
//!
//! Invariant: each time is counted once, so that the steps and the number of times agree whenever they are read. It reads
//! no clock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the steps.
pub const BOUNDS: [Duration; 10] = [
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(5),
];

/// Counters since the start.
#[derive(Debug, Default)]
pub struct Durations {
    /// The last one has what took longer than all bounds.
    steps: [AtomicU64; BOUNDS.len() + 1],
    nanos: AtomicU64,
}

/// What was counted until now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DurationCounts {
    /// Times that are within each of `BOUNDS`, those included that are within the one before.
    pub within: [u64; BOUNDS.len()],
    pub count: u64,
    pub total: Duration,
}

impl Durations {
    pub fn note(&self, took: Duration) {
        self.nanos.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let step = BOUNDS.iter().position(|bound| took <= *bound).unwrap_or(BOUNDS.len());
        self.steps[step].fetch_add(1, Ordering::Relaxed);
    }

    pub fn counts(&self) -> DurationCounts {
        let (mut within, mut count) = ([0; BOUNDS.len()], 0);
        for (at, step) in self.steps.iter().enumerate() {
            count += step.load(Ordering::Relaxed);
            if let Some(within) = within.get_mut(at) {
                *within = count;
            }
        }
        DurationCounts { within, count, total: Duration::from_nanos(self.nanos.load(Ordering::Relaxed)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_counted_in_its_step_and_in_all_above() {
        let durations = Durations::default();
        assert_eq!(durations.counts(), DurationCounts::default());
        for millis in [1, 30, 60_000] {
            durations.note(Duration::from_millis(millis));
        }
        let counts = durations.counts();
        assert_eq!(counts.within, [1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
        assert_eq!((counts.count, counts.total), (3, Duration::from_millis(60_031)));
    }
}
