//! Archives of tenants: all that a tenant has as one file, made here or brought from another Antler.
//!
//! An archive is a tar that common programs open: `manifest.json` says what it is, `settings.ndjson` holds settings and
//! saved searches, `files/` uploaded files, `lines/` the lines, a compressed NDJSON for each page, and `end.json` names
//! all of these with their SHA-256, so that a torn archive is told from a whole one. `form` is what stands in them, `tar`
//! how they are packed, `reading` proves one, `state` and `store` keep what becomes of each, and `export` and `import` are
//! the jobs.
//! Invariant: no archive holds a secret, and nothing is taken of one that is not whole. It opens no socket.

pub mod export;
pub mod form;
pub mod import;
mod pieces;
pub mod reading;
mod settings;
pub mod state;
pub mod store;
pub mod tar;
mod writing;

#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use antler_actors::accounts::AccountError;
use antler_actors::once::OnceError;
use antler_actors::requests::Requests;
use antler_actors::system::{IngestError, System};
use antler_actors::upkeep::Expiring;
use antler_actors::uploads::{UploadError, Uploads};
use antler_config::limits::ArchiveLimits;
use antler_events::clock::{Clock, Timestamp};
use antler_events::ids::{ArchiveId, TenantId, UserId};
use antler_events::log::{BoxFuture, EventLog, ReadError};
use antler_projections::index::port::{SearchError, SearchIndex};
use antler_projections::views::port::ViewError;

use self::export::ExportJob;
use self::import::ImportJob;
use self::reading::ArchiveFault;
use self::state::{Archive, Brought, Stage, Task, Wanted};
use self::store::{ArchiveFile, ArchiveStore};
use crate::disk::on_disk;
use crate::upload::store::UploadStore;

/// What archives are made of, and what they become.
#[derive(Debug)]
pub struct ArchiveParts {
    pub system: Arc<System>,
    pub log: Arc<dyn EventLog>,
    pub index: Arc<dyn SearchIndex>,
    pub uploads: Arc<Uploads>,
    pub files: Arc<UploadStore>,
    pub requests: Requests,
    pub store: Arc<ArchiveStore>,
    pub clock: Arc<dyn Clock>,
    pub limits: ArchiveLimits,
}

/// The archives of all tenants.
#[derive(Debug)]
pub struct Archives {
    pub parts: ArchiveParts,
}

/// Why something was not done with an archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("{max} exports are kept already; remove one, or wait until one has expired")]
    TooManyExports { max: u32 },
    #[error("{max} imports are remembered already, and no more can be; import into another tenant")]
    TooManyImports { max: u32 },
    #[error(transparent)]
    Fault(#[from] ArchiveFault),
    #[error("the disk does not take or give the archive")]
    Disk(#[from] io::Error),
    #[error("{reason}")]
    Lines { reason: String },
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Upload(#[from] UploadError),
    #[error(transparent)]
    Once(#[from] OnceError),
    #[error(transparent)]
    Ingest(#[from] IngestError),
    #[error(transparent)]
    Views(#[from] ViewError),
    #[error("the lines cannot be read")]
    Search(#[from] SearchError),
    #[error("the event log cannot be read")]
    Read(#[from] ReadError),
}

/// Finished exports, which are kept for some time.
#[derive(Debug)]
pub struct Exports {
    pub store: Arc<ArchiveStore>,
    pub kept_for: Duration,
}

impl Expiring for Exports {
    fn expire(&self, now: Timestamp) -> BoxFuture<'_, io::Result<u64>> {
        let (store, kept_for) = (Arc::clone(&self.store), self.kept_for);
        Box::pin(on_disk(move || store.expire(now, kept_for)))
    }
}

impl Archives {
    pub fn new(parts: ArchiveParts) -> Self {
        Self { parts }
    }

    /// Begins to write an export. It is on stable storage that it was asked for when this is answered.
    pub async fn ask_export(
        self: &Arc<Self>,
        tenant: TenantId,
        owner: UserId,
        wanted: Wanted,
    ) -> Result<Archive, ArchiveError> {
        self.expire().await?;
        let max = self.parts.limits.exports_per_tenant_max;
        let known = self.parts.store.list(tenant);
        if known.iter().filter(|archive| archive.is_export()).count() >= max as usize {
            return Err(ArchiveError::TooManyExports { max });
        }
        let archive = self.begin(tenant, owner, self.new_id()?, Task::Export(wanted)).await?;
        self.start(tenant, archive.id).await?;
        Ok(archive)
    }

    /// Begins to import an archive that was brought whole and is sound. One that was imported here before, or is being
    /// imported, stays as it is; one whose import ended early is gone on with. The second value says whether it is new.
    pub async fn ask_import(
        self: &Arc<Self>,
        tenant: TenantId,
        owner: UserId,
        (file, brought): (ArchiveFile, Brought),
    ) -> Result<(Archive, bool), ArchiveError> {
        let known = self.parts.store.list(tenant);
        let same =
            |archive: &&Archive| matches!(&archive.task, Task::Import(of) if of.sha256 == brought.sha256);
        if let Some(archive) = known.iter().find(same) {
            self.retry(tenant, archive.id).await?;
            let now = self.parts.store.find(tenant, archive.id);
            return Ok((now.unwrap_or_else(|| archive.clone()), false));
        }
        let max = self.parts.limits.imports_per_tenant_max;
        if known.iter().filter(|archive| !archive.is_export()).count() >= max as usize {
            return Err(ArchiveError::TooManyImports { max });
        }
        // Whatever is answered, it may be known from now on: then the file has to be there.
        let id = file.id();
        file.keep();
        let archive = self.begin(tenant, owner, id, Task::Import(brought)).await?;
        self.start(tenant, archive.id).await?;
        Ok((archive, true))
    }

    pub fn new_id(&self) -> Result<ArchiveId, ArchiveError> {
        Ok(self.parts.uploads.accounts().new_archive_id()?)
    }

    async fn begin(
        &self,
        tenant: TenantId,
        owner: UserId,
        id: ArchiveId,
        task: Task,
    ) -> Result<Archive, ArchiveError> {
        let archive = Archive::new(id, owner, self.parts.clock.now(), task);
        let (store, new) = (Arc::clone(&self.parts.store), archive.clone());
        on_disk(move || store.put(tenant, new)).await?;
        Ok(archive)
    }

    async fn start(self: &Arc<Self>, tenant: TenantId, id: ArchiveId) -> Result<(), ArchiveError> {
        let Some(archive) = self.parts.store.find(tenant, id) else { return Ok(()) };
        let of = Arc::clone(self);
        let started = match archive.task {
            Task::Export(_) => {
                self.parts.system.start_job(tenant, Arc::new(ExportJob::new(tenant, of, id))).await
            }
            Task::Import(_) => {
                self.parts.system.start_job(tenant, Arc::new(ImportJob::new(tenant, of, id))).await
            }
        };
        Ok(started?)
    }

    /// Goes on with all that did not end.
    pub async fn resume(self: &Arc<Self>) -> Result<(), ArchiveError> {
        for (tenant, id) in self.parts.store.open_ones() {
            self.start(tenant, id).await?;
        }
        Ok(())
    }

    /// Stops one that has not ended. What was done stays.
    pub async fn cancel(&self, tenant: TenantId, id: ArchiveId) -> Result<bool, ArchiveError> {
        self.parts.system.end_job(tenant, id.as_str()).await?;
        let is_changed = self.update(tenant, id, |archive| archive.stage = Stage::Cancelled).await?;
        Ok(is_changed)
    }

    /// Goes on with one that failed or was stopped, from where it was. Says whether it was so.
    pub async fn retry(self: &Arc<Self>, tenant: TenantId, id: ArchiveId) -> Result<bool, ArchiveError> {
        let (store, now) = (Arc::clone(&self.parts.store), self.parts.clock.now());
        let is_open = on_disk(move || store.reopen(tenant, id, now)).await?;
        if is_open {
            self.start(tenant, id).await?;
        }
        Ok(is_open)
    }

    /// Removes an export with its file.
    pub async fn remove(&self, tenant: TenantId, id: ArchiveId) -> Result<(), ArchiveError> {
        self.parts.system.end_job(tenant, id.as_str()).await?;
        let store = Arc::clone(&self.parts.store);
        Ok(on_disk(move || store.remove(tenant, id)).await?)
    }

    /// Removes exports whose time is over, so that nobody sees one of them before upkeep comes by.
    pub async fn expire(&self) -> Result<(), ArchiveError> {
        let ArchiveParts { store, clock, limits, .. } = &self.parts;
        Exports { store: Arc::clone(store), kept_for: limits.exports_kept_for }.expire(clock.now()).await?;
        Ok(())
    }

    /// One that is cut off by a stop goes on at the next start.
    async fn end_early(&self, tenant: TenantId, id: ArchiveId, error: &ArchiveError) {
        if !matches!(error, ArchiveError::Once(OnceError::Ingest(IngestError::Stopping))) {
            self.fail(tenant, id, &error.to_string()).await;
        }
    }

    async fn fail(&self, tenant: TenantId, id: ArchiveId, reason: &str) {
        let message = reason.to_owned();
        tracing::warn!(%tenant, archive = %id, reason, "an archive is not done");
        if let Err(error) = self.update(tenant, id, |archive| archive.stage = Stage::Failed { message }).await
        {
            tracing::error!(%error, %tenant, archive = %id, "that an archive failed is not written, and it is tried again at the next start");
        }
    }

    /// Changes one that has not ended; says whether there was such.
    async fn update(
        &self,
        tenant: TenantId,
        id: ArchiveId,
        change: impl FnOnce(&mut Archive) + Send + 'static,
    ) -> Result<bool, ArchiveError> {
        let (store, now) = (Arc::clone(&self.parts.store), self.parts.clock.now());
        Ok(on_disk(move || store.update(tenant, id, now, change)).await?)
    }
}
