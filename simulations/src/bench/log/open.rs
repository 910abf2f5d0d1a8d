//! Opening a large log: how long a restart waits for it.
//!
//! The log is a true one, of 10,000 tenants with lines and control events, made of bodies that do not
//! compress so that it grows quickly. Invariant: the size that is printed is the size on disk.
//! Nothing is read after the open; replay is measured elsewhere.

use std::path::Path;

use antler_events::clock::Clock as _;
use antler_events::ids::{PartitionId, TenantId, UserId};
use antler_events::log::{Append, EventLog};
use antler_events::subject::{Aggregate, Subject};
use bytes::Bytes;

use super::{RunningLog, figure, lines, waiting};
use crate::bench::{ROUNDS, Report, Setting, median};
use crate::draw::Draw;

const PARTITIONS: u16 = 2;
/// 10 GB for the default corpus.
const BYTES_PER_CORPUS_BYTE: u64 = 40;
const BYTES_MAX: u64 = 10_000_000_000;
/// As much as the index of a segment resolves: smaller bodies would not make it larger.
const BODY_BYTES: usize = 64 << 10;
const EVENTS_PER_APPEND: u64 = 64;
const TENANTS: u64 = 10_000;

pub(super) fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    let dir = setting.dir.join("large");
    let bytes = (setting.corpus.len() as u64 * BYTES_PER_CORPUS_BYTE).min(BYTES_MAX);
    report.note(&format!("log: writing {:.1} GB to open", bytes as f64 / 1e9))?;
    fill(&dir, bytes)?;
    let mut seconds = Vec::new();
    let mut bytes_on_disk = 0;
    for _ in 0..ROUNDS {
        let started = setting.clock.elapsed();
        let running = RunningLog::open(&dir, PARTITIONS)?;
        seconds.push((setting.clock.elapsed() - started).as_secs_f64());
        bytes_on_disk = running.log.statistics().iter().map(|partition| partition.disk_bytes).sum();
        running.close()?;
    }
    std::fs::remove_dir_all(&dir)?;
    figure(report, "open", "size", bytes_on_disk as f64 / 1e9, "GB", None)?;
    figure(report, "open", "time", median(&seconds), "s", None)
}

fn fill(dir: &Path, bytes: u64) -> anyhow::Result<()> {
    let running = RunningLog::open(dir, PARTITIONS)?;
    let runtime = waiting()?;
    let mut draw = Draw::new(1);
    let noise: Vec<u8> = (0..BODY_BYTES * 64 / 8).flat_map(|_| draw.number().to_le_bytes()).collect();
    let noise = Bytes::from(noise);
    let appends = bytes / (EVENTS_PER_APPEND * BODY_BYTES as u64) + 1;
    for number in 0..appends {
        let partition = PartitionId::new((number % u64::from(PARTITIONS)) as u16);
        runtime.block_on(running.log.append(partition, append(&noise, &mut draw)?))?;
    }
    running.close()?;
    Ok(())
}

/// Many events of lines, and one that a member of a tenant caused.
fn append(noise: &Bytes, draw: &mut Draw) -> anyhow::Result<Append> {
    let mut append = Append::default();
    for number in 0..=EVENTS_PER_APPEND {
        let tenant = TenantId::parse(&format!("tenant-{}", draw.skewed(TENANTS)))?;
        let start = draw.below((noise.len() - BODY_BYTES) as u64) as usize;
        let (subject, body) = if number == EVENTS_PER_APPEND {
            let user = UserId::parse(&format!("user-{}", draw.below(5)))?;
            (Subject::control(tenant, Aggregate::Member(user)), noise.slice(start..start + 200))
        } else {
            (Subject::lines(tenant), noise.slice(start..start + BODY_BYTES))
        };
        append.events.extend(lines(subject, body).events);
    }
    Ok(append)
}
