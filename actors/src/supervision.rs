//! When a child that failed is started again: later each time, and not for ever.
//!
//! Invariant: a child that fails more often than the intensity allows is given up, and one that has run well for a
//! while is forgiven. It starts nothing itself: supervisors do.

use std::time::Duration;

/// How patient a supervisor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The wait before the first restart; it doubles each time.
    pub first: Duration,
    pub longest: Duration,
    /// So many failures within `forgiven_after` are one too many.
    pub failures_max: u32,
    /// Who ran so long without failing begins anew.
    pub forgiven_after: Duration,
}

impl Patience {
    pub const USUAL: Self = Self {
        first: Duration::from_millis(50),
        longest: Duration::from_secs(5),
        failures_max: 6,
        forgiven_after: Duration::from_secs(60),
    };
    /// A tenant fails only after its shards have failed often.
    pub const WITH_TENANTS: Self = Self { failures_max: 2, ..Self::USUAL };
}

/// How patient all supervisors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supervision {
    pub shards: Patience,
    pub tenants: Patience,
    pub projectors: Patience,
}

impl Default for Supervision {
    fn default() -> Self {
        Self { shards: Patience::USUAL, tenants: Patience::WITH_TENANTS, projectors: Patience::USUAL }
    }
}

/// The failures of one child.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Failures {
    count: u32,
    last: Duration,
}

/// What is done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    RestartAfter(Duration),
    GiveUp { failures: u32 },
}

impl Failures {
    pub fn count(self) -> u32 {
        self.count
    }

    /// Takes in a failure at a time that the clock has elapsed.
    pub fn note(&mut self, at: Duration, patience: &Patience) -> Verdict {
        if at.saturating_sub(self.last) >= patience.forgiven_after {
            self.count = 0;
        }
        self.count += 1;
        self.last = at;
        if self.count > patience.failures_max {
            return Verdict::GiveUp { failures: self.count };
        }
        Verdict::RestartAfter(self.wait(patience))
    }

    /// The same for what the program cannot do without: it is never given up, and waits at most the longest time.
    pub fn note_of_needed(&mut self, at: Duration, patience: &Patience) -> Duration {
        match self.note(at, patience) {
            Verdict::RestartAfter(wait) => wait,
            Verdict::GiveUp { .. } => patience.longest,
        }
    }

    fn wait(self, patience: &Patience) -> Duration {
        let doublings = (self.count - 1).min(16);
        patience.longest.min(patience.first * (1 << doublings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restarts_come_later_each_time_and_end() {
        let mut failures = Failures::default();
        let patience = Patience { failures_max: 4, longest: Duration::from_millis(300), ..Patience::USUAL };
        let at = Duration::from_secs(100);
        let waits = [50, 100, 200, 300].map(|millis| Verdict::RestartAfter(Duration::from_millis(millis)));
        waits.iter().for_each(|wait| assert_eq!(failures.note(at, &patience), *wait));
        assert_eq!(failures.note(at, &patience), Verdict::GiveUp { failures: 5 });
        assert_eq!(failures.note_of_needed(at, &patience), patience.longest);
    }

    #[test]
    fn who_ran_well_for_a_while_is_forgiven() {
        let mut failures = Failures::default();
        let first = Verdict::RestartAfter(Patience::USUAL.first);
        for minute in 1..100 {
            assert_eq!(failures.note(Duration::from_secs(61 * minute), &Patience::USUAL), first);
        }
    }
}
