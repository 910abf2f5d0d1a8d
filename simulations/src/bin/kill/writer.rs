//! The process that is killed: opens the log, appends from several threads, prints what was acknowledged.
//!
//! Invariant: a line is printed only after the log has answered. It never stops by itself.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use antler_events::files::{FileSystem, RealFiles};
use antler_events::log::EventLog as _;
use antler_events::log::segment::{Opened, SegmentLog, SegmentOptions};

use super::load::{Number, PARTITIONS};

const THREADS: u64 = 4;

/// Small segments, so that a kill often meets a roll.
pub(crate) fn options(dir: &Path) -> SegmentOptions {
    SegmentOptions {
        segment_bytes: 64 << 10,
        index_every_bytes: 4 << 10,
        linger: Duration::from_micros(200),
        ..SegmentOptions::new(dir.to_owned(), PARTITIONS)
    }
}

pub(crate) fn run(dir: &Path, round: u64) -> anyhow::Result<()> {
    let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
    let Opened { log, committers, .. } = SegmentLog::open(&files, options(dir))?;
    thread::scope(|scope| {
        for committer in committers {
            scope.spawn(move || committer.run());
        }
        let senders: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn({
                    let log = &log;
                    move || send(log, round, thread)
                })
            })
            .collect();
        let ended =
            senders.into_iter().try_for_each(|sender| sender.join().expect("a sender does not panic"));
        log.close();
        ended
    })
}

fn send(log: &SegmentLog, round: u64, thread: u64) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for count in 0.. {
        let number = Number::new(round, thread, count);
        let appended = runtime.block_on(log.append(number.partition(), number.append()))?;
        let mut out = io::stdout().lock();
        writeln!(out, "{} {} {}", number.text(), appended.first, appended.hash)?;
        out.flush()?;
    }
    Ok(())
}
