//! The harness: runs a scenario in many worlds, each seed twice, and reports.
//!
//! Invariant: a seed passes only if both runs pass and leave the same trace; a panic is a failure.
//! It does not know what a scenario checks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::world::{Fault, FaultCounts, Trace, World};

/// With fewer seeds than this it is no failure that a fault was never hit.
pub const SEEDS_FOR_EVERY_FAULT: u64 = 500;

/// Something that happens in a world, and what must hold meanwhile and afterwards.
pub trait Scenario: Sync {
    fn name(&self) -> &'static str;
    /// The faults that it brings about; a long run must hit each of them.
    fn faults(&self) -> &'static [Fault];
    fn run(&self, world: &mut World) -> anyhow::Result<()>;
}

/// Which seeds to run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub first: u64,
    pub seeds: u64,
    pub threads: usize,
    /// Stop soon after a seed has failed.
    pub until_failure: bool,
}

/// A seed that failed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    pub seed: u64,
    pub reason: String,
}

/// What became of a plan.
#[derive(Debug, Default)]
pub struct Report {
    pub passed: u64,
    /// In the order of their seeds.
    pub failures: Vec<Failure>,
    pub counts: FaultCounts,
}

/// One run of one seed.
#[derive(Debug)]
pub struct Run {
    pub result: Result<(), String>,
    pub counts: FaultCounts,
    pub trace: Trace,
}

/// Runs all seeds of a plan.
pub fn run(scenario: &dyn Scenario, plan: Plan) -> Report {
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let work = || {
        let mut report = Report::default();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= plan.seeds || stop.load(Ordering::Relaxed) {
                return report;
            }
            report.take(plan.first + index, run_twice(scenario, plan.first + index));
            if plan.until_failure && !report.failures.is_empty() {
                stop.store(true, Ordering::Relaxed);
            }
        }
    };
    let mut report = thread::scope(|scope| {
        let workers: Vec<_> = (0..plan.threads).map(|_| scope.spawn(work)).collect();
        let reports = workers.into_iter().map(|worker| worker.join().expect("a worker catches every panic"));
        reports.fold(Report::default(), Report::merge)
    });
    report.failures.sort_unstable();
    report
}

/// Runs a seed once.
pub fn run_once(scenario: &dyn Scenario, seed: u64, trace: Trace) -> Run {
    let mut world = World::new(seed, trace);
    let result = match catch_unwind(AssertUnwindSafe(|| scenario.run(&mut world))) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(panic) => Err(format!("panic: {}", panic_text(&*panic))),
    };
    Run { result, counts: world.faults.counts(), trace: world.trace }
}

/// The command that runs one seed again and shows what happens in it.
pub fn replay_command(scenario: &dyn Scenario, seed: u64) -> String {
    let name = scenario.name();
    format!(
        "cargo run --profile tools -p antler-simulations --bin simulate -- \
         --scenario {name} --seeds 1 --first {seed} --trace"
    )
}

fn run_twice(scenario: &dyn Scenario, seed: u64) -> Run {
    let first = run_once(scenario, seed, Trace::hashed());
    if first.result.is_err() {
        return first;
    }
    let second = run_once(scenario, seed, Trace::hashed());
    if second.trace.hash() == first.trace.hash() && second.counts == first.counts {
        return second;
    }
    Run { result: Err("two runs of this seed left different traces".to_owned()), ..first }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a text")
}

impl Report {
    /// Faults that the scenario should bring about and that were never hit.
    pub fn missed(&self, scenario: &dyn Scenario) -> Vec<Fault> {
        scenario.faults().iter().copied().filter(|fault| self.counts.of(*fault) == 0).collect()
    }

    fn take(&mut self, seed: u64, run: Run) {
        self.counts.add(&run.counts);
        match run.result {
            Ok(()) => self.passed += 1,
            Err(reason) => self.failures.push(Failure { seed, reason }),
        }
    }

    fn merge(mut self, other: Self) -> Self {
        self.passed += other.passed;
        self.failures.extend(other.failures);
        self.counts.add(&other.counts);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails, panics or dreams as its seed says.
    struct Moody(AtomicU64);

    impl Scenario for Moody {
        fn name(&self) -> &'static str {
            "moody"
        }

        fn faults(&self) -> &'static [Fault] {
            &[Fault::PowerCut, Fault::LostAck]
        }

        fn run(&self, world: &mut World) -> anyhow::Result<()> {
            world.faults.count(Fault::PowerCut);
            world.trace.note(format_args!("seed {}", world.seed));
            match world.seed {
                3 => anyhow::bail!("three"),
                5 => panic!("five"),
                7 => world.trace.note(format_args!("{}", self.0.fetch_add(1, Ordering::Relaxed))),
                _ => {}
            }
            Ok(())
        }
    }

    #[test]
    fn errors_panics_and_different_traces_are_failures() {
        let scenario = Moody(AtomicU64::new(0));
        let report = run(&scenario, Plan { first: 1, seeds: 8, threads: 2, until_failure: false });
        let reasons: Vec<_> = report.failures.iter().map(|it| (it.seed, it.reason.as_str())).collect();
        assert_eq!(
            reasons,
            [(3, "three"), (5, "panic: five"), (7, "two runs of this seed left different traces")]
        );
        assert_eq!(report.passed, 5);
        assert_eq!(report.counts.of(Fault::PowerCut), 8);
        assert_eq!(report.missed(&scenario), [Fault::LostAck]);
    }

    #[test]
    fn a_plan_may_end_with_the_first_failure() {
        let scenario = Moody(AtomicU64::new(0));
        let report = run(&scenario, Plan { first: 1, seeds: 1_000, threads: 1, until_failure: true });
        assert_eq!((report.passed, report.failures.len()), (2, 1));
    }
}
