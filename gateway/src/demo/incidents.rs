//! What goes wrong in the demo, and when: the same incidents in each half hour.
//!
//! Invariant: an incident has a beginning and an end, and is told by lines, not by a flag. It writes no lines itself.

/// One round of incidents, in seconds.
const ROUND_S: i64 = 1_800;

/// What is wrong at a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Incident {
    /// A new version answers ever slower, until it is taken back.
    SlowDeploy,
    /// The payment provider fails.
    ErrorBurst,
    /// A database is gone: retries, then an open circuit breaker.
    Outage,
    /// Somebody tries passwords.
    BruteForce,
}

/// From when to when, within a round.
const TIMES: [(Incident, i64, i64); 4] = [
    (Incident::SlowDeploy, 180, 420),
    (Incident::ErrorBurst, 660, 780),
    (Incident::Outage, 960, 1_200),
    (Incident::BruteForce, 1_440, 1_560),
];

/// Where an incident is: its first second is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stage {
    pub incident: Incident,
    pub second: i64,
    pub seconds: i64,
}

impl Stage {
    pub(super) fn is_last(self) -> bool {
        self.second + 1 == self.seconds
    }
}

pub(super) fn at(second: i64) -> Option<Stage> {
    let within = second.rem_euclid(ROUND_S);
    let (incident, from, until) =
        TIMES.into_iter().find(|(_, from, until)| (*from..*until).contains(&within))?;
    Some(Stage { incident, second: within - from, seconds: until - from })
}

/// Counts up with each round: the number of the version that is deployed.
pub(super) fn round(second: i64) -> i64 {
    second.div_euclid(ROUND_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_has_each_incident_from_its_beginning_to_its_end() {
        let seen: Vec<Stage> = (0..ROUND_S).filter_map(|second| at(1_000 * ROUND_S + second)).collect();
        assert_eq!(seen.iter().filter(|stage| stage.second == 0).count(), TIMES.len());
        assert_eq!(seen.iter().filter(|stage| stage.is_last()).count(), TIMES.len());
        assert_eq!(at(0), None);
    }
}
