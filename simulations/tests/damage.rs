//! Damaged logs: a sample of the bytes that the `damage` tool goes through, and faults that seeds have found.
//!
//! Invariant: each fault that the simulation found in the log has a test here that fails without its repair.
//! It does not go through every byte: `damage` does.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use antler_events::files::FileSystem;
use antler_events::ids::Offset;
use antler_events::log::EventLog as _;
use antler_events::log::segment::{Committer, Finding, Opened, SegmentLog, SegmentOptions};
use antler_simulations::damage::{PARTITION, SEGMENT, TARGETS, append, check, disk, open};
use antler_simulations::world::Fault;
use antler_simulations::world::poll::poll_now;

#[test]
fn damage_at_a_sample_of_bytes_is_noticed() {
    for target in TARGETS {
        assert!(check(target, 101).unwrap() > 50, "{target:?}");
    }
}

/// Found by seed 58 of the simulation: the end was cut although the watermark proves it.
#[test]
fn durable_bytes_at_a_bad_end_are_left_where_they_are() {
    let (disk, _) = disk(1);
    let Opened { log, mut committers, .. } = open(&disk, 1 << 20).unwrap();
    append(&log, &mut committers[0], 1).unwrap();
    log.close();
    committers.into_iter().for_each(Committer::finish);
    let segment = Path::new(SEGMENT);
    let mut bytes = disk.bytes(segment).unwrap();
    bytes[100] ^= 1;
    disk.place(segment, &bytes);
    let findings = open(&disk, 1 << 20).unwrap().findings;
    assert!(matches!(findings[..], [Finding::Damaged(_)]), "{findings:?}");
    assert_eq!(disk.bytes(segment).unwrap(), bytes);
}

/// Found by seed 427: it answered before the folder was synced.
#[test]
fn a_truncation_that_was_answered_does_not_come_back() {
    for seed in 0..20 {
        let (disk, faults) = disk(seed);
        let Opened { log, mut committers, .. } = open(&disk, 2_000).unwrap();
        (0..10).for_each(|number| append(&log, &mut committers[0], number).unwrap());
        let names = disk.list(Path::new("data/log/p000")).unwrap();
        let second = names.iter().filter_map(|name| name.strip_suffix(".seg")).nth(1).unwrap();
        let below = Offset::new(second.parse().unwrap());
        faults.arm(Fault::SyncDirError, 1000);
        poll_now(log.truncate(PARTITION, below)).unwrap().unwrap_err();
        faults.disarm_all();
        assert_eq!(poll_now(log.truncate(PARTITION, below)).unwrap().unwrap(), below);
        disk.cut_power();
        let bounds = open(&disk, 2_000).unwrap().log.bounds(PARTITION).unwrap();
        assert_eq!(bounds.lines_from, below, "seed {seed}");
    }
}

/// Found by seed 15679: the file that says what the folder holds was lost, because an open had failed before.
#[test]
fn a_log_that_was_opened_is_a_log_after_a_power_cut() {
    for seed in 0..20 {
        let (disk, faults) = disk(seed);
        faults.arm(Fault::SyncDirError, 1000);
        let files: Arc<dyn FileSystem> = Arc::clone(&disk) as _;
        SegmentLog::open(&files, SegmentOptions::new(PathBuf::from("data/log"), 1)).unwrap_err();
        faults.disarm_all();
        drop(open(&disk, 1 << 20).unwrap());
        disk.cut_power();
        assert!(disk.bytes(Path::new("data/log/layout")).is_some(), "seed {seed}");
    }
}
