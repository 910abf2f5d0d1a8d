//! Bench `log`: what the embedded event log costs to append to, to replay and to open.
//!
//! Each round measures the yardstick and every case once, one after the other, so that a machine that
//! changes its speed changes both; medians of the rounds are compared. Invariant: every append was
//! acknowledged and every byte is counted again at replay. It measures no projections and no network.

mod append;
mod open;
mod replay;

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use antler_events::clock::Timestamp;
use antler_events::files::{FileSystem, RealFiles};
use antler_events::log::segment::{Committer, Opened, SegmentLog, SegmentOptions};
use antler_events::log::{Append, NewEvent};
use antler_events::subject::Subject;
use antler_events::wire::{EventType, SchemaVersion};
use anyhow::{Context as _, ensure};
use bytes::Bytes;

use self::append::{Case, Cost};
use super::yardstick::{self, Yardstick};
use super::{Figure, ROUNDS, Report, Setting, cpu, median, percentile};

/// The first is what a server with two cores does, and what is replayed.
const CASES: [Case; 3] = [
    Case { name: "append_1mb_2_writers", batch_bytes: 1_000_000, writers: 2, partitions: 2 },
    Case { name: "append_1mb_2_writers_1_partition", batch_bytes: 1_000_000, writers: 2, partitions: 1 },
    Case { name: "append_20kb_16_writers", batch_bytes: 20_000, writers: 16, partitions: 1 },
];

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    let mut yardsticks = Vec::new();
    let mut costs: [Vec<Cost>; CASES.len()] = Default::default();
    let mut replays = Vec::new();
    for round in 1..=ROUNDS {
        report.note(&format!("log: round {round} of {ROUNDS}"))?;
        yardsticks.push(yardstick::measure(setting)?);
        for (at, case) in CASES.iter().enumerate() {
            let dir = setting.dir.join(case.name);
            costs[at].push(append::measure(setting, case, &dir)?);
            if at == 0 {
                replays.push(replay::measure(setting, &dir, case.partitions)?);
            }
            std::fs::remove_dir_all(&dir)?;
        }
    }
    let yardstick = of_rounds(&yardsticks);
    figure(report, "yardstick", "cpu", yardstick.cpu_seconds_per_gb, "cpu-s/GB", None)?;
    for (case, costs) in CASES.iter().zip(&costs) {
        report_append(report, case, costs, &yardstick)?;
    }
    replay::report(report, &replays, &yardstick)?;
    open::run(setting, report)
}

/// The medians of all rounds, and all their syncs.
fn of_rounds(rounds: &[Yardstick]) -> Yardstick {
    let middle = |of: fn(&Yardstick) -> f64| median(&rounds.iter().map(of).collect::<Vec<_>>());
    Yardstick {
        cpu_seconds_per_gb: middle(|round| round.cpu_seconds_per_gb),
        megabytes_per_second: middle(|round| round.megabytes_per_second),
        stored: middle(|round| round.stored),
        sync_ms: rounds.iter().flat_map(|round| round.sync_ms.iter().copied()).collect(),
    }
}

fn report_append(
    report: &mut Report<'_>,
    case: &Case,
    rounds: &[Cost],
    yardstick: &Yardstick,
) -> anyhow::Result<()> {
    let middle = |of: &dyn Fn(&Cost) -> f64| median(&rounds.iter().map(of).collect::<Vec<_>>());
    let sync = |percent| Some(percentile(&yardstick.sync_ms, percent));
    let ack = |percent| middle(&|cost| percentile(&cost.ack_ms, percent));
    let mut line = |what, value, unit, yardstick| figure(report, case.name, what, value, unit, yardstick);
    let cpu = middle(&|cost| cost.cpu_seconds_per_gb);
    line("cpu", cpu, "cpu-s/GB", Some(yardstick.cpu_seconds_per_gb))?;
    let speed = middle(&|cost| cost.megabytes_per_second);
    line("speed", speed, "MB/s", Some(yardstick.megabytes_per_second))?;
    line("stored", middle(&|cost| cost.stored), "B/B", Some(yardstick.stored))?;
    line("appends_per_sync", middle(&|cost| cost.appends_per_sync), "1", None)?;
    line("ack_p50", ack(50), "ms", sync(50))?;
    line("ack_p99", ack(99), "ms", sync(99))
}

fn figure(
    report: &mut Report<'_>,
    case: &str,
    what: &str,
    value: f64,
    unit: &'static str,
    yardstick: Option<f64>,
) -> anyhow::Result<()> {
    report.figure(&Figure { name: format!("log.{case}.{what}"), value, unit, yardstick })
}

/// A log whose writers run, each on its own thread, until `close`.
pub(super) struct RunningLog {
    pub(super) log: Arc<SegmentLog>,
    writers: Vec<JoinHandle<f64>>,
}

impl RunningLog {
    pub(super) fn open(dir: &Path, partitions: u16) -> anyhow::Result<Self> {
        let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
        let options = SegmentOptions::new(dir.to_owned(), partitions);
        let Opened { log, committers, findings } = SegmentLog::open(&files, options)?;
        ensure!(findings.is_empty(), "the log in {} is not whole: {}", dir.display(), findings[0]);
        let named = || std::thread::Builder::new().name("log-writer".to_owned());
        let start = |committer| named().spawn(|| write(committer));
        let writers = committers.into_iter().map(start).collect::<std::io::Result<_>>()?;
        Ok(Self { log, writers })
    }

    /// Lets the writers finish, and answers their CPU seconds.
    pub(super) fn close(self) -> anyhow::Result<f64> {
        self.log.close();
        cpu_of_all(self.writers)
    }
}

fn write(committer: Committer) -> f64 {
    committer.run();
    cpu::of_thread()
}

fn cpu_of_all(threads: Vec<JoinHandle<f64>>) -> anyhow::Result<f64> {
    let ended = threads.into_iter().map(|thread| thread.join().ok().context("a writer panicked"));
    ended.sum()
}

/// An append of one event of lines.
fn lines(subject: Subject, body: Bytes) -> Append {
    let event = NewEvent {
        subject,
        event_type: EventType(1),
        schema: SchemaVersion(1),
        recorded_at: Timestamp::from_nanos(1_772_352_000_000_000_000),
        body,
    };
    Append { events: vec![event], expected: Vec::new() }
}

/// Waits for a future of the log, which needs no runtime but one thread that sleeps.
fn waiting() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().build()?)
}

#[cfg(test)]
mod tests {
    use antler_events::clock::SystemClock;

    use super::*;
    use crate::corpus::Corpus;

    #[test]
    fn every_case_reports_figures_of_five_columns() {
        let dir = tempfile::tempdir().unwrap();
        let corpus = Corpus::new(1).write_bytes(300_000).into();
        let setting = Setting {
            corpus,
            dir: dir.path().to_owned(),
            clock: SystemClock::new(),
            samples: None,
            is_aged: false,
            tenants: 1,
            workers: 1,
            questions: Vec::new(),
        };
        let (mut figures, mut notes) = (Vec::new(), Vec::new());
        run(&setting, &mut Report { figures: &mut figures, notes: &mut notes }).unwrap();
        let figures = String::from_utf8(figures).unwrap();
        for line in figures.lines() {
            let columns: Vec<&str> = line.split('\t').collect();
            assert_eq!(columns.len(), 5, "{line}");
            assert!(
                columns[0].starts_with("log.") && columns[1].parse::<f64>().unwrap().is_finite(),
                "{line}"
            );
        }
        for case in CASES {
            assert_eq!(figures.matches(&format!("log.{}.", case.name)).count(), 6, "{figures}");
        }
        assert!(figures.contains("log.replay.cpu\t") && figures.contains("log.open.time\t"), "{figures}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
