//! How long a search may go on, until its deadline and while somebody waits for it, and who joins in.
//!
//! Invariant: a search asks before each group, and for lines before each step in one, so it ends within that work of
//! being told to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use antler_events::clock::Clock;

use crate::index::port::{InlineWorkers, Workers};

/// Why a search ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    Deadline,
    Cancelled,
}

/// The bounds of one search.
#[derive(Debug)]
pub struct Budget<'a> {
    pub clock: &'a dyn Clock,
    /// As `Clock::elapsed` counts.
    pub deadline: Duration,
    pub is_cancelled: &'a AtomicBool,
    pub workers: &'a dyn Workers,
}

impl<'a> Budget<'a> {
    /// Without an end but when it is not wanted any more, and without anybody who joins in.
    pub fn alone(clock: &'a dyn Clock, is_cancelled: &'a AtomicBool) -> Self {
        Self { clock, deadline: Duration::MAX, is_cancelled, workers: &InlineWorkers }
    }

    /// Says why the search has to end, if it has to.
    pub fn stop(&self) -> Option<Stop> {
        if self.is_cancelled.load(Ordering::Relaxed) {
            return Some(Stop::Cancelled);
        }
        (self.clock.elapsed() >= self.deadline).then_some(Stop::Deadline)
    }
}
