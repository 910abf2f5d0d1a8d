//! Proves the simulation itself: every bug that can be planted into log, store or actors is found within a thousand seeds.
//!
//! Invariant: a bug that nobody finds fails this test, so a new one may be planted without further ado.
//! It does not run the long simulation: `simulate` does.

use std::fmt::Debug;

use antler_actors::planted;
use antler_events::log::segment;
use antler_projections::index::columns::store;
use antler_simulations::harness::{self, Plan, Report, Scenario};
use antler_simulations::scenario::actors::ActorsScenario;
use antler_simulations::scenario::log::LogScenario;
use antler_simulations::scenario::store::StoreScenario;
use antler_simulations::scenario::upkeep::UpkeepScenario;

const SEEDS_MAX: u64 = 1_000;

fn run(scenario: &dyn Scenario, seeds: u64, until_failure: bool) -> Report {
    harness::run(scenario, Plan { first: 1, seeds, threads: 2, until_failure })
}

/// The bugs that no seed shows.
fn missed<B: Copy + Debug, S: Scenario>(bugs: &[B], scenario: impl Fn(B) -> S) -> Vec<B> {
    let is_missed = |bug: &B| run(&scenario(*bug), SEEDS_MAX, true).failures.is_empty();
    bugs.iter().copied().filter(is_missed).collect()
}

#[test]
fn every_bug_planted_into_the_log_is_found() {
    const { assert!(segment::Planted::ALL.len() >= 10) };
    assert_eq!(missed(&segment::Planted::ALL, |planted| LogScenario { planted }), []);
}

#[test]
fn every_bug_planted_into_the_store_is_found() {
    const { assert!(store::Planted::ALL.len() >= 10) };
    assert_eq!(missed(&store::Planted::ALL, |planted| StoreScenario { planted }), []);
}

#[test]
fn every_bug_planted_into_the_actors_is_found() {
    const { assert!(planted::Planted::OF_INGEST.len() >= 10) };
    assert_eq!(missed(&planted::Planted::OF_INGEST, |planted| ActorsScenario { planted }), []);
    assert_eq!(missed(&planted::Planted::OF_UPKEEP, |planted| UpkeepScenario { planted }), []);
}

#[test]
fn without_a_planted_bug_every_seed_passes() {
    let scenarios: [&dyn Scenario; 4] = [
        &LogScenario::default(),
        &StoreScenario::default(),
        &ActorsScenario::default(),
        &UpkeepScenario::default(),
    ];
    for (scenario, seeds) in scenarios.into_iter().zip([200, 50, 50, 30]) {
        let report = run(scenario, seeds, false);
        assert_eq!(report.failures, []);
        assert_eq!(report.passed, seeds);
    }
}
