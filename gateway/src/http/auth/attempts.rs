//! How often somebody showed a password, and how that ended.
//!
//! Invariant: an attempt that was looked at counts once, and once more if the password was right. They refuse nothing: the
//! throttle does.

use std::sync::atomic::{AtomicU64, Ordering};

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It was looked at.
    Made,
    Right,
    /// There were too many.
    Refused,
}

/// Counters since the start.
#[derive(Debug, Default)]
pub struct Attempts([AtomicU64; 3]);

impl Attempts {
    pub(in crate::http) fn note(&self, attempt: Attempt) {
        self.0[attempt as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(in crate::http) fn of(&self, attempt: Attempt) -> u64 {
        self.0[attempt as usize].load(Ordering::Relaxed)
    }

    /// Passwords that were wrong.
    pub(in crate::http) fn wrong(&self) -> u64 {
        self.of(Attempt::Made).saturating_sub(self.of(Attempt::Right))
    }
}
