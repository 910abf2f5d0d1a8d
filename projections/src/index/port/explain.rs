//! How a search was answered: its steps, what each left out and why, and what it cost.
//!
//! Invariant: figures were counted while the search ran; nothing is estimated. It does not change the search.

use std::fmt;
use std::time::Duration;

use super::answer::Coverage;

/// What a search did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The filter as it was understood.
    pub filter: String,
    pub steps: Vec<Step>,
    /// Lines of the page, which is not given.
    pub lines: u64,
    pub coverage: Coverage,
}

/// A step of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    pub what: String,
    /// Parts of the index that were looked at, and what became of them: what, and how many.
    pub parts: u64,
    pub outcomes: Vec<(String, u64)>,
    /// Bytes that were read from storage, and from memory in their place.
    pub stored_bytes_read: u64,
    pub cached_bytes_read: u64,
    /// How long that took, on one thread.
    pub took: Duration,
}

impl fmt::Display for Explanation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "lines that pass {}", self.filter)?;
        for step in &self.steps {
            write!(out, "\n{step}")?;
        }
        self.coverage.warnings.iter().try_for_each(|warning| write!(out, "\n{warning}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, parts, stored_bytes_read, cached_bytes_read, took, .. } = self;
        write!(out, "{what}: {parts} parts")?;
        self.outcomes.iter().try_for_each(|(outcome, count)| write!(out, ", {count} {outcome}"))?;
        write!(out, "; {stored_bytes_read} bytes read, {cached_bytes_read} more from memory; {took:?}")
    }
}
