//! `fuzz`: looks for bytes that break a promise of a parser.
//!
//! Invariant: exit status 0 means that no run found any, 1 that one did, 2 wrong usage; a finding is
//! printed with the command that replays it. It runs on one thread and keeps no state between runs.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use antler_simulations::fuzz::{Finding, TARGETS, Target};
use clap::Parser;

/// Feed mutated bytes to a parser and check its promises.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to fuzz: lines, queries, pipelines, groups or regexes.
    target: String,
    /// Mutations to try after the seed corpus.
    #[arg(long, default_value_t = 100_000)]
    runs: u64,
    /// The first run, to replay a finding.
    #[arg(long, default_value_t = 0)]
    first: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut out = std::io::stdout().lock();
    let Some(target) = TARGETS.iter().find(|target| target.name == arguments.target) else {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        writeln!(
            std::io::stderr().lock(),
            "there is no target {:?}; there is: {}",
            arguments.target,
            names.join(", ")
        )?;
        return Ok(ExitCode::from(2));
    };
    let corpus = target.corpus()?;
    let Some(finding) = target.search(&corpus, arguments.seed, arguments.first, arguments.runs) else {
        let (name, seeds, runs) = (target.name, corpus.len(), arguments.runs);
        writeln!(out, "{name}: {seeds} seeds and {runs} runs, nothing found")?;
        return Ok(ExitCode::SUCCESS);
    };
    writeln!(out, "{}", described(*target, &finding, arguments.seed))?;
    Ok(ExitCode::FAILURE)
}

fn described(target: Target, finding: &Finding, seed: u64) -> String {
    let mut text =
        format!("{}: a promise is broken by {:?}", target.name, String::from_utf8_lossy(&finding.bytes));
    if let Some(run) = finding.run {
        let command = "cargo run --profile tools -p antler-simulations --bin fuzz --";
        let _ = write!(text, "\nreplay: {command} {} --seed {seed} --first {run} --runs 1", target.name);
    }
    text
}
