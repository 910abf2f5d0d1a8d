//! Proves the simulation itself: every bug that can be planted into the log is found within a thousand seeds.
//!
//! Invariant: a bug that nobody finds fails this test, so a new one may be planted without further ado.
//! It does not run the long simulation: `simulate` does.

use antler_events::log::segment::Planted;
use antler_simulations::harness::{self, Plan, Report};
use antler_simulations::scenario::log::LogScenario;

const SEEDS_MAX: u64 = 1_000;

fn run(planted: Planted, seeds: u64, until_failure: bool) -> Report {
    harness::run(&LogScenario { planted }, Plan { first: 1, seeds, threads: 2, until_failure })
}

#[test]
fn every_planted_bug_is_found() {
    let mut missed = Vec::new();
    for planted in Planted::ALL {
        let report = run(planted, SEEDS_MAX, true);
        match report.failures.first() {
            Some(failure) => println!("{planted:?}: seed {}: {}", failure.seed, failure.reason),
            None => missed.push(planted),
        }
    }
    assert!(Planted::ALL.len() >= 10);
    assert!(missed.is_empty(), "{SEEDS_MAX} seeds do not find {missed:?}");
}

#[test]
fn without_a_planted_bug_every_seed_passes() {
    let report = run(Planted::None, 200, false);
    assert_eq!(report.failures, []);
    assert_eq!(report.passed, 200);
}
