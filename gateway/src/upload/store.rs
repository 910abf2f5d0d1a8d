//! The files that were uploaded, as they were sent: one for each upload, in a folder for each tenant.
//!
//! Invariant: a file whose upload is an event is on stable storage whole; one that was not finished is removed, at the
//! latest when the program starts. It does not know who may have a file.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use antler_events::files::{Access, File, FileSystem};
use antler_events::ids::{TenantId, UploadId};

/// The folder of all stored files.
#[derive(Debug)]
pub struct UploadStore {
    files: Arc<dyn FileSystem>,
    dir: PathBuf,
}

/// A file that is being received; it is removed unless it is kept.
#[derive(Debug)]
pub struct NewFile {
    store: Arc<UploadStore>,
    tenant: TenantId,
    id: UploadId,
    file: Box<dyn File>,
    bytes: u64,
    is_kept: bool,
}

/// A stored file, from its beginning.
#[derive(Debug)]
pub struct StoredFile {
    file: Box<dyn File>,
    at: u64,
    bytes: u64,
    /// What was read, for whoever watches.
    bytes_read: Arc<AtomicU64>,
}

impl UploadStore {
    pub fn open(files: Arc<dyn FileSystem>, dir: PathBuf) -> io::Result<Self> {
        files.create_dir(&dir)?;
        Ok(Self { files, dir })
    }

    pub fn create(self: &Arc<Self>, tenant: TenantId, id: UploadId) -> io::Result<NewFile> {
        self.files.create_dir(&self.dir_of(tenant))?;
        let file = self.files.open(&self.path(tenant, id), Access::Create)?;
        Ok(NewFile { store: Arc::clone(self), tenant, id, file, bytes: 0, is_kept: false })
    }

    pub fn read(&self, tenant: TenantId, id: UploadId, bytes_read: Arc<AtomicU64>) -> io::Result<StoredFile> {
        let file = self.files.open(&self.path(tenant, id), Access::Read)?;
        let bytes = file.size()?;
        Ok(StoredFile { file, at: 0, bytes, bytes_read })
    }

    /// Removes a file that may be gone already.
    pub fn remove(&self, tenant: TenantId, id: UploadId) -> io::Result<()> {
        match self.files.remove(&self.path(tenant, id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Tenants that have had files.
    pub fn tenants(&self) -> io::Result<Vec<TenantId>> {
        Ok(self.files.list(&self.dir)?.iter().filter_map(|name| TenantId::parse(name).ok()).collect())
    }

    /// Removes the files of a tenant that are not among these.
    pub fn retain(&self, tenant: TenantId, known: &BTreeSet<UploadId>) -> io::Result<()> {
        let found = self.files.list(&self.dir_of(tenant))?;
        for id in found.iter().filter_map(|name| UploadId::parse(name).ok()) {
            if !known.contains(&id) {
                self.remove(tenant, id)?;
            }
        }
        Ok(())
    }

    /// Removes all files of a tenant, which may never have had any.
    pub fn remove_all(&self, tenant: TenantId) -> io::Result<()> {
        match self.retain(tenant, &BTreeSet::new()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => self.files.sync_dir(&self.dir_of(tenant)),
        }
    }

    fn dir_of(&self, tenant: TenantId) -> PathBuf {
        self.dir.join(tenant.as_str())
    }

    fn path(&self, tenant: TenantId, id: UploadId) -> PathBuf {
        self.dir_of(tenant).join(id.as_str())
    }
}

impl NewFile {
    pub fn id(&self) -> UploadId {
        self.id
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(self.bytes, bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Reads what was received so far.
    pub fn read(&self) -> io::Result<StoredFile> {
        self.store.read(self.tenant, self.id, Arc::default())
    }

    /// Returns when the file is on stable storage.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync()?;
        self.store.files.sync_dir(&self.store.dir_of(self.tenant))
    }

    /// From now on the file stays.
    pub fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_kept
            && let Err(error) = self.store.remove(self.tenant, self.id)
        {
            tracing::warn!(%error, tenant = %self.tenant, upload = %self.id,
                "a file that was not taken stays until the next start");
        }
    }
}

impl StoredFile {
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Read for StoredFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(self.at, into)?;
        self.at += count as u64;
        self.bytes_read.fetch_max(self.at, Ordering::Relaxed);
        Ok(count)
    }
}

impl Seek for StoredFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.bytes.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use antler_events::files::RealFiles;

    use super::*;

    #[test]
    fn a_file_that_is_not_kept_goes_and_a_kept_one_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(UploadStore::open(Arc::new(RealFiles), dir.path().join("uploads")).unwrap());
        let (tenant, id) = (TenantId::parse("acme").unwrap(), UploadId::parse("f1").unwrap());
        drop(store.create(tenant, id).unwrap());
        let mut file = store.create(tenant, id).unwrap();
        file.append(b"one ").unwrap();
        file.append(b"two").unwrap();
        file.sync().unwrap();
        file.keep();
        let read = Arc::<AtomicU64>::default();
        let mut stored = store.read(tenant, id, Arc::clone(&read)).unwrap();
        let mut text = String::new();
        stored.seek(SeekFrom::End(-3)).unwrap();
        stored.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), read.load(Ordering::Relaxed)), ("two", 7));
        assert_eq!(store.tenants().unwrap(), [tenant]);
        store.retain(tenant, &BTreeSet::from([id])).unwrap();
        assert!(store.read(tenant, id, Arc::default()).is_ok());
        store.retain(tenant, &BTreeSet::new()).unwrap();
        assert_eq!(store.read(tenant, id, read).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
