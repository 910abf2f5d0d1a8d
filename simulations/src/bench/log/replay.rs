//! Replaying: opening a closed log and reading every event of it.
//!
//! Invariant: what is read has as many bytes as what was appended.
//! The pages may still be in the system's cache: only root could drop them, and CPU is what is measured.

use std::path::Path;

use antler_events::clock::Clock as _;
use antler_events::ids::{Offset, PartitionId};
use antler_events::log::EventLog;
use anyhow::ensure;

use super::{RunningLog, figure, waiting};
use crate::bench::yardstick::Yardstick;
use crate::bench::{Report, Setting, cpu, median};

/// One batch at a time, as a projector reads: larger chunks are returned to the kernel and faulted in again.
const CHUNK_BYTES: usize = 1 << 20;

/// What a replay needed.
#[derive(Debug)]
pub(super) struct Replay {
    cpu_seconds_per_gb: f64,
    megabytes_per_second: f64,
}

pub(super) fn measure(setting: &Setting, dir: &Path, partitions: u16) -> anyhow::Result<Replay> {
    let (started, cpu_before) = (setting.clock.elapsed(), cpu::of_thread());
    let running = RunningLog::open(dir, partitions)?;
    let mut bytes = 0;
    for partition in 0..partitions {
        bytes += read_all(&*running.log, PartitionId::new(partition))?;
    }
    let cpu_seconds = cpu::of_thread() - cpu_before;
    let wall_seconds = (setting.clock.elapsed() - started).as_secs_f64();
    running.close()?;
    ensure!(bytes == setting.corpus.len(), "replay read {bytes} of {} bytes", setting.corpus.len());
    Ok(Replay {
        cpu_seconds_per_gb: cpu_seconds / bytes as f64 * 1e9,
        megabytes_per_second: bytes as f64 / wall_seconds / 1e6,
    })
}

pub(super) fn report(
    report: &mut Report<'_>,
    replays: &[Replay],
    yardstick: &Yardstick,
) -> anyhow::Result<()> {
    let middle = |of: fn(&Replay) -> f64| median(&replays.iter().map(of).collect::<Vec<_>>());
    let cpu = middle(|replay| replay.cpu_seconds_per_gb);
    figure(report, "replay", "cpu", cpu, "cpu-s/GB", Some(yardstick.cpu_seconds_per_gb))?;
    let speed = middle(|replay| replay.megabytes_per_second);
    figure(report, "replay", "speed", speed, "MB/s", Some(yardstick.megabytes_per_second))
}

fn read_all(log: &dyn EventLog, partition: PartitionId) -> anyhow::Result<usize> {
    let runtime = waiting()?;
    let end = log.bounds(partition)?.next;
    let mut next = Offset::FIRST;
    let mut bytes = 0;
    while next < end {
        let chunk = runtime.block_on(log.read(partition, next, CHUNK_BYTES))?;
        bytes += chunk.events.iter().map(|event| event.body.len()).sum::<usize>();
        next = chunk.next;
    }
    Ok(bytes)
}
