//! The file system as the durable parts see it, and the one adapter that touches the real one.
//!
//! Invariant: nothing is durable before `File::sync`, and a name is not durable before `sync_dir`
//! of its folder. It does not hide errors: callers decide what a failure means.

use std::fmt;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Must exist.
    Read,
    /// Must exist; read and write.
    Write,
    /// Must not exist; read and write.
    Create,
}

/// Names and files. Paths are given whole.
pub trait FileSystem: Send + Sync + fmt::Debug {
    /// Makes a folder and its missing parents durable.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Names in a folder, sorted.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn File>>;
    /// Replaces `to` in one step.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes names made, renamed or removed in a folder durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Takes a lock that ends with the returned value or the process; `WouldBlock` if another has it.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Lock>>;
}

/// An open file. All positions are explicit, so one handle serves many readers.
pub trait File: Send + Sync + fmt::Debug {
    fn size(&self) -> io::Result<u64>;
    /// Reads at most `into.len()` bytes; may read fewer; 0 means the end.
    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize>;
    /// Writes all bytes; after an error any part of them may have been written.
    fn write_at(&self, at: u64, bytes: &[u8]) -> io::Result<()>;
    fn set_size(&self, size: u64) -> io::Result<()>;
    /// Returns when everything written is on stable storage. After an error nothing is known.
    fn sync(&self) -> io::Result<()>;
}

/// A held lock.
pub trait Lock: Send + Sync + fmt::Debug {}

/// Reads until `into` is full or the file ends; returns how much was read.
pub fn read_full(file: &dyn File, at: u64, into: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < into.len() {
        match file.read_at(at + filled as u64, &mut into[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Whether there is no room for what was to be written; with room it can be written again.
pub fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// Writes a whole small file so that after a crash either the old or the new content is there.
pub fn replace(files: &dyn FileSystem, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let draft = path.with_extension("draft");
    if files.list(dir)?.iter().any(|name| dir.join(name) == draft) {
        files.remove(&draft)?;
    }
    let file = files.open(&draft, Access::Create)?;
    file.write_at(0, bytes)?;
    file.sync()?;
    files.rename(&draft, path)?;
    files.sync_dir(dir)
}

/// Reads a whole file that is expected to be small.
pub fn read_whole(files: &dyn FileSystem, path: &Path, size_max: u64) -> io::Result<Vec<u8>> {
    let file = files.open(path, Access::Read)?;
    let size = file.size()?;
    if size > size_max {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{} has {size} bytes, more than {size_max}", path.display()),
        ));
    }
    let mut bytes = vec![0; usize::try_from(size).expect("bounded by size_max")];
    let filled = read_full(&*file, 0, &mut bytes)?;
    bytes.truncate(filled);
    Ok(bytes)
}

/// The machine's file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealFiles;

impl FileSystem for RealFiles {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            self.create_dir(parent)?;
        }
        match std::fs::create_dir(path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => self.sync_dir(parent),
            _ => self.sync_dir(Path::new(".")),
        }
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(dir)? {
            // A name that is not UTF-8 is none of ours.
            names.extend(entry?.file_name().into_string());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn File>> {
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(access != Access::Read).create_new(access == Access::Create);
        Ok(Box::new(RealFile(options.open(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        std::fs::File::open(dir)?.sync_all()
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Lock>> {
        let file = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(RealLock(file))),
            Err(std::fs::TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

#[derive(Debug)]
struct RealFile(std::fs::File);

impl File for RealFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(into, at)
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, at)
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.0.set_len(size)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// The operating system ends the lock when the file is closed, also after a crash.
#[derive(Debug)]
struct RealLock(#[expect(dead_code, reason = "held for its lock")] std::fs::File);

impl Lock for RealLock {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_would_block_until_the_first_ends() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let first = RealFiles.lock(&path).unwrap();
        assert_eq!(RealFiles.lock(&path).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(first);
        assert!(RealFiles.lock(&path).is_ok());
    }

    #[test]
    fn replace_leaves_one_file_with_the_new_content() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/mark");
        RealFiles.create_dir(path.parent().unwrap()).unwrap();
        replace(&RealFiles, &path, b"one").unwrap();
        replace(&RealFiles, &path, b"two").unwrap();
        assert_eq!(read_whole(&RealFiles, &path, 10).unwrap(), b"two");
        assert_eq!(RealFiles.list(path.parent().unwrap()).unwrap(), ["mark"]);
        assert!(read_whole(&RealFiles, &path, 2).unwrap_err().to_string().contains("more than 2"));
    }
}
