//! One request on its way: the time that is left of it, what its answers lacked, and what else there is to say.
//!
//! Invariant: all questions of one request share one deadline, and every warning of theirs is told. It asks nothing
//! itself.

use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_projections::index::port::{Bounds, Coverage};
use serde::Serialize;

use super::SearchState;

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Asking<'a> {
    state: &'a SearchState,
    began: Duration,
    coverage: Coverage,
    notes: Vec<String>,
}

/// What every answer ends with.
#[derive(Debug, Serialize)]
pub(super) struct Tail {
    /// Milliseconds.
    took: f64,
    /// Lines are missing that were asked for; the warnings say why.
    partial: bool,
    warnings: Vec<String>,
}

impl<'a> Asking<'a> {
    pub(super) fn new(state: &'a SearchState) -> Self {
        Self { state, began: state.clock.elapsed(), coverage: Coverage::whole(), notes: Vec::new() }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.state.clock.now()
    }

    /// What is left for the next question.
    pub(super) fn bounds(&self) -> Bounds {
        let limits = &self.state.limits;
        let passed = self.state.clock.elapsed().saturating_sub(self.began);
        let memory_bytes = limits.memory_bytes_max.as_usize();
        Bounds { time: limits.time_max.saturating_sub(passed), memory_bytes }
    }

    /// Takes in what an answer says about itself.
    pub(super) fn cover(&mut self, coverage: Coverage) {
        self.coverage.add(coverage);
    }

    /// Something about the question that does not cost lines.
    pub(super) fn note(&mut self, sentences: impl IntoIterator<Item = String>) {
        self.notes.extend(sentences);
    }

    /// Lines are missing for a reason of our own.
    pub(super) fn lack(&mut self, sentence: impl Into<String>) {
        self.coverage.is_partial = true;
        self.notes.push(sentence.into());
    }

    pub(super) fn tail(self) -> Tail {
        let took = self.state.clock.elapsed().saturating_sub(self.began);
        self.state.figures.note(self.coverage.is_partial);
        let told = self.coverage.warnings.iter().map(ToString::to_string);
        Tail {
            took: (took.as_secs_f64() * 1e5).round() / 1e2,
            partial: self.coverage.is_partial,
            warnings: self.notes.into_iter().chain(told).collect(),
        }
    }
}

impl Tail {
    pub(super) fn is_partial(&self) -> bool {
        self.partial
    }

    pub(super) fn took_us(&self) -> u64 {
        (self.took * 1e3).round() as u64
    }

    pub(super) fn into_warnings(self) -> Vec<String> {
        self.warnings
    }
}
