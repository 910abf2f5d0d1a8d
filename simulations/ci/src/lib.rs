//! Every check of the project, in order: `cargo ci`; `cargo ci fast` those that bring no foreign server or tool.
//!
//! It is a crate of its own, which depends on nothing of the project, so that whoever runs the checks does not wait for a
//! build first.
//! Invariant: a stage that fails does not hide the next one; the run fails when any stage did.
//! It does not judge how long a stage takes: it prints the time and leaves that to the reader.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

mod command;
mod provide;
mod stages;

pub use command::Counts;
use provide::line_that_installs;
pub use provide::provide;
pub use stages::{Install, Stage, Tool, fast, stages};

/// What became of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub stage: &'static str,
    pub took: Duration,
    /// Tests that the stage reported, if it runs tests.
    pub tests: Counts,
    pub failure: Option<Failure>,
}

/// Why a stage failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The command ended with another status than 0, or by a signal.
    Status { code: Option<i32> },
    /// The program, or a part of it, is not installed.
    Missing { install: Install },
    /// The command could not be started, or its output not be read.
    Start { reason: String },
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status { code: Some(code) } => write!(out, "exit status {code}"),
            Self::Status { code: None } => write!(out, "ended by a signal"),
            Self::Missing { install } => {
                write!(out, "not installed; run: {}", line_that_installs(&[*install], true))
            }
            Self::Start { reason } => write!(out, "could not run: {reason}"),
        }
    }
}

/// All outcomes of a run.
#[derive(Debug, Default)]
pub struct Report {
    pub outcomes: Vec<Outcome>,
}

impl Report {
    pub fn is_success(&self) -> bool {
        self.counts().failed == 0
    }

    /// Tests and stages together.
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for outcome in &self.outcomes {
            sum += outcome.tests;
            let failed = u64::from(outcome.failure.is_some());
            sum += Counts { passed: 1 - failed, failed };
        }
        sum
    }
}

/// The table of stages, and the one line that a script reads.
impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{:<24} {:>10}  {:>6}  result", "stage", "time", "tests")?;
        for Outcome { stage, took, tests, failure } in &self.outcomes {
            let run = tests.passed + tests.failed;
            let run = if run == 0 { String::from("-") } else { run.to_string() };
            let result =
                failure.as_ref().map_or_else(|| String::from("ok"), |failure| format!("FAILED: {failure}"));
            writeln!(out, "{stage:<24} {:>8.1} s  {run:>6}  {result}", took.as_secs_f64())?;
        }
        let Counts { passed, failed } = self.counts();
        writeln!(out, "{passed} passed, {failed} failed")
    }
}

/// Runs the stages one after another in the folder `top`; their output passes through.
#[expect(clippy::disallowed_methods, reason = "no simulation runs it, and it is built from nothing of ours")]
pub fn run(stages: &[Stage], top: &Path, out: &mut dyn Write) -> io::Result<Report> {
    let started = Instant::now();
    let mut report = Report::default();
    for stage in stages {
        writeln!(out, "== {}: {}", stage.name, stage.shown())?;
        out.flush()?;
        let before = Instant::now();
        let (tests, failure) = command::run(stage, top, out);
        let took = before.elapsed();
        let result = failure.as_ref().map_or_else(|| String::from("ok"), ToString::to_string);
        writeln!(out, "== {}: {result}, {:.1} s\n", stage.name, took.as_secs_f64())?;
        report.outcomes.push(Outcome { stage: stage.name, took, tests, failure });
    }
    writeln!(out, "== all stages: {:.1} s", started.elapsed().as_secs_f64())?;
    write!(out, "{report}")?;
    out.flush()?;
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(name: &'static str, script: &'static str) -> Stage {
        Stage {
            name,
            program: "sh",
            arguments: vec!["-c", script],
            tool: None,
            counts_tests: true,
            needs_more: false,
        }
    }

    fn run_shown(stages: &[Stage]) -> (Report, String) {
        let mut out = Vec::new();
        let report = run(stages, Path::new("/"), &mut out).unwrap();
        (report, String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_failed_stage_does_not_hide_the_next() {
        let summary = "echo 'test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured'; exit 3";
        let (report, shown) = run_shown(&[shell("first", summary), shell("second", "echo words")]);
        assert!(!report.is_success());
        assert_eq!(report.outcomes[0].failure, Some(Failure::Status { code: Some(3) }));
        assert_eq!(report.outcomes[1].failure, None);
        assert!(shown.contains("words\n"), "{shown}");
        assert_eq!(shown.lines().last(), Some("3 passed, 2 failed"));
    }

    #[test]
    fn a_missing_tool_fails_and_says_what_to_install() {
        let install = Install::Package("dash");
        let tool = Tool { probe: &["sh", "-c", "exit 1"], install };
        let stage = Stage { tool: Some(tool), ..shell("format", "true") };
        let (report, shown) = run_shown(&[stage]);
        assert_eq!(report.outcomes[0].failure, Some(Failure::Missing { install }));
        assert!(
            shown.contains("not installed; run: apt-get update -q && apt-get install -y dash"),
            "{shown}"
        );
    }

    #[test]
    fn a_program_that_is_not_there_fails_its_stage() {
        let stage = Stage { program: "no-such-program", ..shell("lost", "") };
        let (report, _) = run_shown(&[stage]);
        assert!(matches!(report.outcomes[0].failure, Some(Failure::Start { .. })));
    }

    #[test]
    fn without_a_failure_every_stage_counts_as_passed() {
        let (report, shown) = run_shown(&[shell("a", "true"), shell("b", "true")]);
        assert!(report.is_success());
        assert!(shown.ends_with("\n2 passed, 0 failed\n"), "{shown}");
    }
}
