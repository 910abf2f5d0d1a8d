//! Memory under hostile input: lines made to be dear, and files of log and index that lie about how long things are.
//!
//! Each case runs in a process of its own, so that memory that one gives back does not hide what another
//! takes. Invariant: address space grows by at most four times the input and 64 MiB, so room that is only
//! reserved counts too. It does not judge the answers: other tests do. Works on Linux only.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use antler_config::limits::LineLimits;
use antler_events::clock::Timestamp;
use antler_events::event::lines::{Arrival, LinesIngested, encode};
use antler_events::files::FileSystem as _;
use antler_events::ids::Offset;
use antler_events::line::LineBatchBuilder;
use antler_events::log::segment::{Committer, Opened, Planted, verify};
use antler_events::log::{EventLog as _, ReadError};
use antler_simulations::damage::{PARTITION, append, disk, open};
use antler_simulations::draw::Draw;
use antler_simulations::fuzz::mutate::Mutator;
use antler_simulations::fuzz::{TARGETS, groups, hostile};
use antler_simulations::world::poll::poll_now;

const SLACK_BYTES: usize = 64 << 20;
/// What a sender sends at once.
const BODY_BYTES: usize = 16 << 20;
const SEGMENT_BYTES: u64 = 4_000;
/// The case that a process runs.
const CASE: &str = "ANTLER_TEST_MEMORY_CASE";

/// Does what its name says and answers how many bytes of input that was at most, at a time.
type Case = (&'static str, fn() -> usize);

const CASES: [Case; 6] = [
    ("hostile lines", hostile_lines),
    ("mutated lines", mutated_lines),
    ("tiny lines with a new name each", tiny_lines),
    ("lengths in log files that lie", lying_lengths),
    ("log files of noise", files_of_noise),
    ("group files that lie", lying_groups),
];

#[test]
fn memory_is_bounded_by_the_input() {
    for (name, _) in CASES {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "one_case", "--ignored", "--nocapture", "--test-threads=1"])
            .env(CASE, name)
            // More would be reserved for threads that do nothing.
            .env("MALLOC_ARENA_MAX", "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("1 passed"), "{name}: {said}");
    }
}

#[test]
#[ignore = "runs in the processes of the other test"]
fn one_case() {
    let wanted = std::env::var(CASE).unwrap();
    let (name, run) = CASES.into_iter().find(|(name, _)| *name == wanted).unwrap();
    let before = peak_bytes();
    let input = run();
    let grown = peak_bytes() - before;
    println!("{name}: {} KiB for {} KiB of input", grown >> 10, input >> 10);
    assert!(grown <= 4 * input + SLACK_BYTES, "{name}: {grown} bytes for {input} bytes of input");
}

/// The most address space that this process has had.
fn peak_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

fn hostile_lines() -> usize {
    let bodies = hostile::lines().into_iter().map(|(_, line)| {
        let body = line.repeat((BODY_BYTES / line.len()).max(1));
        take(body.chunks(line.len()));
        body.len()
    });
    bodies.max().unwrap()
}

fn mutated_lines() -> usize {
    let corpus = TARGETS[0].corpus().unwrap();
    let mutator = Mutator::new(&corpus, 1);
    let lines: Vec<Vec<u8>> = (0..5_000).map(|run| mutator.bytes(run)).collect();
    take(lines.iter().map(Vec::as_slice));
    lines.iter().map(Vec::len).sum()
}

fn tiny_lines() -> usize {
    let lines: Vec<String> = (0..131_072).map(|number| format!("{{\"{number:x}\":0}}")).collect();
    take(lines.iter().map(String::as_bytes));
    lines.iter().map(String::len).sum()
}

/// Groups whose bytes are wrong, and groups whose lengths and counts are, with right checksums.
fn lying_groups() -> usize {
    let target = TARGETS.into_iter().find(|target| target.name == "groups").unwrap();
    let corpus = target.corpus().unwrap();
    assert_eq!(target.search(&corpus, 2, 0, 2_000), None);
    groups::whole().1.len()
}

/// Through the builder and the body of an event, as far as the lines are taken.
fn take<'a>(lines: impl Iterator<Item = &'a [u8]>) {
    let mut builder = LineBatchBuilder::new(LineLimits::default(), Timestamp::from_nanos(1));
    for line in lines {
        // A refusal is as good an answer as any.
        let _ = builder.push(line);
    }
    let batch = builder.finish();
    let taken = batch.len();
    let body = encode(&batch, &Arrival::default()).unwrap();
    drop(batch);
    let again = LinesIngested::decode(&body).unwrap().parse(&LineLimits::default()).unwrap();
    assert_eq!(again.len(), taken);
}

/// Four bytes that say 4 GiB, 2 GiB or 256 MiB, at every place of every file.
fn lying_lengths() -> usize {
    let files = whole_log();
    for (path, bytes) in &files {
        for at in 0..bytes.len().saturating_sub(3) {
            for length in [u32::MAX, i32::MAX as u32, 1 << 28] {
                let mut damaged = bytes.clone();
                damaged[at..at + 4].copy_from_slice(&length.to_le_bytes());
                use_log(&files, path, &damaged);
            }
        }
    }
    files.iter().map(|(_, bytes)| bytes.len()).sum()
}

/// Each file becomes 8 MiB of noise, by itself or behind what it held.
fn files_of_noise() -> usize {
    let files = whole_log();
    let mut draw = Draw::new(1);
    let noise: Vec<u8> = (0..1 << 20).flat_map(|_| draw.number().to_le_bytes()).collect();
    for (path, bytes) in &files {
        use_log(&files, path, &noise);
        use_log(&files, path, &[bytes.as_slice(), &noise].concat());
    }
    noise.len()
}

type Files = Vec<(PathBuf, Vec<u8>)>;

/// The files of a log with some segments, closed in good order.
fn whole_log() -> Files {
    let (disk, _) = disk(1);
    let Opened { log, mut committers, .. } = open(&disk, SEGMENT_BYTES).unwrap();
    (0..8).for_each(|number| append(&log, &mut committers[0], number).unwrap());
    log.close();
    committers.into_iter().for_each(Committer::finish);
    let dirs = ["data/log", "data/log/p000"].map(Path::new);
    let paths = dirs.iter().flat_map(|dir| disk.list(dir).unwrap().into_iter().map(|name| dir.join(name)));
    paths.filter_map(|path| disk.bytes(&path).map(|bytes| (path, bytes))).collect()
}

/// Opens, reads and verifies a log one of whose files is another one.
fn use_log(files: &Files, damaged: &Path, bytes: &[u8]) {
    let (disk, _) = disk(1);
    disk.create_dir(Path::new("data/log/p000")).unwrap();
    for (path, original) in files {
        disk.place(path, if path == damaged { bytes } else { original });
    }
    // A refusal with a reason is an answer, too.
    let _ = verify(&*disk, Path::new("data/log"), Planted::None, &mut |_| Ok(()));
    let Ok(Opened { log, .. }) = open(&disk, SEGMENT_BYTES) else { return };
    let end = log.bounds(PARTITION).unwrap().next;
    let mut at = Offset::FIRST;
    while at < end {
        at = match poll_now(log.read(PARTITION, at, 1 << 20)).unwrap() {
            Ok(chunk) => chunk.next,
            Err(ReadError::Damaged(damage)) => damage.last.max(at).plus(1),
            Err(_) => return,
        };
    }
}
