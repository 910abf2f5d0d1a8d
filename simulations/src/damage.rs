//! Every byte near the end of a log file cut at and flipped: noticed, or without any effect.
//!
//! Invariant: an event that was acknowledged is read as it was, or somebody says that it is not.
//! It uses the simulated disk without faults, because it opens the log some hundred thousand times.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use antler_events::clock::Timestamp;
use antler_events::files::FileSystem;
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::log::segment::{Committer, OpenError, Opened, SegmentLog, SegmentOptions};
use antler_events::log::{Append, EventLog as _, NewEvent, ReadError, Recorded};
use antler_events::subject::{Aggregate, Subject};
use antler_events::wire::{EventType, SchemaVersion};
use anyhow::{Context as _, ensure};

use crate::world::poll::{poll_now, poll_once};
use crate::world::{Faults, Rng, SimulatedClock, SimulatedFiles};

/// The part of a file that is damaged byte by byte.
const TAIL_BYTES: u64 = 64 << 10;
/// The last bytes are damaged one by one even if only a sample of the others is.
const END_BYTES: usize = 300;
/// The only partition.
pub const PARTITION: PartitionId = PartitionId::new(0);
/// The first segment, which is the one that is damaged.
pub const SEGMENT: &str = "data/log/p000/00000000000000000001.seg";

/// A file and how a log looks in which it is interesting.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub what: &'static str,
    path: &'static str,
    /// A segment grows to this size before the next one begins.
    segment_bytes: u64,
    /// The first segment has at least this size.
    grown_bytes: u64,
}

/// Everything that is damaged.
pub const TARGETS: [Target; 4] = [
    Target {
        what: "the newest segment",
        path: SEGMENT,
        segment_bytes: 1 << 30,
        grown_bytes: TAIL_BYTES + 2_000,
    },
    Target { what: "a full segment", path: SEGMENT, segment_bytes: TAIL_BYTES, grown_bytes: TAIL_BYTES },
    Target {
        what: "an index",
        path: "data/log/p000/00000000000000000001.idx",
        segment_bytes: 4_000,
        grown_bytes: 4_000,
    },
    Target { what: "a watermark", path: "data/log/p000/durable", segment_bytes: 4_000, grown_bytes: 4_000 },
];

/// A disk and its faults.
pub fn disk(seed: u64) -> (Arc<SimulatedFiles>, Arc<Faults>) {
    let mut rng = Rng::new(seed);
    let faults = Arc::new(Faults::new(rng.fork()));
    let clock = Arc::new(SimulatedClock::new(rng));
    (Arc::new(SimulatedFiles::new(Arc::clone(&faults), clock)), faults)
}

pub fn open(files: &Arc<SimulatedFiles>, segment_bytes: u64) -> Result<Opened, OpenError> {
    let files: Arc<dyn FileSystem> = Arc::clone(files) as _;
    let options = SegmentOptions { segment_bytes, ..SegmentOptions::new(PathBuf::from("data/log"), 1) };
    SegmentLog::open(&files, options)
}

/// Appends an event that follows from its number: lines, now and then control; half of the bodies do not compress.
pub fn append(log: &SegmentLog, committer: &mut Committer, number: u64) -> anyhow::Result<()> {
    let mut rng = Rng::new(number);
    let tenant = TenantId::parse("acme")?;
    let control = Subject::control(tenant, Aggregate::Tenant);
    let mut body = vec![0; rng.between(500, 3_000) as usize];
    if rng.chance(500) {
        rng.fill(&mut body);
    }
    let event = NewEvent {
        subject: if rng.chance(200) { control } else { Subject::lines(tenant) },
        event_type: EventType(1),
        schema: SchemaVersion(1),
        recorded_at: Timestamp::from_nanos(number as i64),
        body: body.into(),
    };
    let mut answer = log.append(PARTITION, Append { events: vec![event], expected: Vec::new() });
    ensure!(poll_once(answer.as_mut()).is_pending(), "an append is answered before its commit");
    committer.commit_queued();
    poll_now(answer).context("an append has no answer after its commit")??;
    Ok(())
}

/// Damages a file at every nth byte of its last 64 KiB, in both ways; answers how often that was.
pub fn check(target: Target, every: usize) -> anyhow::Result<usize> {
    let whole = Whole::make(target)?;
    let length = whole.content(target.path)?.len();
    let sample = |at: &usize| at.is_multiple_of(every) || at + END_BYTES >= length;
    let positions: Vec<usize> = (length.saturating_sub(TAIL_BYTES as usize)..length).filter(sample).collect();
    let (front, back) = positions.split_at(positions.len() / 2);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| whole.check_at(target, front));
        whole.check_at(target, back)?;
        other.join().map_err(|_| anyhow::anyhow!("a damaged log makes the program panic"))?
    })?;
    Ok(2 * positions.len())
}

/// The files of a log that was closed in good order, and what it holds.
struct Whole {
    files: Vec<(PathBuf, Vec<u8>)>,
    events: Vec<Recorded>,
    segment_bytes: u64,
}

/// What a log shows: events, and whether anybody says that something is wrong.
struct Shown {
    events: Vec<Recorded>,
    noticed: bool,
}

impl Whole {
    fn make(target: Target) -> anyhow::Result<Self> {
        let (disk, _) = disk(1);
        let Opened { log, mut committers, .. } = open(&disk, target.segment_bytes)?;
        let mut number = 0;
        while (disk.bytes(Path::new(SEGMENT)).unwrap_or_default().len() as u64) < target.grown_bytes {
            number += 1;
            append(&log, &mut committers[0], number)?;
        }
        append(&log, &mut committers[0], number + 1)?;
        log.close();
        committers.into_iter().for_each(Committer::finish);
        let mut files = Vec::new();
        for dir in ["data/log", "data/log/p000"].map(Path::new) {
            let paths = disk.list(dir)?.into_iter().map(|name| dir.join(name));
            files.extend(paths.filter_map(|path| Some((path.clone(), disk.bytes(&path)?))));
        }
        let mut whole = Self { files, events: Vec::new(), segment_bytes: target.segment_bytes };
        whole.events = whole.show(Path::new(""), &[])?.events;
        ensure!(whole.events.len() as u64 == number + 1, "the log is not whole before it is damaged");
        Ok(whole)
    }

    fn content(&self, path: &str) -> anyhow::Result<&[u8]> {
        let found = self.files.iter().find(|(other, _)| other == Path::new(path));
        found.map(|(_, bytes)| bytes.as_slice()).with_context(|| format!("there is no {path}"))
    }

    fn check_at(&self, target: Target, positions: &[usize]) -> anyhow::Result<()> {
        let content = self.content(target.path)?;
        let mut flipped = content.to_vec();
        for &at in positions {
            let Target { what, path, .. } = target;
            self.compare(path, &content[..at]).with_context(|| format!("{what} cut at {at}"))?;
            flipped[at] ^= 1 << (at % 8);
            self.compare(path, &flipped).with_context(|| format!("{what} flipped at {at}"))?;
            flipped[at] ^= 1 << (at % 8);
        }
        Ok(())
    }

    fn compare(&self, path: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let shown = self.show(Path::new(path), bytes)?;
        let right = shown.events.iter().all(|event| self.events.contains(event));
        ensure!(right, "an event is read otherwise than it was");
        let complete = shown.events.len() == self.events.len();
        ensure!(complete || shown.noticed, "events are silently gone");
        Ok(())
    }

    /// Opens and reads the log with other bytes in one file.
    fn show(&self, damaged: &Path, bytes: &[u8]) -> anyhow::Result<Shown> {
        let (disk, _) = disk(1);
        disk.create_dir(Path::new("data/log/p000"))?;
        for (path, original) in &self.files {
            disk.place(path, if path == damaged { bytes } else { original });
        }
        let Opened { log, findings, .. } = open(&disk, self.segment_bytes)?;
        let mut shown = Shown { events: Vec::new(), noticed: !findings.is_empty() };
        let end = log.bounds(PARTITION)?.next;
        let mut at = Offset::FIRST;
        while at < end {
            at = match poll_now(log.read(PARTITION, at, 1 << 20)).context("a read waits")? {
                Ok(chunk) => {
                    shown.events.extend(chunk.events);
                    chunk.next
                }
                Err(ReadError::Damaged(damage)) => {
                    shown.noticed = true;
                    ensure!(damage.last >= at, "a read stops at damage before it: {damage}");
                    damage.last.plus(1)
                }
                Err(error) => return Err(error.into()),
            };
        }
        Ok(shown)
    }
}
