//! The segment log on real files: conformance, reopening, damage by hand.

mod full_disk;

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::*;
use crate::clock::Timestamp;
use crate::files::RealFiles;
use crate::ids::TenantId;
use crate::log::conformance::CASES;
use crate::log::{NewEvent, Recorded};
use crate::wire::{EventType, SchemaVersion};

const P0: PartitionId = PartitionId::new(0);

#[test]
fn it_conforms() {
    for case in CASES {
        let dir = tempfile::tempdir().unwrap();
        let running = Running::open(small_options(dir.path(), 2));
        block_on((case.run)(Arc::clone(&running.log) as Arc<dyn EventLog>));
        running.stop();
        let verification = verify_whole(dir.path());
        assert!(verification.findings.is_empty(), "{}: {:?}", case.name, verification.findings);
    }
}

#[test]
fn everything_is_there_after_a_reopen_and_the_chain_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..4 {
        let running = Running::open(small_options(dir.path(), 1));
        assert_eq!(running.findings, []);
        assert_eq!(running.read_all().len(), round * 50);
        running.append_many(50);
        running.stop();
    }
    let verification = verify_whole(dir.path());
    assert!(verification.is_whole() && verification.findings.is_empty());
    assert_eq!((verification.events, verification.chains), (200, 1));
    assert!(verification.segments > 5, "{verification:?}");
}

#[test]
fn an_unacknowledged_tail_is_cut_and_named() {
    let dir = written(3);
    let file = segments(dir.path()).pop().unwrap();
    let whole = std::fs::read(&file).unwrap();
    let mut torn = whole.clone();
    torn.extend_from_slice(&whole[40..140]);
    std::fs::write(&file, torn).unwrap();
    let running = Running::open(small_options(dir.path(), 1));
    assert!(
        matches!(&running.findings[..], [Finding::TornTail { bytes: 100, .. }]),
        "{:?}",
        running.findings
    );
    assert_eq!(running.read_all().len(), 3);
    running.stop();
    assert_eq!(std::fs::read(&file).unwrap(), whole);
}

#[test]
fn a_cut_of_acknowledged_bytes_is_damage_and_their_offsets_are_not_used_again() {
    let dir = written(3);
    let file = segments(dir.path()).pop().unwrap();
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    assert!(!verify_whole(dir.path()).is_whole());
    for _ in 0..2 {
        let running = Running::open(small_options(dir.path(), 1));
        assert!(matches!(&running.findings[..], [.., Finding::Damaged(_)]), "{:?}", running.findings);
        running.stop();
    }
    let running = Running::open(small_options(dir.path(), 1));
    assert_eq!(running.append_many(1), Offset::new(4));
    match block_on(running.log.read(P0, Offset::new(3), 1)) {
        Err(ReadError::Damaged(damage)) => assert_eq!((damage.first.number(), damage.last.number()), (3, 3)),
        other => panic!("expected damage, got {other:?}"),
    }
    assert_eq!(block_on(running.log.read(P0, Offset::new(4), 1)).unwrap().events.len(), 1);
    running.stop();
}

#[test]
fn a_flipped_byte_in_a_sealed_segment_is_named_and_the_rest_is_read() {
    let dir = written(40);
    let file = segments(dir.path()).remove(1);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[500] ^= 0x10;
    std::fs::write(&file, bytes).unwrap();
    let verification = verify_whole(dir.path());
    let [Finding::Damaged(found)] = &verification.findings[..] else { panic!("{:?}", verification.findings) };
    assert_eq!(found.file, file.display().to_string());
    assert_eq!(found.first, found.last);
    let running = Running::open(small_options(dir.path(), 1));
    let chunk = block_on(running.log.read(P0, Offset::FIRST, usize::MAX)).unwrap();
    assert_eq!(chunk.next, found.first);
    match block_on(running.log.read(P0, chunk.next, 1)) {
        Err(ReadError::Damaged(damage)) => assert_eq!(&damage, found),
        other => panic!("expected damage, got {other:?}"),
    }
    let behind = block_on(running.log.read(P0, found.last.plus(1), usize::MAX)).unwrap();
    assert_eq!(behind.events.len() as u64, 40 - found.last.number());
    running.stop();
}

#[test]
fn after_a_clean_stop_every_flipped_byte_of_every_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::open(SegmentOptions { segment_bytes: 700, ..small_options(dir.path(), 1) });
    running.append_many(5);
    running.stop();
    let empty = tempfile::tempdir().unwrap();
    Running::open(small_options(empty.path(), 1)).stop();
    for dir in [dir.path(), empty.path()] {
        for name in RealFiles.list(&dir.join("p000")).unwrap() {
            let file = dir.join("p000").join(&name);
            let whole = std::fs::read(&file).unwrap();
            for at in 0..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] ^= 0x20;
                std::fs::write(&file, bytes).unwrap();
                assert!(!verify_whole(dir).is_whole(), "byte {at} of {name}");
            }
            std::fs::write(&file, whole).unwrap();
        }
        assert_eq!(verify_whole(dir).findings, []);
    }
}

#[test]
fn a_missing_segment_is_named() {
    let dir = written(40);
    std::fs::remove_file(segments(dir.path()).remove(1)).unwrap();
    assert!(!verify_whole(dir.path()).is_whole());
    let running = Running::open(small_options(dir.path(), 1));
    assert!(matches!(&running.findings[..], [Finding::Damaged(_)]), "{:?}", running.findings);
    running.stop();
}

#[test]
fn whatever_is_removed_is_missed() {
    let made = tempfile::tempdir().unwrap();
    let running = Running::open(SegmentOptions { segment_bytes: 700, ..small_options(made.path(), 2) });
    running.append_many(5);
    running.stop();
    let missed = |remove: &dyn Fn(&Path)| {
        let dir = tempfile::tempdir().unwrap();
        for partition in ["p000", "p001"] {
            std::fs::create_dir(dir.path().join(partition)).unwrap();
            for name in RealFiles.list(&made.path().join(partition)).unwrap() {
                let name = Path::new(partition).join(name);
                std::fs::copy(made.path().join(&name), dir.path().join(name)).unwrap();
            }
        }
        std::fs::copy(made.path().join("layout"), dir.path().join("layout")).unwrap();
        remove(dir.path());
        let proved = verify(&RealFiles, dir.path(), Planted::None, &mut |_| Ok(()));
        assert!(proved.is_err() || !proved.unwrap().is_whole());
        match SegmentLog::open(&real_files(), small_options(dir.path(), 2)) {
            Ok(opened) => assert!(matches!(&opened.findings[..], [Finding::Damaged(_), ..])),
            Err(error) => assert!(matches!(error, OpenError::LayoutMissing { .. }), "{error}"),
        }
    };
    missed(&|dir| std::fs::remove_file(dir.join("layout")).unwrap());
    missed(&|dir| std::fs::remove_dir_all(dir.join("p000")).unwrap());
    missed(&|dir| std::fs::remove_dir_all(dir.join("p001")).unwrap());
    missed(&|dir| std::fs::remove_file(dir.join("p000/durable")).unwrap());
    for segment in segments(made.path()) {
        let name = Path::new("p000").join(segment.file_name().unwrap());
        missed(&|dir| std::fs::remove_file(dir.join(&name)).unwrap());
    }
}

#[test]
fn a_log_is_opened_only_as_it_was_made() {
    let dir = tempfile::tempdir().unwrap();
    Running::open(small_options(dir.path(), 2)).stop();
    let error = SegmentLog::open(&real_files(), small_options(dir.path(), 3)).unwrap_err();
    assert!(error.to_string().ends_with("has 2 partitions, so it cannot be opened with 3"), "{error}");
    std::fs::write(dir.path().join("layout"), "antler log 9\npartitions 2\n").unwrap();
    let error = SegmentLog::open(&real_files(), small_options(dir.path(), 2)).unwrap_err();
    assert!(error.to_string().contains("is of another version"), "{error}");
}

#[test]
fn a_segment_of_another_version_is_refused_and_not_touched() {
    let dir = written(3);
    let file = segments(dir.path()).pop().unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[4] = 2;
    let crc = crc32fast::hash(&bytes[..36]);
    bytes[36..40].copy_from_slice(&crc.to_le_bytes());
    std::fs::write(&file, &bytes).unwrap();
    let error = SegmentLog::open(&real_files(), small_options(dir.path(), 1)).unwrap_err();
    assert!(error.to_string().contains("layout 2"), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
}

#[test]
fn a_closed_log_refuses_appends_and_wakes_followers() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::open(small_options(dir.path(), 1));
    let log = Arc::clone(&running.log);
    running.stop();
    let append = Append { events: vec![event(0)], expected: Vec::new() };
    assert!(matches!(block_on(log.append(P0, append)), Err(AppendError::Stopped { .. })));
    assert!(block_on(log.wait(P0, Offset::FIRST)).is_err());
    assert_eq!(block_on(log.read(P0, Offset::FIRST, 1)).unwrap().events.len(), 0);
}

#[test]
fn truncated_segments_stay_truncated_after_a_reopen() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::open(small_options(dir.path(), 1));
    running.append_many(100);
    let from = block_on(running.log.truncate(P0, Offset::new(80))).unwrap();
    let kept = running.read_all();
    running.stop();
    assert!(verify_whole(dir.path()).findings.is_empty());
    let running = Running::open(small_options(dir.path(), 1));
    assert_eq!(running.findings, []);
    assert_eq!(running.log.bounds(P0).unwrap().lines_from, from);
    assert_eq!(running.read_all(), kept);
    running.append_many(10);
    running.stop();
    assert!(verify_whole(dir.path()).findings.is_empty(), "the chain goes on over what was truncated");
}

/// Segment layout 1, index layout 1, the watermark and the layout file, as they were first released.
#[test]
fn the_first_released_layout_is_still_read() {
    const GOLDEN: [(&str, &[u8]); 6] = [
        ("layout", include_bytes!("golden/layout_1/layout")),
        ("p000/durable", include_bytes!("golden/layout_1/durable")),
        ("p000/00000000000000000001.seg", include_bytes!("golden/layout_1/compacted.seg")),
        ("p000/00000000000000000001.idx", include_bytes!("golden/layout_1/compacted.idx")),
        ("p000/00000000000000000011.seg", include_bytes!("golden/layout_1/sealed.seg")),
        ("p000/00000000000000000021.seg", include_bytes!("golden/layout_1/active.seg")),
    ];
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("p000")).unwrap();
    for (name, bytes) in GOLDEN {
        std::fs::write(dir.path().join(name), bytes).unwrap();
    }
    assert_eq!(verify_whole(dir.path()).findings, []);
    let running = Running::open(small_options(dir.path(), 1));
    assert_eq!(running.findings, []);
    let kept = |number: &u64| *number > 10 || number.is_multiple_of(5);
    let expected: Vec<_> =
        (1..=25).filter(kept).map(golden_event).map(|event| (event.subject, event.body)).collect();
    let events = running.read_all();
    let read: Vec<_> = events.into_iter().map(|event| (event.envelope.subject, event.body)).collect();
    assert_eq!(read, expected);
    assert_eq!(running.log.bounds(P0).unwrap().lines_from, Offset::new(11));
    running.stop();
}

fn golden_event(number: u64) -> NewEvent {
    let tenant = TenantId::parse("acme").unwrap();
    let control = Subject::control(tenant, crate::subject::Aggregate::Tenant);
    let subject = if number.is_multiple_of(5) { control } else { Subject::lines(tenant) };
    let body = format!("golden event {number}").repeat(3).into_bytes().into();
    NewEvent { subject, body, ..event(number) }
}

/// A log with so many events, closed cleanly.
fn written(events: u64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::open(small_options(dir.path(), 1));
    running.append_many(events);
    running.stop();
    dir
}

/// An open log whose committers run.
struct Running {
    log: Arc<SegmentLog>,
    writers: Vec<JoinHandle<()>>,
    findings: Vec<Finding>,
}

impl Running {
    fn open(options: SegmentOptions) -> Self {
        let Opened { log, committers, findings } = SegmentLog::open(&real_files(), options).unwrap();
        let run = |committer: Committer| std::thread::spawn(move || committer.run());
        Self { log, writers: committers.into_iter().map(run).collect(), findings }
    }

    fn append_many(&self, count: u64) -> Offset {
        let mut last = Offset::ZERO;
        for number in 0..count {
            let append = Append { events: vec![event(number)], expected: Vec::new() };
            last = block_on(self.log.append(P0, append)).unwrap().last;
        }
        last
    }

    fn read_all(&self) -> Vec<Recorded> {
        block_on(self.log.read(P0, Offset::FIRST, usize::MAX)).unwrap().events
    }

    fn stop(self) {
        self.log.close();
        self.writers.into_iter().for_each(|writer| writer.join().unwrap());
    }
}

fn small_options(dir: &Path, partitions: u16) -> SegmentOptions {
    SegmentOptions {
        segment_bytes: 4_000,
        index_every_bytes: 1_000,
        linger: Duration::from_micros(100),
        ..SegmentOptions::new(dir.to_owned(), partitions)
    }
}

fn event(number: u64) -> NewEvent {
    let noise: Vec<u8> = blake3::hash(&number.to_le_bytes()).as_bytes().repeat(1 + number as usize % 3);
    NewEvent {
        subject: Subject::lines(TenantId::parse("acme").unwrap()),
        event_type: EventType(1),
        schema: SchemaVersion(1),
        recorded_at: Timestamp::from_nanos(number as i64),
        body: [noise, b" and text ".repeat(30)].concat().into(),
    }
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let dir = dir.join("p000");
    let names = RealFiles.list(&dir).unwrap();
    names.iter().filter(|name| name.ends_with(".seg")).map(|name| dir.join(name)).collect()
}

fn verify_whole(dir: &Path) -> Verification {
    verify(&RealFiles, dir, Planted::None, &mut |_| Ok(())).unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn real_files() -> Arc<dyn FileSystem> {
    Arc::new(RealFiles)
}
