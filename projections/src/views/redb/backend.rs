//! The file of views as the B-tree sees it, on top of the program's own file system.
//!
//! Invariant: nothing touches the disk but through `FileSystem`, so that the simulation can cut the power here too.
//! It takes no lock: whoever opens the data folder has locked it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use antler_events::files::{Access, FileSystem};
use redb::StorageBackend;

use super::patient::PatientFile;

/// The open file.
#[derive(Debug)]
pub(super) struct FileBackend(Arc<PatientFile>);

impl FileBackend {
    pub(super) fn open(files: &dyn FileSystem, path: &Path) -> io::Result<Self> {
        let dir = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        files.create_dir(dir)?;
        let is_there = files.list(dir)?.iter().any(|name| dir.join(name) == path);
        let file = files.open(path, if is_there { Access::Write } else { Access::Create })?;
        if !is_there {
            files.sync_dir(dir)?;
        }
        Ok(Self(Arc::new(PatientFile::new(file))))
    }

    pub(super) fn file(&self) -> Arc<PatientFile> {
        Arc::clone(&self.0)
    }
}

impl StorageBackend for FileBackend {
    fn len(&self) -> io::Result<u64> {
        self.0.size()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_exact(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.resize(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}
