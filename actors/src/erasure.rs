//! The erasure of tenants: each is closed at once, and a job removes what it has, step by step, and signs a receipt.
//!
//! Invariant: every step may be done again, so an erasure that was cut off goes on from its beginning and ends once; the
//! receipt comes when nothing is left to remove. It does not ask who may, and does not know how a receipt is signed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use antler_events::clock::Timestamp;
use antler_events::event::Cause;
use antler_events::event::note::Note;
use antler_events::event::tenant::{
    Erasure, ErasureBegun, Tenant, TenantCommand, TenantErased, TenantRejection,
};
use antler_events::ids::TenantId;
use antler_events::log::{BoxFuture, ReadError};
use antler_projections::index::port::{Bounds, IndexError, SearchError, SearchIndex};
use antler_projections::views::arrivals::ArrivalViews;
use antler_projections::views::audit::Head;
use antler_projections::views::port::ViewError;

use crate::accounts::AccountError;
use crate::jobs::{Job, JobTurns};
use crate::key_use::KeyUse;
use crate::notes::{NoteError, Notes};
use crate::planted::Planted;
use crate::search_history::SearchHistory;
use crate::system::{IngestError, System};
use crate::uploads::{UploadError, Uploads};

/// The pause after a step that could not be done.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// How often is looked whether lines that were let in before the end are written.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What counting the lines of a tenant may take.
const COUNTING: Bounds = Bounds { time: Duration::from_secs(30), memory_bytes: 64 << 20 };

/// Where the files of tenants are.
pub trait TenantFiles: Send + Sync + fmt::Debug {
    /// Removes all files of a tenant, also those that nobody knows of.
    fn remove_all(&self, tenant: TenantId) -> BoxFuture<'_, std::io::Result<()>>;
}

/// Who signs receipts.
pub trait Notary: Send + Sync + fmt::Debug {
    fn sign(&self, tenant: TenantId, facts: &ErasureFacts) -> TenantErased;
}

/// What a receipt is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureFacts {
    pub name: String,
    pub begun: ErasureBegun,
    pub finished_at: Timestamp,
    /// The end of the audit before the receipt.
    pub head: Option<Head>,
}

/// What erasures work on.
#[derive(Debug)]
pub struct Erasures {
    pub system: Arc<System>,
    pub uploads: Arc<Uploads>,
    pub index: Arc<dyn SearchIndex>,
    pub arrivals: ArrivalViews,
    pub notes: Notes,
    pub history: SearchHistory,
    pub key_use: Arc<KeyUse>,
    pub files: Arc<dyn TenantFiles>,
    pub notary: Arc<dyn Notary>,
}

/// Why a tenant is not erased, or not yet.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Upload(#[from] UploadError),
    #[error(transparent)]
    Ingest(#[from] IngestError),
    #[error(transparent)]
    Note(#[from] NoteError),
    #[error(transparent)]
    Views(#[from] ViewError),
    #[error("its lines cannot be counted")]
    Search(#[from] SearchError),
    #[error("its lines cannot be erased")]
    Index(#[from] IndexError),
    #[error("the event log cannot be read")]
    Read(#[from] ReadError),
    #[error("its files cannot be removed")]
    Files(#[from] std::io::Error),
}

/// The erasure of one tenant.
#[derive(Debug)]
struct ErasureJob {
    erasures: Arc<Erasures>,
    tenant: TenantId,
}

impl Erasures {
    /// Closes the tenant and begins to erase it. One that is being erased, or is erased, stays so.
    pub async fn begin(self: &Arc<Self>, tenant: TenantId, cause: &Cause) -> Result<(), ErasureError> {
        self.close(tenant, cause).await?;
        self.start(tenant).await
    }

    /// The same, and answers when the tenant is erased.
    pub async fn finish(&self, tenant: TenantId, cause: &Cause) -> Result<TenantErased, ErasureError> {
        self.close(tenant, cause).await?;
        loop {
            if let Some(Erasure::Done(erased)) = self.tenant(tenant).await?.and_then(|state| state.erasure) {
                return Ok(erased);
            }
            self.erase(tenant).await?;
        }
    }

    async fn close(&self, tenant: TenantId, cause: &Cause) -> Result<(), ErasureError> {
        let state = self.tenant(tenant).await?.ok_or(AccountError::Tenant(TenantRejection::NotRegistered))?;
        let lines = self.index.tenant_statistics(tenant, COUNTING).await?;
        let begun = ErasureBegun {
            at: self.notes.clock.now(),
            lines: lines.lines,
            bytes: lines.raw_bytes,
            files: self.uploads.list(tenant).await?.len() as u64,
            members: state.members.len() as u64,
            dead_letters: self.arrivals.dead_letters(tenant, 0, 0).await?.kept,
        };
        self.command(tenant, TenantCommand::BeginErasure(begun), cause).await?;
        Ok(self.system.quotas().look_again().await?)
    }

    /// Goes on with erasures that were cut off. Views may be new: who may send no lines is known before anybody asks.
    pub async fn resume(self: &Arc<Self>) -> Result<(), ErasureError> {
        self.system.quotas().look_again().await?;
        if self.system.has_planted(Planted::ErasureNotResumed) {
            return Ok(());
        }
        for (tenant, _) in self.uploads.accounts().views.barred().await? {
            let erasure = self.tenant(tenant).await?.and_then(|state| state.erasure);
            if let Some(Erasure::Begun(_)) = erasure {
                self.start(tenant).await?;
            }
        }
        Ok(())
    }

    async fn start(self: &Arc<Self>, tenant: TenantId) -> Result<(), ErasureError> {
        let job = ErasureJob { erasures: Arc::clone(self), tenant };
        Ok(self.system.start_job(tenant, Arc::new(job)).await?)
    }

    async fn tenant(&self, tenant: TenantId) -> Result<Option<Tenant>, ViewError> {
        Ok(self.uploads.accounts().views.tenant(tenant).await?.and_then(|kept| kept.state))
    }

    async fn command(
        &self,
        tenant: TenantId,
        command: TenantCommand,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        self.uploads.accounts().change_tenant(tenant, command, cause).await
    }

    async fn erase(&self, tenant: TenantId) -> Result<(), ErasureError> {
        let Some(Tenant { name, erasure: Some(Erasure::Begun(begun)), .. }) = self.tenant(tenant).await?
        else {
            return Ok(());
        };
        let cause = Cause::SYSTEM;
        while self.system.held_by(tenant) > 0 && !self.system.has_planted(Planted::ErasureDoesNotWait) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        for (id, ..) in self.uploads.list(tenant).await? {
            self.uploads.delete(tenant, id, &cause).await?;
        }
        match self.files.remove_all(tenant).await {
            Err(_) if self.system.has_planted(Planted::ErasureLeavesFiles) => {}
            removed => removed?,
        }
        self.erase_lines(tenant).await?;
        let accounts = self.uploads.accounts();
        accounts.close_accounts(tenant, &cause).await?;
        self.forget_notes(tenant).await?;
        let head = accounts.views.audit().head(tenant).await?;
        let finished_at = self.notes.clock.now();
        let facts = ErasureFacts { name: name.as_str().to_owned(), begun, finished_at, head };
        let erased = self.notary.sign(tenant, &facts);
        Ok(self.command(tenant, TenantCommand::FinishErasure(erased), &cause).await?)
    }

    /// What is written by and by, too.
    async fn forget_notes(&self, tenant: TenantId) -> Result<(), NoteError> {
        self.history.idle().await;
        self.key_use.forget(tenant);
        self.notes.record(tenant, &Note::TenantForgotten).await?;
        Ok(())
    }

    /// Those that are on their way to the index, too.
    async fn erase_lines(&self, tenant: TenantId) -> Result<(), ErasureError> {
        let mut until = self.notes.log.ends()?;
        if self.system.has_planted(Planted::ErasureOfAppliedOnly) {
            until.clear();
        }
        self.index.erase(tenant, until).await?;
        while self.index.upkeep().await? {}
        Ok(())
    }
}

impl Job for ErasureJob {
    fn name(&self) -> &str {
        "erasure"
    }

    fn run<'a>(&'a self, turns: &'a JobTurns) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let _turn = turns.take().await;
            let Self { erasures, tenant } = self;
            while let Err(error) = erasures.erase(*tenant).await {
                tracing::warn!(%tenant, %error, "a tenant cannot be erased yet, which is tried again");
                tokio::time::sleep(RETRY_AFTER).await;
            }
            tracing::info!(%tenant, "a tenant is erased");
        })
    }

    fn given_up<'a>(&'a self, reason: &'a str) -> BoxFuture<'a, ()> {
        tracing::error!(tenant = %self.tenant, reason, "a tenant is not erased before the next start");
        Box::pin(std::future::ready(()))
    }
}
