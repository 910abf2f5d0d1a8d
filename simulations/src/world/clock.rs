//! Simulated time: it moves when the simulation moves it.
//!
//! Invariant: `elapsed` never goes backwards, whatever happens to the time of day.
//! It wakes nobody: who waits for a time looks again after it was moved.

use std::sync::Mutex;
use std::time::Duration;

use antler_events::clock::{Clock, Timestamp};

use super::Rng;

/// Somewhere in the year 2026.
const START_NANOS: i64 = 1_780_000_000_000_000_000;
const HOUR_NANOS: i64 = 3_600_000_000_000;

/// A clock in the hands of the simulation.
#[derive(Debug)]
pub struct SimulatedClock {
    hands: Mutex<Hands>,
}

#[derive(Debug)]
struct Hands {
    rng: Rng,
    elapsed_nanos: u64,
    /// What somebody set the time of day forward or back by.
    shift_nanos: i64,
}

impl SimulatedClock {
    pub fn new(rng: Rng) -> Self {
        Self { hands: Mutex::new(Hands { rng, elapsed_nanos: 0, shift_nanos: 0 }) }
    }

    pub fn advance(&self, by: Duration) {
        self.with(|hands| hands.elapsed_nanos += by.as_nanos() as u64);
    }

    /// Some time passes, up to `most`.
    pub fn advance_up_to(&self, most: Duration) {
        self.with(|hands| hands.elapsed_nanos += hands.rng.below(most.as_nanos() as u64 + 1));
    }

    /// Sets the time of day to somewhere within an hour of the truth.
    pub fn jump(&self) {
        self.with(|hands| hands.shift_nanos = hands.rng.below(2 * HOUR_NANOS as u64) as i64 - HOUR_NANOS);
    }

    fn with<T>(&self, action: impl FnOnce(&mut Hands) -> T) -> T {
        action(&mut self.hands.lock().expect("nothing panics while it moves the clock"))
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        self.with(|hands| Timestamp::from_nanos(START_NANOS + hands.elapsed_nanos as i64 + hands.shift_nanos))
    }

    fn elapsed(&self) -> Duration {
        self.with(|hands| Duration::from_nanos(hands.elapsed_nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_moves_the_time_of_day_and_not_the_elapsed_time() {
        let clock = SimulatedClock::new(Rng::new(1));
        clock.advance(Duration::from_secs(5));
        let (before, elapsed) = (clock.now(), clock.elapsed());
        clock.jump();
        assert_ne!(clock.now(), before);
        assert_eq!(clock.elapsed(), elapsed);
    }
}
