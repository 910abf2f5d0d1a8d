//! A disk that is full for a while.
//!
//! Invariant: what is refused is not in the log, and a writer finds out by itself that there is room again. The disk is the
//! real one behind a switch, and takes half of a write before it refuses. It loses nothing that it took.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::files::{Access, File, Lock};

#[derive(Debug)]
struct Disk {
    is_full: Arc<AtomicBool>,
}

#[derive(Debug)]
struct DiskFile {
    file: Box<dyn File>,
    is_full: Arc<AtomicBool>,
}

impl FileSystem for Disk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        RealFiles.create_dir(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealFiles.list(dir)
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn File>> {
        let file = RealFiles.open(path, access)?;
        Ok(Box::new(DiskFile { file, is_full: Arc::clone(&self.is_full) }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealFiles.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealFiles.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        RealFiles.sync_dir(dir)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Lock>> {
        RealFiles.lock(path)
    }
}

impl File for DiskFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(at, into)
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        if self.is_full.load(Ordering::Relaxed) {
            self.file.write_at(at, &bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write_at(at, bytes)
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.file.set_size(size)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }
}

#[test]
fn a_writer_finds_out_by_itself_that_there_is_room_again() {
    let dir = tempfile::tempdir().unwrap();
    let is_full = Arc::<AtomicBool>::default();
    let files: Arc<dyn FileSystem> = Arc::new(Disk { is_full: Arc::clone(&is_full) });
    let Opened { log, mut committers, .. } = SegmentLog::open(&files, small_options(dir.path(), 1)).unwrap();
    let committer = committers.pop().unwrap();
    let writer = std::thread::spawn(move || committer.run());
    let append =
        |number| block_on(log.append(P0, Append { events: vec![event(number)], expected: Vec::new() }));
    append(1).unwrap();
    is_full.store(true, Ordering::Relaxed);
    assert!(matches!(append(2), Err(AppendError::DiskFull)));
    let says_full = || log.statistics()[0].disk_full;
    assert!(says_full());
    is_full.store(false, Ordering::Relaxed);
    // Nobody appends anything meanwhile.
    for _ in 0..6_000 {
        if says_full() {
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }
    assert!(!says_full());
    append(3).unwrap();
    log.close();
    writer.join().unwrap();
    let running = Running::open(small_options(dir.path(), 1));
    assert_eq!((running.findings.len(), running.read_all().len()), (0, 2));
    running.stop();
    // A crash while the writer tried leaves nothing but zeros.
    let file = segments(dir.path()).pop().unwrap();
    let written = std::fs::read(&file).unwrap();
    std::fs::write(&file, [&written[..], &[0; 64 << 10]].concat()).unwrap();
    let running = Running::open(small_options(dir.path(), 1));
    assert!(
        matches!(&running.findings[..], [Finding::TornTail { bytes: 65_536, .. }]),
        "{:?}",
        running.findings
    );
    assert_eq!(running.read_all().len(), 2);
    running.stop();
}
