//! The embedded adapter held against the port's promises, and against a file that is not what it was.
//!
//! Invariant: damage is an error that says what to do. It does not test the B-tree itself.

use std::path::PathBuf;

use antler_events::files::RealFiles;
use tempfile::TempDir;

use super::*;
use crate::faulty_files::FaultyFiles;
use crate::index::conformance::tests::at_once;
use crate::index::port::InlineWorkers;
use crate::views::conformance::{CASES, StoreUnderTest};

#[derive(Debug)]
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("views/views.redb")
    }

    fn open(&self) -> Result<RedbViews, ViewOpenError> {
        RedbViews::open(&RealFiles, &self.path(), Arc::new(InlineWorkers))
    }
}

impl StoreUnderTest for Folder {
    fn store(&self) -> Arc<dyn ViewStore> {
        Arc::new(self.open().unwrap())
    }

    fn reopen(&self) -> Option<Arc<dyn ViewStore>> {
        Some(self.store())
    }
}

const VIEW: ViewName = ViewName::new("things");

fn put(next: u64, bytes: usize) -> Fold {
    let write = ViewWrite::Put { key: next.to_be_bytes().to_vec().into(), document: vec![7; bytes].into() };
    Fold { partition: PartitionId::new(0), next: Offset::new(next), writes: vec![write] }
}

fn applied(views: &RedbViews, fold: Fold) {
    assert_eq!(at_once(views.apply(VIEW, fold)), Ok(true));
}

#[test]
fn it_keeps_the_promises_of_the_port() {
    for case in CASES {
        println!("{}", case.name);
        at_once((case.run)(Arc::new(Folder::new())));
    }
}

#[test]
fn a_crash_leaves_documents_and_checkpoint_together() {
    let folder = Folder::new();
    let views = folder.open().unwrap();
    applied(&views, put(2, 10));
    at_once(views.flush()).unwrap();
    applied(&views, put(3, 10));
    let crashed = folder.0.path().join("views/crashed.redb");
    std::fs::copy(folder.path(), &crashed).unwrap();
    let views = RedbViews::open(&RealFiles, &crashed, Arc::new(InlineWorkers)).unwrap();
    let checkpoint = at_once(views.checkpoint(VIEW, PartitionId::new(0))).unwrap();
    let page = Page { prefix: b"", after: None, limit: 10 };
    let keys = at_once(views.scan(VIEW, page)).unwrap().len() as u64;
    assert_eq!((checkpoint.number(), keys), (2, 1));
}

#[test]
fn many_bytes_are_durable_without_a_flush() {
    let folder = Folder::new();
    let views = folder.open().unwrap();
    for next in 2..8 {
        applied(&views, put(next, 1 << 20));
    }
    let crashed = folder.0.path().join("views/crashed.redb");
    std::fs::copy(folder.path(), &crashed).unwrap();
    let views = RedbViews::open(&RealFiles, &crashed, Arc::new(InlineWorkers)).unwrap();
    assert!(at_once(views.checkpoint(VIEW, PartitionId::new(0))).unwrap() >= Offset::new(5));
}

/// All documents have one size, so each that is missing is seen.
fn sizes(views: &RedbViews) -> Vec<usize> {
    let page = Page { prefix: b"", after: None, limit: 100 };
    at_once(views.scan(VIEW, page)).unwrap().iter().map(|found| found.document.len()).collect()
}

#[test]
fn a_full_disk_stops_folds_and_no_answers_until_there_is_room() {
    const FOLDS: usize = 12;
    const BYTES: usize = 600_000;
    let mut refusals = 0;
    for first in 0..60 {
        let folder = Folder::new();
        let files = FaultyFiles::full_at(first, 12);
        let open = || RedbViews::open(&files, &folder.path(), Arc::new(InlineWorkers));
        let views = match open() {
            Err(ViewOpenError::Full { .. }) => continue,
            opened => opened.unwrap(),
        };
        for folds in 0..FOLDS {
            while at_once(views.apply(VIEW, put(folds as u64 + 2, BYTES))).is_err() {
                refusals += 1;
                assert_eq!(sizes(&views).len(), folds, "full at {first}");
                let crashed = folder.0.path().join("views/crashed.redb");
                std::fs::copy(folder.path(), &crashed).unwrap();
                let crashed = RedbViews::open(&RealFiles, &crashed, Arc::new(InlineWorkers)).unwrap();
                let checkpoint = at_once(crashed.checkpoint(VIEW, PartitionId::new(0))).unwrap().number();
                assert_eq!(sizes(&crashed).len() as u64, checkpoint - 1, "full at {first}");
            }
        }
        while at_once(views.flush()).is_err() {
            refusals += 1;
        }
        assert_eq!(sizes(&views), vec![BYTES; FOLDS]);
        drop(views);
        assert_eq!(sizes(&folder.open().unwrap()), vec![BYTES; FOLDS], "full at {first}");
    }
    assert!(refusals > 20, "the disk was full when something was written: {refusals}");
}

#[test]
fn a_file_that_is_no_store_is_refused_with_the_way_out() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().parent().unwrap()).unwrap();
    std::fs::write(folder.path(), vec![0x5a; 100_000]).unwrap();
    let message = folder.open().unwrap_err().to_string();
    assert!(message.contains("views.redb is damaged") && message.contains("move it away"), "{message}");
}

#[test]
fn a_damaged_head_is_refused() {
    let folder = Folder::new();
    let views = folder.open().unwrap();
    applied(&views, put(2, 10));
    at_once(views.flush()).unwrap();
    drop(views);
    let mut bytes = std::fs::read(folder.path()).unwrap();
    bytes[..64].fill(0xee);
    std::fs::write(folder.path(), bytes).unwrap();
    assert!(matches!(folder.open(), Err(ViewOpenError::Damaged { .. })));
}
