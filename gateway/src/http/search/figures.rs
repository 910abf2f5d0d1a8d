//! How many answers about lines there were, how many lacked some, and how long questions took.
//!
//! Invariant: they are of all tenants together, and begin at the start of the process. They decide nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use antler_events::durations::{DurationCounts, Durations};

use crate::http::route_class::RouteClass;

/// Counters since the start.
#[derive(Debug, Default)]
pub struct SearchFigures {
    whole: AtomicU64,
    partial: AtomicU64,
    took: [Durations; KINDS.len()],
}

/// Questions are of the kind of their route.
const KINDS: [RouteClass; 4] =
    [RouteClass::Search, RouteClass::Counts, RouteClass::Patterns, RouteClass::Export];

impl SearchFigures {
    pub(super) fn note(&self, is_partial: bool) {
        let counter = if is_partial { &self.partial } else { &self.whole };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(in crate::http) fn note_took(&self, kind: RouteClass, took: Duration) {
        if let Some(at) = KINDS.iter().position(|known| *known == kind) {
            self.took[at].note(took);
        }
    }

    /// How long questions took, by kind.
    pub fn took(&self) -> impl Iterator<Item = (RouteClass, DurationCounts)> {
        KINDS.into_iter().zip(self.took.iter().map(Durations::counts))
    }

    /// Answers that lacked nothing.
    pub fn whole(&self) -> u64 {
        self.whole.load(Ordering::Relaxed)
    }

    pub fn partial(&self) -> u64 {
        self.partial.load(Ordering::Relaxed)
    }
}
