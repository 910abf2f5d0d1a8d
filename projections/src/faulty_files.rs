//! The real file system without its syncs, with changes that fail, or a program that is dead after one.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use antler_events::files::{Access, File, FileSystem, Lock, RealFiles};

/// Counts changes of files and names; some fail.
#[derive(Debug, Clone)]
pub(crate) struct FaultyFiles(Arc<Faults>);

#[derive(Debug)]
struct Faults {
    changes: AtomicU64,
    /// The first change that fails.
    first: u64,
    /// How many fail.
    count: u64,
    /// Whether a sync is a change that can fail.
    counts_syncs: bool,
}

impl FaultyFiles {
    pub(crate) fn dying_after(changes: u64) -> Self {
        Self::new(changes, u64::MAX - changes, true)
    }

    /// None fails.
    pub(crate) fn sound() -> Self {
        Self::dying_after(u64::MAX)
    }

    pub(crate) fn failing_at(change: u64) -> Self {
        Self::new(change, 1, true)
    }

    /// Has no room for some changes, and room again later.
    pub(crate) fn full_at(change: u64, count: u64) -> Self {
        Self::new(change, count, false)
    }

    fn new(first: u64, count: u64, counts_syncs: bool) -> Self {
        Self(Arc::new(Faults { changes: AtomicU64::new(0), first, count, counts_syncs }))
    }

    pub(crate) fn shared(&self) -> Arc<dyn FileSystem> {
        Arc::new(self.clone())
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.0.changes.load(Ordering::Relaxed) > self.0.first
    }
}

impl Faults {
    fn change(&self) -> io::Result<()> {
        let number = self.changes.fetch_add(1, Ordering::Relaxed);
        let fails = number >= self.first && number - self.first < self.count;
        if fails { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl FileSystem for FaultyFiles {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.0.change()?;
        std::fs::create_dir_all(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealFiles.list(dir)
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn File>> {
        if access == Access::Create {
            self.0.change()?;
        }
        let file = RealFiles.open(path, access)?;
        Ok(Box::new(FaultyFile { file, faults: Arc::clone(&self.0) }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.change()?;
        RealFiles.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.change()?;
        RealFiles.remove(path)
    }

    /// The machine lives on, so nothing that was written is lost.
    fn sync_dir(&self, _dir: &Path) -> io::Result<()> {
        self.0.change()
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Lock>> {
        RealFiles.lock(path)
    }
}

#[derive(Debug)]
struct FaultyFile {
    file: Box<dyn File>,
    faults: Arc<Faults>,
}

impl File for FaultyFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(at, into)
    }

    /// A write that fails is half done.
    fn write_at(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        match self.faults.change() {
            Ok(()) => self.file.write_at(at, bytes),
            Err(error) => {
                self.file.write_at(at, &bytes[..bytes.len() / 2])?;
                Err(error)
            }
        }
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.faults.change()?;
        self.file.set_size(size)
    }

    fn sync(&self) -> io::Result<()> {
        if self.faults.counts_syncs { self.faults.change() } else { Ok(()) }
    }
}
