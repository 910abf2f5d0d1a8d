//! Uploads: stored files are read for their lines in the background, each by a job of its tenant.
//!
//! Each batch of a file is written as a request whose key names the file and the place of the batch in it, so that
//! a batch that was written before a crash is known, and nothing is written twice.
//! Invariants: a file that was received is read to its end, whatever stops the program meanwhile, or ends with a reason;
//! what was read is counted by what is on stable storage. It stores no files and knows no formats: the reader does.

pub mod reader;
mod run;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use antler_config::limits::UploadLimits;
use antler_events::clock::Timestamp;
use antler_events::event::Cause;
use antler_events::event::note::RequestKey;
use antler_events::event::upload::{Upload, UploadCommand, UploadCounts, UploadStage};
use antler_events::ids::{TenantId, UploadId};
use antler_projections::index::port::Workers;
use antler_projections::views::control::Kept;
use antler_projections::views::port::ViewError;

use self::reader::UploadReader;
use self::run::UploadJob;
use crate::accounts::{AccountError, Accounts};
use crate::once::OnceError;
use crate::requests::{Begun, RequestError, Requests};
use crate::system::{IngestError, System};

/// What uploads need of the program.
#[derive(Debug)]
pub struct UploadParts {
    pub system: Arc<System>,
    pub accounts: Accounts,
    pub requests: Requests,
    pub reader: Arc<dyn UploadReader>,
    /// As many threads as jobs may be at work.
    pub workers: Arc<dyn Workers>,
    pub watcher: Arc<dyn UploadWatcher>,
    pub limits: UploadLimits,
}

/// Who is told how uploads go.
pub trait UploadWatcher: Send + Sync + fmt::Debug {
    fn told(&self, tenant: TenantId, id: UploadId, upload: &Upload, now: &UploadNow);
}

/// The uploads of all tenants.
#[derive(Debug)]
pub struct Uploads {
    parts: UploadParts,
    /// Those that are being read, or wait to be.
    open: Mutex<BTreeMap<(TenantId, UploadId), UploadNow>>,
}

/// What is known of an upload that is not in its events yet.
#[derive(Debug, Clone)]
pub struct UploadNow {
    pub phase: Phase,
    /// Of this process; the one that is under way included.
    pub tries: u32,
    /// When this try began to read.
    pub began_at: Option<Timestamp>,
    pub counts: UploadCounts,
    pub bytes_read: Arc<AtomicU64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Others are being read.
    Waiting,
    Reading,
    /// Reading failed, and is tried again.
    Retrying,
    Ended,
}

/// Why something was not done with an upload.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Ingest(#[from] IngestError),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Views(#[from] ViewError),
}

impl From<OnceError> for UploadError {
    fn from(error: OnceError) -> Self {
        match error {
            OnceError::Request(error) => error.into(),
            OnceError::Ingest(error) => error.into(),
        }
    }
}

/// An upload with what its view says of it.
pub type KeptUpload = (UploadId, Kept<Upload>, Upload);

impl Uploads {
    pub fn new(parts: UploadParts) -> Self {
        Self { parts, open: Mutex::default() }
    }

    /// Whether lines of a tenant are taken now.
    pub fn admit(&self, tenant: TenantId) -> Result<(), UploadError> {
        Ok(self.parts.system.quotas().admit(tenant).map_err(IngestError::from)?)
    }

    /// Begins to read a file, or goes on with it.
    pub async fn start(self: &Arc<Self>, tenant: TenantId, id: UploadId) -> Result<(), UploadError> {
        let job = Arc::new(UploadJob::new(tenant, Arc::clone(self), id));
        Ok(self.parts.system.start_job(tenant, job).await?)
    }

    /// Goes on with all files of a tenant that were not read to their ends.
    pub async fn resume(self: &Arc<Self>, tenant: TenantId) -> Result<(), UploadError> {
        for (id, _, upload) in self.list(tenant).await? {
            if upload.stage == UploadStage::Open {
                self.start(tenant, id).await?;
            }
        }
        Ok(())
    }

    /// Stops to read a file. What was read of it stays.
    pub async fn cancel(&self, tenant: TenantId, id: UploadId, cause: &Cause) -> Result<(), UploadError> {
        self.halt(tenant, id).await?;
        self.command(tenant, id, UploadCommand::Cancel, cause).await?;
        self.tell_end(tenant, id).await
    }

    /// Reads what was not read yet of a file that failed or was cancelled.
    pub async fn retry(
        self: &Arc<Self>,
        tenant: TenantId,
        id: UploadId,
        cause: &Cause,
    ) -> Result<(), UploadError> {
        self.command(tenant, id, UploadCommand::Retry, cause).await?;
        match self.find(tenant, id).await? {
            Some((.., upload)) if upload.stage == UploadStage::Open => self.start(tenant, id).await,
            _ => Ok(()),
        }
    }

    /// Deletes a file for whoever asks for it. Its bytes are the caller's to remove.
    pub async fn delete(&self, tenant: TenantId, id: UploadId, cause: &Cause) -> Result<(), UploadError> {
        self.halt(tenant, id).await?;
        self.command(tenant, id, UploadCommand::Delete, cause).await
    }

    pub async fn command(
        &self,
        tenant: TenantId,
        id: UploadId,
        command: UploadCommand,
        cause: &Cause,
    ) -> Result<(), UploadError> {
        Ok(self.parts.accounts.command_upload(tenant, id, command, cause).await?)
    }

    /// A file that is not deleted.
    pub async fn find(&self, tenant: TenantId, id: UploadId) -> Result<Option<KeptUpload>, ViewError> {
        let kept = self.parts.accounts.views.upload(tenant, id).await?;
        Ok(kept.and_then(|kept| undeleted(id, kept)))
    }

    /// All files of a tenant that are not deleted, in no order.
    pub async fn list(&self, tenant: TenantId) -> Result<Vec<KeptUpload>, ViewError> {
        let all = self.parts.accounts.views.uploads(tenant).await?;
        Ok(all.into_iter().filter_map(|(id, kept)| undeleted(id, kept)).collect())
    }

    /// Files of a tenant that were deleted since a time.
    pub async fn deleted_since(&self, tenant: TenantId, time: Timestamp) -> Result<Vec<UploadId>, ViewError> {
        let is_deleted = |kept: &Kept<Upload>| {
            let stage = kept.state.as_ref().map(|upload| &upload.stage);
            stage == Some(&UploadStage::Deleted) && kept.changed_at >= time
        };
        let all = self.parts.accounts.views.uploads(tenant).await?;
        Ok(all.into_iter().filter(|(_, kept)| is_deleted(kept)).map(|(id, _)| id).collect())
    }

    /// How far an upload is that has not ended. One that has ended by its events may be known as open for a moment.
    pub fn now(&self, tenant: TenantId, (id, _, upload): &KeptUpload) -> Option<UploadNow> {
        self.open().get(&(tenant, *id)).filter(|_| upload.stage == UploadStage::Open).cloned()
    }

    /// How many uploads are open, by where they are: waiting, being read, to be tried again.
    pub fn open_now(&self) -> [(&'static str, usize); 3] {
        let open = self.open();
        let count = |phase| open.values().filter(|now| now.phase == phase).count();
        [
            ("waiting", count(Phase::Waiting)),
            ("running", count(Phase::Reading)),
            ("retrying", count(Phase::Retrying)),
        ]
    }

    pub fn system(&self) -> &Arc<System> {
        &self.parts.system
    }

    pub fn accounts(&self) -> &Accounts {
        &self.parts.accounts
    }

    pub fn limits(&self) -> &UploadLimits {
        &self.parts.limits
    }

    /// Ends the job of an upload, and notes what was read by then.
    async fn halt(&self, tenant: TenantId, id: UploadId) -> Result<(), UploadError> {
        self.parts.system.end_job(tenant, id.as_str()).await?;
        self.open().remove(&(tenant, id));
        if let Some((_, kept, upload)) = self.find(tenant, id).await?
            && upload.stage == UploadStage::Open
        {
            self.catch_up(tenant, id, &kept, upload.counts).await?;
        }
        Ok(())
    }

    /// What is on stable storage of a file behind what its events say; they say it from now on.
    async fn catch_up(
        &self,
        tenant: TenantId,
        id: UploadId,
        kept: &Kept<Upload>,
        mut counts: UploadCounts,
    ) -> Result<UploadCounts, UploadError> {
        let known = counts.items;
        loop {
            let key = RequestKey::of_upload(id, counts.items);
            // An answer holds for a day; for an upload it holds until it is in its events.
            let begun = self.parts.requests.begin_as_of(tenant, key, kept.created_at).await?;
            let Begun::Answered(answer) = begun else { break };
            let problems = answer.answered.errors.iter().map(run::problem);
            counts.add(answer.answered.accepted, answer.answered.rejected, problems);
        }
        if counts.items > known {
            self.command(tenant, id, UploadCommand::Progress(counts.clone()), &Cause::SYSTEM).await?;
        }
        Ok(counts)
    }

    /// Says how an upload ended.
    async fn tell_end(&self, tenant: TenantId, id: UploadId) -> Result<(), UploadError> {
        self.open().remove(&(tenant, id));
        if let Some((.., upload)) = self.find(tenant, id).await? {
            let bytes_read = Arc::new(AtomicU64::new(upload.received.file_bytes));
            let counts = upload.counts.clone();
            let now = UploadNow { phase: Phase::Ended, tries: 0, began_at: None, counts, bytes_read };
            self.parts.watcher.told(tenant, id, &upload, &now);
        }
        Ok(())
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<(TenantId, UploadId), UploadNow>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UploadNow {
    /// How much of a file was read, of a hundred parts.
    pub fn percent(&self, file_bytes: u64) -> u64 {
        let read = self.bytes_read.load(Ordering::Relaxed).min(file_bytes);
        // Reading is ahead of writing, so there is something left until the end.
        let most = if self.phase == Phase::Ended { 100 } else { 99 };
        read.saturating_mul(100).checked_div(file_bytes).unwrap_or(100).min(most)
    }
}

fn undeleted(id: UploadId, kept: Kept<Upload>) -> Option<KeptUpload> {
    let upload = kept.state.clone().filter(|upload| upload.stage != UploadStage::Deleted)?;
    Some((id, kept, upload))
}
