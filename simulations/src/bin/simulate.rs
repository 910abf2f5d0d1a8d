//! `simulate`: runs scenarios over many seeds and says what failed and how to see it again.
//!
//! Invariant: it ends with a failure if a seed failed, or if a long run never hit a fault it should hit.
//! It does not choose seeds at random: the same command does the same work.

use std::io::{self, Write};
use std::process::ExitCode;

use antler_events::clock::{Clock as _, SystemClock};
use antler_simulations::harness::{self, Plan, Scenario};
use antler_simulations::scenario;
use antler_simulations::world::Trace;
use anyhow::Context as _;
use clap::Parser;

/// Runs simulated worlds, one per seed.
#[derive(Debug, Parser)]
#[command(name = "simulate")]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Only this scenario.
    #[arg(long)]
    scenario: Option<String>,
    /// Threads that run worlds.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Print what happens in each world.
    #[arg(long)]
    trace: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let wanted = |name: &str| arguments.scenario.as_deref().is_none_or(|only| only == name);
    let scenarios: Vec<_> = scenario::all().into_iter().filter(|it| wanted(it.name())).collect();
    anyhow::ensure!(
        !scenarios.is_empty(),
        "there is no scenario {:?}",
        arguments.scenario.unwrap_or_default()
    );
    // Panics are reported as failures of their seed.
    std::panic::set_hook(Box::new(|_| {}));
    let is_good = simulate(&scenarios, &arguments, &mut io::stdout().lock())?;
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Answers whether nothing failed; the last line tells how much did.
fn simulate(
    scenarios: &[Box<dyn Scenario>],
    arguments: &Arguments,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let (mut passed, mut failed) = (0, 0);
    for scenario in scenarios {
        let (good, bad) = if arguments.trace {
            replay(&**scenario, arguments, out)?
        } else {
            run(&**scenario, arguments, out)?
        };
        passed += good;
        failed += bad;
    }
    writeln!(out, "{passed} passed, {failed} failed")?;
    Ok(failed == 0)
}

/// Runs every seed once and prints its trace.
fn replay(scenario: &dyn Scenario, arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<(u64, u64)> {
    let (mut passed, mut failed) = (0, 0);
    for seed in arguments.first..arguments.first.saturating_add(arguments.seeds) {
        let run = harness::run_once(scenario, seed, Trace::kept());
        out.write_all(run.trace.text().as_bytes())?;
        match run.result {
            Ok(()) => passed += 1,
            Err(reason) => {
                failed += 1;
                writeln!(out, "FAILED {} seed {seed}: {reason}", scenario.name())?;
            }
        }
    }
    Ok((passed, failed))
}

fn run(scenario: &dyn Scenario, arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<(u64, u64)> {
    let Arguments { first, seeds, threads, .. } = *arguments;
    let clock = SystemClock::new();
    let report = harness::run(scenario, Plan { first, seeds, threads, until_failure: false });
    let seconds = clock.elapsed().as_secs_f64();
    let name = scenario.name();
    for failure in &report.failures {
        writeln!(out, "FAILED {name} seed {}: {}", failure.seed, failure.reason)?;
        writeln!(out, "  {}", harness::replay_command(scenario, failure.seed))?;
    }
    writeln!(
        out,
        "{name}: {seeds} seeds, each twice, in {seconds:.1} s: {:.0} seeds/s",
        seeds as f64 / seconds
    )?;
    for fault in scenario.faults() {
        writeln!(out, "  {:>10}  {}", report.counts.of(*fault), fault.name())?;
    }
    let mut failed = report.failures.len() as u64;
    if seeds >= harness::SEEDS_FOR_EVERY_FAULT {
        for fault in report.missed(scenario) {
            writeln!(out, "FAILED {name}: no world had a {}", fault.name())?;
            failed += 1;
        }
    }
    out.flush().context("the report cannot be written")?;
    Ok((report.passed, failed))
}

#[cfg(test)]
mod tests {
    use antler_simulations::world::{Fault, World};

    use super::*;

    /// Fails in one world.
    struct Unlucky;

    impl Scenario for Unlucky {
        fn name(&self) -> &'static str {
            "unlucky"
        }

        fn faults(&self) -> &'static [Fault] {
            &[Fault::PowerCut]
        }

        fn run(&self, world: &mut World) -> anyhow::Result<()> {
            world.trace.note(format_args!("a world"));
            anyhow::ensure!(world.seed != 13, "thirteen");
            Ok(())
        }
    }

    fn said(first: u64, seeds: u64, trace: bool) -> (bool, String) {
        let arguments = Arguments { seeds, first, scenario: None, threads: 1, trace };
        let mut out = Vec::new();
        let is_good = simulate(&[Box::new(Unlucky)], &arguments, &mut out).unwrap();
        (is_good, String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_last_line_tells_how_many_passed_and_failed() {
        let check = |first, seeds, trace, expected: &str| {
            let (is_good, said) = said(first, seeds, trace);
            assert_eq!(said.lines().last(), Some(expected), "{said}");
            assert!(said.ends_with('\n') && is_good == expected.ends_with(" 0 failed"), "{said}");
        };
        check(1, 10, false, "10 passed, 0 failed");
        check(10, 5, false, "4 passed, 1 failed");
        check(13, 1, true, "0 passed, 1 failed");
        // Of so many worlds none had the fault that the scenario is about: that is one more.
        check(1, harness::SEEDS_FOR_EVERY_FAULT, false, "499 passed, 2 failed");
    }

    #[test]
    fn a_failure_tells_its_seed_and_the_command_that_shows_it_again() {
        let (_, said) = said(13, 1, false);
        assert!(said.contains("FAILED unlucky seed 13: thirteen\n"), "{said}");
        assert!(
            said.contains("--bin simulate -- --scenario unlucky --seeds 1 --first 13 --trace\n"),
            "{said}"
        );
    }
}
