//! How many answers about lines there were, and how many lacked some.
//!
//! Invariant: they are of all tenants together, and begin at the start of the process. They decide nothing.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters since the start.
#[derive(Debug, Default)]
pub struct SearchFigures {
    whole: AtomicU64,
    partial: AtomicU64,
}

impl SearchFigures {
    pub(super) fn note(&self, is_partial: bool) {
        let counter = if is_partial { &self.partial } else { &self.whole };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Answers that lacked nothing.
    pub fn whole(&self) -> u64 {
        self.whole.load(Ordering::Relaxed)
    }

    pub fn partial(&self) -> u64 {
        self.partial.load(Ordering::Relaxed)
    }
}
