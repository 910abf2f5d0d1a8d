//! Archives on the disk: for each a file and, beside it, what becomes of it; in a folder for each tenant.
//!
//! Invariant: what is told of an archive is on stable storage; a file without a word beside it is removed, at the latest
//! when the program starts. It does not know what stands in an archive.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::files::{Access, File, FileSystem, read_whole, replace};
use antler_events::ids::{ArchiveId, TenantId};

use super::state::{Archive, Stage};

/// What is told of an archive; a member has some hundred bytes there.
const STATE_BYTES_MAX: u64 = 256 << 20;

/// The folder of all archives.
#[derive(Debug)]
pub struct ArchiveStore {
    files: Arc<dyn FileSystem>,
    dir: PathBuf,
    known: Mutex<BTreeMap<(TenantId, ArchiveId), Archive>>,
}

/// A file that is being received; it is removed unless it is kept.
#[derive(Debug)]
pub struct ArchiveFile {
    store: Arc<ArchiveStore>,
    tenant: TenantId,
    id: ArchiveId,
    pub file: Arc<dyn File>,
    is_kept: bool,
}

impl ArchiveStore {
    pub fn open(files: Arc<dyn FileSystem>, dir: PathBuf) -> io::Result<Self> {
        files.create_dir(&dir)?;
        let store = Self { files, dir, known: Mutex::default() };
        for tenant in store.files.list(&store.dir)?.iter().filter_map(|name| TenantId::parse(name).ok()) {
            store.read_tenant(tenant)?;
        }
        Ok(store)
    }

    fn read_tenant(&self, tenant: TenantId) -> io::Result<()> {
        let dir = self.dir_of(tenant);
        let names = self.files.list(&dir)?;
        for name in &names {
            let Some((id, ending)) = name.split_once('.') else { continue };
            let Ok(id) = ArchiveId::parse(id) else { continue };
            match ending {
                "json" => {
                    let bytes = read_whole(&*self.files, &self.state(tenant, id), STATE_BYTES_MAX)?;
                    let archive = serde_json::from_slice(&bytes).map_err(|error| {
                        io::Error::new(
                            io::ErrorKind::InvalidData,
                            format!("{}: {error}", dir.join(name).display()),
                        )
                    })?;
                    self.known().insert((tenant, id), archive);
                }
                "tar" if names.contains(&format!("{id}.json")) => {}
                _ => self.files.remove(&dir.join(name))?,
            }
        }
        Ok(())
    }

    /// Archives of a tenant, the newest first.
    pub fn list(&self, tenant: TenantId) -> Vec<Archive> {
        let known = self.known();
        let of_tenant = known.iter().filter(|((of, _), _)| *of == tenant);
        let mut list: Vec<Archive> = of_tenant.map(|(_, archive)| archive.clone()).collect();
        list.sort_by_key(|archive| (std::cmp::Reverse(archive.created_at), archive.id));
        list
    }

    pub fn open_ones(&self) -> Vec<(TenantId, ArchiveId)> {
        let known = self.known();
        let open = known.iter().filter(|(_, archive)| archive.stage == Stage::Open);
        open.map(|(key, _)| *key).collect()
    }

    pub fn find(&self, tenant: TenantId, id: ArchiveId) -> Option<Archive> {
        self.known().get(&(tenant, id)).cloned()
    }

    /// Takes a new one in. Returns when that is on stable storage.
    pub fn put(&self, tenant: TenantId, archive: Archive) -> io::Result<()> {
        self.files.create_dir(&self.dir_of(tenant))?;
        let mut known = self.known();
        self.write(tenant, &archive)?;
        known.insert((tenant, archive.id), archive);
        Ok(())
    }

    /// Changes one that has not ended; says whether there was such.
    pub fn update(
        &self,
        tenant: TenantId,
        id: ArchiveId,
        now: Timestamp,
        change: impl FnOnce(&mut Archive),
    ) -> io::Result<bool> {
        self.change(tenant, id, now, |archive| {
            let is_open = archive.stage == Stage::Open;
            if is_open {
                change(archive);
            }
            is_open
        })
    }

    /// Opens one again that failed or was stopped; says whether there was such.
    pub fn reopen(&self, tenant: TenantId, id: ArchiveId, now: Timestamp) -> io::Result<bool> {
        self.change(tenant, id, now, |archive| {
            let goes_on = matches!(archive.stage, Stage::Failed { .. } | Stage::Cancelled);
            if goes_on {
                (archive.stage, archive.waits) = (Stage::Open, None);
            }
            goes_on
        })
    }

    fn change(
        &self,
        tenant: TenantId,
        id: ArchiveId,
        now: Timestamp,
        change: impl FnOnce(&mut Archive) -> bool,
    ) -> io::Result<bool> {
        let mut known = self.known();
        let Some(mut archive) = known.get(&(tenant, id)).cloned() else { return Ok(false) };
        if !change(&mut archive) {
            return Ok(false);
        }
        archive.changed_at = now;
        self.write(tenant, &archive)?;
        known.insert((tenant, id), archive);
        Ok(true)
    }

    fn write(&self, tenant: TenantId, archive: &Archive) -> io::Result<()> {
        let bytes = serde_json::to_vec(archive).map_err(io::Error::other)?;
        replace(&*self.files, &self.state(tenant, archive.id), &bytes)
    }

    /// Removes one with its file. What is told of it goes first, so that a start after a crash removes the rest.
    pub fn remove(&self, tenant: TenantId, id: ArchiveId) -> io::Result<()> {
        let mut known = self.known();
        self.remove_name(&self.state(tenant, id))?;
        known.remove(&(tenant, id));
        drop(known);
        self.remove_file(tenant, id)
    }

    /// Removes exports that ended so long ago, and says how many.
    pub fn expire(&self, now: Timestamp, kept_for: Duration) -> io::Result<u64> {
        let is_over = |archive: &Archive| archive.expires_at(kept_for).is_some_and(|at| at <= now);
        let over: Vec<(TenantId, ArchiveId)> =
            self.known().iter().filter(|(_, archive)| is_over(archive)).map(|(key, _)| *key).collect();
        for (tenant, id) in &over {
            self.remove(*tenant, *id)?;
        }
        Ok(over.len() as u64)
    }

    /// Removes the file of one, whose word stays.
    pub fn remove_file(&self, tenant: TenantId, id: ArchiveId) -> io::Result<()> {
        self.remove_name(&self.path(tenant, id))?;
        self.files.sync_dir(&self.dir_of(tenant))
    }

    /// Removes all of a tenant, which may never have had any.
    pub fn remove_all(&self, tenant: TenantId) -> io::Result<()> {
        let names = match self.files.list(&self.dir_of(tenant)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            names => names?,
        };
        self.known().retain(|(of, _), _| *of != tenant);
        names.iter().try_for_each(|name| self.remove_name(&self.dir_of(tenant).join(name)))?;
        self.files.sync_dir(&self.dir_of(tenant))
    }

    fn remove_name(&self, path: &std::path::Path) -> io::Result<()> {
        match self.files.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The file for writing; it is made if it is not there.
    pub fn open_file(&self, tenant: TenantId, id: ArchiveId) -> io::Result<Arc<dyn File>> {
        self.files.create_dir(&self.dir_of(tenant))?;
        let path = self.path(tenant, id);
        match self.files.open(&path, Access::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file = self.files.open(&path, Access::Create)?;
                self.files.sync_dir(&self.dir_of(tenant))?;
                Ok(Arc::from(file))
            }
            opened => Ok(Arc::from(opened?)),
        }
    }

    pub fn read_file(&self, tenant: TenantId, id: ArchiveId) -> io::Result<Arc<dyn File>> {
        Ok(Arc::from(self.files.open(&self.path(tenant, id), Access::Read)?))
    }

    /// A file for what is brought.
    pub fn receive(self: &Arc<Self>, tenant: TenantId, id: ArchiveId) -> io::Result<ArchiveFile> {
        let file = self.open_file(tenant, id)?;
        Ok(ArchiveFile { store: Arc::clone(self), tenant, id, file, is_kept: false })
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<(TenantId, ArchiveId), Archive>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn dir_of(&self, tenant: TenantId) -> PathBuf {
        self.dir.join(tenant.as_str())
    }

    fn path(&self, tenant: TenantId, id: ArchiveId) -> PathBuf {
        self.dir_of(tenant).join(format!("{id}.tar"))
    }

    fn state(&self, tenant: TenantId, id: ArchiveId) -> PathBuf {
        self.dir_of(tenant).join(format!("{id}.json"))
    }
}

impl ArchiveFile {
    pub fn id(&self) -> ArchiveId {
        self.id
    }

    /// From now on the file stays.
    pub fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for ArchiveFile {
    fn drop(&mut self) {
        if !self.is_kept
            && let Err(error) = self.store.remove_file(self.tenant, self.id)
        {
            tracing::warn!(%error, tenant = %self.tenant, archive = %self.id,
                "an archive that was not taken stays until the next start");
        }
    }
}
