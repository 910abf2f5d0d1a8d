//! A question on its way: the groups of one moment, how long it may go on, and what went wrong.
//!
//! Invariant: a group that is damaged is named in the coverage, and taken out for later questions; a question that
//! nobody waits for ends at the next group. It keeps nothing when it is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use antler_events::clock::{Clock, Timestamp};

use super::figures::KnownShares;
use super::traced::TracedGroup;
use crate::index::columns::block::ReadError;
use crate::index::columns::catalogue::QuarantinedGroup;
use crate::index::columns::search::budget::{Budget, Stop};
use crate::index::columns::search::counts::Gaps;
use crate::index::columns::store::ColumnStore;
use crate::index::port::{Coverage, Period, Warning, Workers};

/// Groups that are read again when it is not clear which of them is damaged.
const SUSPECTS_MAX: usize = 16;

/// How long a question may go on.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) deadline: Duration,
    pub(super) is_cancelled: Arc<AtomicBool>,
    pub(super) workers: Arc<dyn Workers>,
}

impl Patience {
    pub(super) fn budget(&self) -> Budget<'_> {
        Budget {
            clock: &*self.clock,
            deadline: self.deadline,
            is_cancelled: &self.is_cancelled,
            workers: &*self.workers,
        }
    }
}

/// Ends a question when the one who asked it is gone.
#[derive(Debug)]
pub(super) struct CancelOnDrop(pub(super) Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A question.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) store: &'a ColumnStore,
    pub(super) known_shares: &'a KnownShares,
    pub(super) patience: Patience,
    pub(super) memory_bytes: usize,
    /// The latest first.
    pub(super) groups: Vec<TracedGroup>,
    missing: Vec<Arc<QuarantinedGroup>>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(
        store: &'a ColumnStore,
        known_shares: &'a KnownShares,
        patience: Patience,
        memory_bytes: usize,
    ) -> Self {
        let snapshot = store.snapshot();
        let traced = |group| TracedGroup::new(group, patience.clone());
        let mut groups: Vec<TracedGroup> = snapshot.groups.into_iter().map(traced).collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.handle.span().1));
        Self { store, known_shares, patience, memory_bytes, groups, missing: snapshot.missing }
    }

    pub(super) fn budget(&self) -> Budget<'_> {
        self.patience.budget()
    }

    /// What is missing from any answer about a time.
    pub(super) fn coverage(&self, period: Period) -> Coverage {
        let mut coverage = Coverage::whole();
        for group in &self.missing {
            let entry = &group.entry;
            let of_group = Period {
                first: Timestamp::from_nanos(entry.earliest),
                last: Timestamp::from_nanos(entry.latest),
            };
            if of_group.overlaps(period) {
                let (part, reason) = (name(entry.number), group.reason.as_str().into());
                coverage.note(Warning::SetAside { part, period: of_group, reason });
            }
        }
        coverage
    }

    pub(super) fn note_stop(coverage: &mut Coverage, stopped: Option<Stop>) {
        match stopped {
            Some(Stop::Deadline) => coverage.note(Warning::Deadline),
            Some(Stop::Cancelled) => coverage.note(Warning::Cancelled),
            None => {}
        }
    }

    pub(super) fn note_gaps(&self, coverage: &mut Coverage, gaps: &Gaps) {
        Self::note_stop(coverage, gaps.stopped);
        self.note_damage(coverage, &gaps.damaged);
    }

    /// Names what could not be read, and has it proved and taken out.
    pub(super) fn note_damage(&self, coverage: &mut Coverage, damaged: &[ReadError]) {
        let Some(first) = damaged.first() else { return };
        let mut suspects: Vec<&TracedGroup> = self.groups.iter().filter(|group| group.has_failed()).collect();
        if suspects.is_empty() {
            suspects = self.groups.iter().filter(|group| group.was_read()).take(SUSPECTS_MAX).collect();
        }
        for group in suspects {
            // An error of the proof says no more than that of the search.
            let is_out = self.store.report_damage(&group.handle).unwrap_or(false);
            if is_out || group.has_failed() {
                let part = group.name();
                let reason = group.failure().unwrap_or_else(|| first.to_string()).into();
                coverage.note(Warning::Unreadable { part, reason });
            }
        }
        if !coverage.is_partial {
            let (part, reason) = ("a part".to_owned(), first.to_string().into());
            coverage.note(Warning::Unreadable { part, reason });
        }
    }
}

/// How a group on disk is called in warnings.
pub(super) fn name(number: u64) -> String {
    format!("group {number}")
}
