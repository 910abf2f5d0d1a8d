//! A program that a test started, with all that it says.
//!
//! Invariant: it and what it started are gone when this is dropped, also when the test has failed. It does not know what
//! the program is for, and does not start it again.

use std::fs::{self, OpenOptions};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::cache::end_of;
use super::patience::wait_for;
use super::process::{End, Leader};

const END_WITHIN: Duration = Duration::from_secs(10);

/// It leads a group of its own.
#[derive(Debug)]
pub struct Running {
    child: Child,
    leader: Leader,
    log: PathBuf,
}

impl Running {
    /// What it says goes behind what the log already holds.
    pub fn start(command: &mut Command, log: &Path) -> anyhow::Result<Self> {
        let output = OpenOptions::new().create(true).append(true).open(log);
        let output = output.with_context(|| format!("cannot write to {}", log.display()))?;
        command.stdin(Stdio::null()).stderr(output.try_clone()?).stdout(output).process_group(0);
        let program = command.get_program().display().to_string();
        let child = command.spawn().with_context(|| format!("cannot start {program}"))?;
        let leader = Leader::of(child.id())?;
        Ok(Self { child, leader, log: log.to_owned() })
    }

    /// The end of what it has said.
    pub fn said(&self) -> String {
        end_of(&self.log)
    }

    /// Whether it has said that.
    pub fn has_said(&self, words: &str) -> bool {
        fs::read(&self.log).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(words))
    }

    /// How it ended, if it has.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits until it has ended well.
    pub fn finish(&mut self, patience: Duration) -> anyhow::Result<()> {
        match wait_for(patience, || self.status()) {
            Some(status) if status.success() => Ok(()),
            Some(status) => bail!("it ended with {status}; it said:\n{}", self.said()),
            None => bail!("it did not end; it said:\n{}", self.said()),
        }
    }

    /// Without asking.
    pub fn kill9(&mut self) {
        self.leader.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end, waits, and kills it if it does not.
    pub fn stop(&mut self) -> End {
        let end = self.leader.stop(END_WITHIN);
        let _ = self.child.wait();
        end
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_it_ended_and_what_it_said_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let run = |script: &str| {
            let mut running = Running::start(Command::new("sh").args(["-c", script]), &log).unwrap();
            running.finish(Duration::from_secs(60)).map_err(|error| error.to_string())
        };
        assert_eq!(run("echo words"), Ok(()));
        let expected = "it ended with exit status: 3; it said:\n  words\n  more";
        assert_eq!(run("echo more >&2; exit 3"), Err(expected.to_owned()));
    }

    #[test]
    fn what_it_started_ends_when_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        let running =
            Running::start(command.args(["-c", "sleep 600 & sleep 600"]), &folder.path().join("log"));
        let running = running.unwrap();
        let leader = running.leader.clone();
        assert!(leader.is_alive());
        drop(running);
        assert!(!leader.is_alive());
    }
}
