//! Every byte near the end of a log file cut at and flipped: noticed, or without any effect.
//!
//! Invariant: an event that was acknowledged is read as it was, or somebody says that it is not.
//! It uses the simulated disk without faults, because it opens the log some hundred thousand times.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use antler_events::clock::Timestamp;
use antler_events::files::FileSystem;
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::log::segment::{Committer, Finding, Opened, SegmentLog, SegmentOptions};
use antler_events::log::{Append, EventLog as _, NewEvent, ReadError, Recorded};
use antler_events::subject::{Aggregate, Subject};
use antler_events::wire::{EventType, SchemaVersion};
use antler_simulations::world::poll::{poll_now, poll_once};
use antler_simulations::world::{Fault, Faults, Rng, SimulatedClock, SimulatedFiles};

const P0: PartitionId = PartitionId::new(0);
/// The part of a file that is damaged byte by byte.
const TAIL_BYTES: usize = 64 << 10;

fn disk() -> (Arc<SimulatedFiles>, Arc<Faults>) {
    let faults = Arc::new(Faults::new(Rng::new(1)));
    let clock = Arc::new(SimulatedClock::new(Rng::new(2)));
    (Arc::new(SimulatedFiles::new(Arc::clone(&faults), clock)), faults)
}

fn open(files: &Arc<SimulatedFiles>, segment_bytes: u64) -> Opened {
    let files: Arc<dyn FileSystem> = Arc::clone(files) as _;
    let options = SegmentOptions { segment_bytes, ..SegmentOptions::new(PathBuf::from("data/log"), 1) };
    SegmentLog::open(&files, options).unwrap()
}

/// Lines and now and then a control event; half of the bodies do not compress.
fn append(log: &SegmentLog, committer: &mut Committer, number: u64) {
    let mut rng = Rng::new(number);
    let tenant = TenantId::parse("acme").unwrap();
    let subject =
        if rng.chance(200) { Subject::control(tenant, Aggregate::Tenant) } else { Subject::lines(tenant) };
    let mut body = vec![0; rng.between(500, 3_000) as usize];
    if rng.chance(500) {
        rng.fill(&mut body);
    }
    let event = NewEvent {
        subject,
        event_type: EventType(1),
        schema: SchemaVersion(1),
        recorded_at: Timestamp::from_nanos(number as i64),
        body: body.into(),
    };
    let mut answer = log.append(P0, Append { events: vec![event], expected: Vec::new() });
    assert!(poll_once(answer.as_mut()).is_pending());
    committer.commit_queued();
    poll_now(answer).unwrap().unwrap();
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
    /// Grows until the first segment has `bytes`; with a small `segment_bytes` another one follows it.
    fn make(bytes: usize, segment_bytes: u64) -> Self {
        let (disk, _) = disk();
        let Opened { log, mut committers, .. } = open(&disk, segment_bytes);
        let first = Path::new("data/log/p000/00000000000000000001.seg");
        let mut number = 0;
        while disk.bytes(first).unwrap().len() < bytes
            || disk.list(first.parent().unwrap()).unwrap().len() < 2
        {
            number += 1;
            append(&log, &mut committers[0], number);
        }
        append(&log, &mut committers[0], number + 1);
        log.close();
        committers.into_iter().for_each(Committer::finish);
        let in_folder = |dir: &str| {
            let names =
                disk.list(Path::new(dir)).unwrap().into_iter().map(move |name| Path::new(dir).join(name));
            names.filter_map(|path| Some((path.clone(), disk.bytes(&path)?))).collect::<Vec<_>>()
        };
        let files = [in_folder("data/log"), in_folder("data/log/p000")].concat();
        let mut whole = Self { files, events: Vec::new(), segment_bytes };
        whole.events = whole.show("", &[]).events;
        assert_eq!(whole.events.len() as u64, number + 1);
        whole
    }

    fn content(&self, name: &str) -> &[u8] {
        &self.files.iter().find(|(path, _)| path.ends_with(name)).unwrap().1
    }

    /// Opens and reads the log with other bytes in one file.
    fn show(&self, name: &str, bytes: &[u8]) -> Shown {
        let (disk, _) = disk();
        disk.create_dir(Path::new("data/log/p000")).unwrap();
        for (path, original) in &self.files {
            disk.place(path, if path.ends_with(name) && !name.is_empty() { bytes } else { original });
        }
        let Opened { log, findings, .. } = open(&disk, self.segment_bytes);
        let mut shown = Shown { events: Vec::new(), noticed: !findings.is_empty() };
        let end = log.bounds(P0).unwrap().next;
        let mut at = Offset::FIRST;
        while at < end {
            at = match poll_now(log.read(P0, at, 1 << 20)).unwrap() {
                Ok(chunk) => {
                    shown.events.extend(chunk.events);
                    chunk.next
                }
                Err(ReadError::Damaged(damage)) => {
                    shown.noticed = true;
                    assert!(damage.last >= at, "a read stops at damage before it: {damage}");
                    damage.last.plus(1)
                }
                Err(error) => panic!("{error}"),
            };
        }
        shown
    }

    fn check(&self, name: &str, bytes: &[u8], what: &str) {
        let shown = self.show(name, bytes);
        let right = shown.events.iter().all(|event| self.events.contains(event));
        assert!(right, "{name} {what}: an event is read otherwise than it was");
        let complete = shown.events.len() == self.events.len();
        assert!(complete || shown.noticed, "{name} {what}: events are silently gone");
    }

    fn check_all(&self, name: &str, positions: impl Iterator<Item = usize> + Clone + Send) {
        let content = self.content(name);
        std::thread::scope(|scope| {
            let cuts = positions.clone();
            scope
                .spawn(move || cuts.for_each(|at| self.check(name, &content[..at], &format!("cut at {at}"))));
            let mut flipped = content.to_vec();
            for at in positions {
                flipped[at] ^= 1 << (at % 8);
                self.check(name, &flipped, &format!("flipped at {at}"));
                flipped[at] ^= 1 << (at % 8);
            }
        });
    }
}

/// All of the tail when the program is optimised; every hundredth byte, and all of the last ones, when not.
fn positions(content: &[u8]) -> impl Iterator<Item = usize> + Clone + Send + use<> {
    let all: Range<usize> = content.len().saturating_sub(TAIL_BYTES)..content.len();
    let dense = all.end.saturating_sub(300);
    all.filter(move |at| !cfg!(debug_assertions) || at % 101 == 0 || *at >= dense)
}

#[test]
fn every_byte_of_the_newest_segment() {
    let whole = Whole::make(TAIL_BYTES + 2_000, 1 << 20);
    let name = "00000000000000000001.seg";
    whole.check_all(name, positions(whole.content(name)));
}

#[test]
fn every_byte_of_a_full_segment() {
    let whole = Whole::make(TAIL_BYTES, TAIL_BYTES as u64);
    let name = "00000000000000000001.seg";
    assert!(
        whole.files.iter().filter(|(path, _)| path.extension().is_some_and(|it| it == "seg")).count() > 1
    );
    whole.check_all(name, positions(whole.content(name)));
}

#[test]
fn every_byte_of_the_small_files() {
    let whole = Whole::make(4_000, 4_000);
    for name in ["00000000000000000001.idx", "durable"] {
        whole.check_all(name, 0..whole.content(name).len());
    }
}

/// Found by seed 58 of the simulation: the end was cut although the watermark proves it.
#[test]
fn durable_bytes_at_a_bad_end_are_left_where_they_are() {
    let (disk, _) = disk();
    let Opened { log, mut committers, .. } = open(&disk, 1 << 20);
    append(&log, &mut committers[0], 1);
    log.close();
    committers.into_iter().for_each(Committer::finish);
    let segment = Path::new("data/log/p000/00000000000000000001.seg");
    let mut bytes = disk.bytes(segment).unwrap();
    bytes[100] ^= 1;
    disk.place(segment, &bytes);
    let findings = open(&disk, 1 << 20).findings;
    assert!(matches!(findings[..], [Finding::Damaged(_)]), "{findings:?}");
    assert_eq!(disk.bytes(segment).unwrap(), bytes);
}

/// Found by seed 427: it answered before the folder was synced.
#[test]
fn a_truncation_that_was_answered_does_not_come_back() {
    for seed in 0..20 {
        let (disk, faults) = disk();
        faults.random(|rng| *rng = Rng::new(seed));
        let Opened { log, mut committers, .. } = open(&disk, 2_000);
        (0..10).for_each(|number| append(&log, &mut committers[0], number));
        let names = disk.list(Path::new("data/log/p000")).unwrap();
        let second = names.iter().filter_map(|name| name.strip_suffix(".seg")).nth(1).unwrap();
        let below = Offset::new(second.parse().unwrap());
        faults.arm(Fault::SyncDirError, 1000);
        poll_now(log.truncate(P0, below)).unwrap().unwrap_err();
        faults.disarm_all();
        assert_eq!(poll_now(log.truncate(P0, below)).unwrap().unwrap(), below);
        disk.cut_power();
        assert_eq!(open(&disk, 2_000).log.bounds(P0).unwrap().lines_from, below, "seed {seed}");
    }
}

/// Found by seed 15679: the file that says what the folder holds was lost, because an open had failed before.
#[test]
fn a_log_that_was_opened_is_a_log_after_a_power_cut() {
    for seed in 0..20 {
        let (disk, faults) = disk();
        faults.random(|rng| *rng = Rng::new(seed));
        faults.arm(Fault::SyncDirError, 1000);
        let files: Arc<dyn FileSystem> = Arc::clone(&disk) as _;
        SegmentLog::open(&files, SegmentOptions::new(PathBuf::from("data/log"), 1)).unwrap_err();
        faults.disarm_all();
        drop(open(&disk, 1 << 20));
        disk.cut_power();
        assert!(disk.bytes(Path::new("data/log/layout")).is_some(), "seed {seed}");
    }
}
