//! The schedule of upkeep: what is done again and again, when each was done last and how that ended, and who wants it now.
//!
//! Invariant: what was asked for is begun once, as soon as upkeep has a hand free. It does no work itself: upkeep does, and
//! notes it here.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use antler_events::clock::{Clock, Timestamp};
use tokio::sync::Notify;

/// Work that comes again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chore {
    Retention,
    Index,
    Cold,
    Log,
    Calls,
    Exports,
}

/// How a piece of work ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing to do.
    Nothing,
    Done(String),
    Failed(String),
}

/// What is known of a chore.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChoreState {
    /// Since the start: pieces of work that were done, and that failed.
    pub done: u64,
    pub failed: u64,
    /// None while it rests.
    pub running_since: Option<Timestamp>,
    /// When it began last and had something to do, how long that took, and what came of it.
    pub last: Option<(Timestamp, Duration, Outcome)>,
    /// None if it is done whenever there is something to do.
    pub next_at: Option<Timestamp>,
    /// It is to be done now.
    pub is_asked: bool,
}

/// The chores of a running system.
pub struct Schedule {
    clock: Arc<dyn Clock>,
    /// Told when something was asked for.
    due: Arc<Notify>,
    chores: Mutex<[ChoreState; Chore::ALL.len()]>,
}

impl Chore {
    pub const ALL: [Self; 6] =
        [Self::Retention, Self::Index, Self::Cold, Self::Log, Self::Calls, Self::Exports];

    pub fn name(self) -> &'static str {
        match self {
            Self::Retention => "retention",
            Self::Index => "index",
            Self::Cold => "cold",
            Self::Log => "log",
            Self::Calls => "calls",
            Self::Exports => "exports",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|chore| chore.name() == name)
    }

    pub fn what(self) -> &'static str {
        match self {
            Self::Retention => "has lines go that are older than their tenants keep them",
            Self::Index => "writes full groups of lines, merges small ones, and removes what was erased",
            Self::Cold => "compresses old lines once more",
            Self::Log => "lets the event log go of lines that the index has had for a while",
            Self::Calls => "writes how often tenants have asked in this hour",
            Self::Exports => "removes exports of tenants whose time is over",
        }
    }
}

impl Schedule {
    pub fn new(clock: Arc<dyn Clock>, due: Arc<Notify>) -> Self {
        Self { clock, due, chores: Mutex::default() }
    }

    /// Has a chore done as soon as may be.
    pub fn ask(&self, chore: Chore) {
        self.chores()[chore as usize].is_asked = true;
        self.due.notify_one();
    }

    pub fn state(&self, chore: Chore) -> ChoreState {
        self.chores()[chore as usize].clone()
    }

    /// Whether somebody asked for it since it was begun last.
    pub(super) fn is_asked(&self, chore: Chore) -> bool {
        self.chores()[chore as usize].is_asked
    }

    pub(super) fn begin(&self, chore: Chore) {
        let state = &mut self.chores()[chore as usize];
        state.is_asked = false;
        state.running_since = Some(self.clock.now());
    }

    /// `next`: how long it rests now, unless somebody asks.
    pub(super) fn end(&self, chore: Chore, outcome: Outcome, next: Option<Duration>) {
        let now = self.clock.now();
        let state = &mut self.chores()[chore as usize];
        let began = state.running_since.take().unwrap_or(now);
        state.next_at = next.map(|next| now.plus(next));
        match outcome {
            Outcome::Nothing => return,
            Outcome::Done(_) => state.done += 1,
            Outcome::Failed(_) => state.failed += 1,
        }
        let took = now.nanos().saturating_sub(began.nanos()).max(0).unsigned_abs();
        state.last = Some((began, Duration::from_nanos(took), outcome));
    }

    fn chores(&self) -> MutexGuard<'_, [ChoreState; Chore::ALL.len()]> {
        self.chores.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(Chore::ALL.iter().zip(&*self.chores())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quotas::tests::HandClock;

    #[test]
    fn a_chore_is_asked_for_begun_once_and_told_how_it_ended() {
        let clock = Arc::new(HandClock::default());
        let schedule = Schedule::new(Arc::clone(&clock) as _, Arc::default());
        schedule.ask(Chore::Retention);
        assert!(schedule.is_asked(Chore::Retention) && !schedule.is_asked(Chore::Cold));
        schedule.begin(Chore::Retention);
        assert!(!schedule.is_asked(Chore::Retention));
        assert_eq!(schedule.state(Chore::Retention).running_since, Some(clock.now()));
        let began = clock.now();
        clock.pass(Duration::from_secs(2));
        let (done, hour) = (Outcome::Done("2 lines went".to_owned()), Duration::from_secs(3_600));
        schedule.end(Chore::Retention, done.clone(), Some(hour));
        let state = schedule.state(Chore::Retention);
        assert_eq!(state.last, Some((began, Duration::from_secs(2), done.clone())));
        assert_eq!((state.done, state.failed, state.running_since), (1, 0, None));
        assert_eq!(state.next_at, Some(clock.now().plus(hour)));
        schedule.begin(Chore::Retention);
        schedule.end(Chore::Retention, Outcome::Nothing, None);
        assert_eq!(schedule.state(Chore::Retention).last.unwrap().2, done, "nothing is no news");
    }

    #[test]
    fn names_lead_to_their_chores() {
        for chore in Chore::ALL {
            assert_eq!(Chore::named(chore.name()), Some(chore));
        }
        assert_eq!(Chore::named("laundry"), None);
    }
}
