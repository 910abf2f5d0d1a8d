//! Appending: many senders that each wait for their acknowledgement before the next batch.
//!
//! Invariant: the figure holds all CPU of the process, senders, writers and their wake-ups.
//! The senders do not parse: a body is the raw lines, the same bytes as the yardstick's.

use std::path::Path;

use antler_events::clock::{Clock as _, SystemClock};
use antler_events::ids::{PartitionId, TenantId};
use antler_events::log::EventLog;
use antler_events::subject::Subject;
use anyhow::Context as _;
use bytes::Bytes;

use super::{RunningLog, lines, waiting};
use crate::bench::{Setting, batches, cpu};

/// How the corpus is appended.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) batch_bytes: usize,
    pub(super) writers: usize,
    pub(super) partitions: u16,
}

/// What it cost.
#[derive(Debug)]
pub(super) struct Cost {
    pub(super) cpu_seconds_per_gb: f64,
    pub(super) megabytes_per_second: f64,
    /// Stored bytes of one byte that went in.
    pub(super) stored: f64,
    pub(super) appends_per_sync: f64,
    pub(super) ack_ms: Vec<f64>,
}

/// Leaves the log in `dir`.
pub(super) fn measure(setting: &Setting, case: &Case, dir: &Path) -> anyhow::Result<Cost> {
    let batches = batches(&setting.corpus, case.batch_bytes);
    let (started, cpu_before) = (setting.clock.elapsed(), cpu::of_thread());
    let running = RunningLog::open(dir, case.partitions)?;
    let log = running.log.clone();
    let sent = send_all(&*log, &batches, case, &setting.clock)?;
    let statistics = log.statistics();
    let writers_cpu_seconds = running.close()?;
    let cpu_seconds = cpu::of_thread() - cpu_before + writers_cpu_seconds + sent.cpu_seconds;
    let wall_seconds = (setting.clock.elapsed() - started).as_secs_f64();
    let bytes = setting.corpus.len() as f64;
    let stored: u64 = statistics.iter().map(|partition| partition.stored_bytes).sum();
    let appends: u64 = statistics.iter().map(|partition| partition.appends).sum();
    let syncs: u64 = statistics.iter().map(|partition| partition.syncs).sum();
    Ok(Cost {
        cpu_seconds_per_gb: cpu_seconds / bytes * 1e9,
        megabytes_per_second: bytes / wall_seconds / 1e6,
        stored: stored as f64 / bytes,
        appends_per_sync: appends as f64 / syncs as f64,
        ack_ms: sent.ack_ms,
    })
}

/// What senders did.
#[derive(Default)]
struct Sent {
    /// How long each acknowledgement took.
    ack_ms: Vec<f64>,
    cpu_seconds: f64,
}

fn send_all(log: &dyn EventLog, batches: &[Bytes], case: &Case, clock: &SystemClock) -> anyhow::Result<Sent> {
    std::thread::scope(|scope| {
        // Named, so that a profiler tells the cases apart.
        let named = || std::thread::Builder::new().name(case.name.to_owned());
        let start = |sender| named().spawn_scoped(scope, move || send(log, batches, case, sender, clock));
        let senders = (0..case.writers).map(start).collect::<std::io::Result<Vec<_>>>()?;
        let mut all = Sent::default();
        for sender in senders {
            let sent = sender.join().ok().context("a sender panicked")??;
            all.ack_ms.extend(sent.ack_ms);
            all.cpu_seconds += sent.cpu_seconds;
        }
        Ok(all)
    })
}

/// One sender: every so-many-th batch, as a tenant of its own.
fn send(
    log: &dyn EventLog,
    batches: &[Bytes],
    case: &Case,
    sender: usize,
    clock: &SystemClock,
) -> anyhow::Result<Sent> {
    let runtime = waiting()?;
    let subject = Subject::lines(TenantId::parse(&format!("tenant-{sender}"))?);
    let partition = PartitionId::new((sender % usize::from(case.partitions)) as u16);
    let mut ack_ms = Vec::new();
    for batch in batches.iter().skip(sender).step_by(case.writers) {
        let sent = clock.elapsed();
        runtime.block_on(log.append(partition, lines(subject, batch.clone())))?;
        ack_ms.push((clock.elapsed() - sent).as_secs_f64() * 1e3);
    }
    Ok(Sent { ack_ms, cpu_seconds: cpu::of_thread() })
}
