//! A clock that goes with the runtime, so that timers and the clock agree.
//!
//! Invariant: it stands still while the runtime works, and goes on from life to life. It moves nothing itself.

use std::sync::Arc;
use std::time::Duration;

use antler_events::clock::{Clock, Timestamp};
use tokio::time::Instant;

use crate::world::SimulatedClock;

/// The clock of one life.
#[derive(Debug)]
pub(in crate::scenario) struct RuntimeClock {
    hands: Arc<SimulatedClock>,
    since: Instant,
}

impl RuntimeClock {
    pub(in crate::scenario) fn new(hands: Arc<SimulatedClock>) -> Self {
        Self { hands, since: Instant::now() }
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.since.elapsed().as_nanos()).unwrap_or(i64::MAX);
        Timestamp::from_nanos(self.hands.now().nanos().saturating_add(passed))
    }

    fn elapsed(&self) -> Duration {
        self.hands.elapsed() + self.since.elapsed()
    }
}

impl Drop for RuntimeClock {
    /// The next life begins where this one ends.
    fn drop(&mut self) {
        self.hands.advance(self.since.elapsed());
    }
}
