//! Runs the command of one stage and counts the tests it reports.
//!
//! Invariant: what the command prints is passed on line by line, while it runs.
//! It does not read the command's standard error: that goes straight to the terminal.

use std::io::{self, BufRead, BufReader, Write};
use std::ops::AddAssign;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Failure, Stage, Tool};

/// Tests passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

pub(super) fn run(stage: &Stage, top: &Path, out: &mut dyn Write) -> (Counts, Option<Failure>) {
    let mut tests = Counts::default();
    if let Some(tool) = stage.tool.filter(|tool| !is_there(tool, top)) {
        return (tests, Some(Failure::Missing { install: tool.install }));
    }
    let failure = match stream(stage, top, out, &mut tests) {
        Ok(status) if status.success() => None,
        Ok(status) => Some(Failure::Status { code: status.code() }),
        Err(error) => Some(Failure::Start { reason: format!("{}: {error}", stage.program) }),
    };
    (tests, failure)
}

pub(super) fn is_there(tool: &Tool, top: &Path) -> bool {
    let (program, arguments) = tool.probe.split_first().expect("a probe names its program");
    let mut probe = Command::new(program);
    probe.args(arguments).current_dir(top).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

fn stream(
    stage: &Stage,
    top: &Path,
    out: &mut dyn Write,
    tests: &mut Counts,
) -> io::Result<std::process::ExitStatus> {
    let mut command = Command::new(stage.program);
    command.args(&stage.arguments).current_dir(top).stdin(Stdio::null());
    if !stage.counts_tests {
        return command.status();
    }
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().expect("standard output is piped"));
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        out.write_all(&line)?;
        out.flush()?;
        *tests += counts_in(&String::from_utf8_lossy(&line)).unwrap_or_default();
        line.clear();
    }
    child.wait()
}

/// Reads `test result: ok. 12 passed; 0 failed; …`.
fn counts_in(line: &str) -> Option<Counts> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut numbers = counts.split("; ").map(|part| part.split_once(' '));
    let mut number = |word: &str| numbers.next().flatten().filter(|(_, name)| *name == word)?.0.parse().ok();
    Some(Counts { passed: number("passed")?, failed: number("failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_of_a_test_run_is_read() {
        let check = |line: &str, expected: Option<(u64, u64)>| {
            let counts = expected.map(|(passed, failed)| Counts { passed, failed });
            assert_eq!(counts_in(line), counts, "{line}");
        };
        check(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s\n",
            Some((12, 0)),
        );
        check("test result: FAILED. 3 passed; 4 failed; 0 ignored; 0 measured\n", Some((3, 4)));
        check("test ids::tests::a_test ... ok\n", None);
        check("test result: ok. many passed; 0 failed\n", None);
        check("test result: ok. 1 skipped; 0 failed\n", None);
    }
}
