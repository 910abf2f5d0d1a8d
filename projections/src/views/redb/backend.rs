//! The file of views as the B-tree sees it, on top of the program's own file system.
//!
//! Invariant: nothing touches the disk but through `FileSystem`, so that the simulation can cut the power here too.
//! It takes no lock: whoever opens the data folder has locked it.

use std::io;
use std::path::Path;

use antler_events::files::{self, Access, File, FileSystem};
use redb::StorageBackend;

/// The open file.
#[derive(Debug)]
pub(super) struct FileBackend {
    file: Box<dyn File>,
}

impl FileBackend {
    pub(super) fn open(files: &dyn FileSystem, path: &Path) -> io::Result<Self> {
        let dir = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        files.create_dir(dir)?;
        let is_there = files.list(dir)?.iter().any(|name| dir.join(name) == path);
        let file = files.open(path, if is_there { Access::Write } else { Access::Create })?;
        if !is_there {
            files.sync_dir(dir)?;
        }
        Ok(Self { file })
    }
}

impl StorageBackend for FileBackend {
    fn len(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match files::read_full(&*self.file, offset, out)? {
            read if read == out.len() => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_size(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, data)
    }
}
