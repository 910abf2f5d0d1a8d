//! The views of control state together: what a projector feeds, and what commands and requests ask.
//!
//! Invariant: every question about a tenant takes it first; a secret or a name alone leads to its tenant and to nothing
//! else. It does not decide: commands load state here and decide with the aggregates' own rules.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use antler_events::clock::Timestamp;
use antler_events::event::ControlEvent;
use antler_events::event::key::Key;
use antler_events::event::mail::Mail;
use antler_events::event::member::Account;
use antler_events::event::name::{self, Claim};
use antler_events::event::search::Search;
use antler_events::event::session::Session;
use antler_events::event::tenant::{Tenant, TenantRejection};
use antler_events::event::upload::Upload;
use antler_events::identity::SecretHash;
use antler_events::ids::{
    KeyId, MailId, NameKey, Offset, PartitionId, SearchId, SessionId, TenantId, UploadId, UserId,
};
use antler_events::log::Recorded;
use bytes::Bytes;

use super::audit::{self, AuditView};
use super::fold::{self, Folded, Step, decode, load, steps};
pub use super::fold::{ControlViewError, Kept};
use super::keys::{self, Keys};
use super::mails::{self, Mails};
use super::members::Members;
use super::names::Names;
use super::port::{self, PAGE_DOCUMENTS_MAX, Page, ViewError, ViewStore};
use super::rebuild::VIEWS;
use super::searches::Searches;
use super::sessions::{self, Sessions};
use super::tenants::{self, Itself, Tenants};
use super::uploads::Uploads;

/// The views of tenants, accounts, keys, names, sessions, saved searches, uploaded files and mails, and of what all did.
#[derive(Debug, Clone)]
pub struct ControlViews {
    store: Arc<dyn ViewStore>,
    changes: Arc<AtomicU64>,
}

type Found<S> = Result<Option<Kept<S>>, ViewError>;

impl ControlViews {
    pub fn new(store: Arc<dyn ViewStore>) -> Self {
        Self { store, changes: Arc::default() }
    }

    pub fn store(&self) -> &Arc<dyn ViewStore> {
        &self.store
    }

    /// Takes events of a partition in, in order; `next` is the offset behind them. Line events are passed over, and
    /// what was taken before changes nothing.
    pub async fn apply(
        &self,
        partition: PartitionId,
        events: &[Recorded],
        next: Offset,
    ) -> Result<(), ControlViewError> {
        let steps = steps(events)?;
        if steps.is_empty() {
            return Ok(());
        }
        let folded = self.fold(partition, &steps, next).await;
        // Also of a fold that failed: part of it may have been written. What only the audit hears of changes no state.
        if !steps.iter().all(|step| matches!(step.event, ControlEvent::Audit(_))) {
            self.changes.fetch_add(1, Ordering::AcqRel);
        }
        folded
    }

    pub fn audit(&self) -> AuditView {
        AuditView::new(Arc::clone(&self.store))
    }

    /// How often anything has changed, through this object or a clone of it. What was read before and after the same
    /// count still stands.
    pub fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    async fn fold(
        &self,
        partition: PartitionId,
        steps: &[Step],
        next: Offset,
    ) -> Result<(), ControlViewError> {
        let store = &*self.store;
        fold::fold::<Members>(store, Members::VIEW, partition, steps, next).await?;
        fold::fold::<Keys>(store, Keys::VIEW, partition, steps, next).await?;
        fold::fold::<Names>(store, Names::VIEW, partition, steps, next).await?;
        fold::fold::<Sessions>(store, Sessions::VIEW, partition, steps, next).await?;
        fold::fold::<Searches>(store, Searches::VIEW, partition, steps, next).await?;
        fold::fold::<Uploads>(store, Uploads::VIEW, partition, steps, next).await?;
        fold::fold::<Mails>(store, Mails::VIEW, partition, steps, next).await?;
        audit::fold(store, audit::AUDIT, partition, steps, next).await?;
        // At last: an erased tenant shows its receipt only when no other view has anything of it.
        fold::fold::<Tenants>(store, Tenants::VIEW, partition, steps, next).await
    }

    /// Notes that all events before `next` have been taken, and returns when that is on stable storage.
    pub async fn settle(&self, partition: PartitionId, next: Offset) -> Result<(), ViewError> {
        port::settle(&*self.store, &VIEWS, partition, next).await
    }

    /// From where the partition's events are needed.
    pub async fn checkpoint(&self, partition: PartitionId) -> Result<Offset, ViewError> {
        port::lowest_checkpoint(&*self.store, &VIEWS, partition).await
    }

    pub async fn tenant(&self, tenant: TenantId) -> Found<Tenant> {
        load::<Tenants>(tenant, &*self.store, Tenants::VIEW, Itself).await
    }

    /// All tenants in an order that stays, closed ones too.
    pub async fn tenants(
        &self,
        after: Option<TenantId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, Kept<Tenant>)>, ViewError> {
        let after = after.map(|tenant| fold::key(tenant, Itself.as_ref()));
        let page = Page { prefix: fold::PREFIX, after: after.as_deref(), limit };
        let view = Tenants::VIEW;
        let damaged = || ViewError::Damaged { view, reason: "a tenant of it has no id".to_owned() };
        let found = self.store.scan(view, page).await?.into_iter().map(|found| {
            let tenant = fold::tenant_of(&found.key).ok_or_else(damaged)?;
            Ok((tenant, decode::<Tenants>(view, &found.document)?))
        });
        found.collect()
    }

    /// How many there are.
    pub async fn tenant_count(&self) -> Result<u64, ViewError> {
        // Beside each that may not send lines stands a document that says so.
        let barred = self.barred().await?.len() as u64;
        Ok(self.store.count(Tenants::VIEW).await?.saturating_sub(barred))
    }

    /// The last of so many of them, in their order, or of all if there are fewer; none before the first.
    pub async fn tenant_before(&self, count: u64) -> Result<Option<TenantId>, ViewError> {
        let (mut last, mut left) = (None, usize::try_from(count).unwrap_or(usize::MAX));
        while left > 0 {
            let found = self.tenants(last, left.min(PAGE_DOCUMENTS_MAX)).await?;
            let Some((tenant, _)) = found.last() else { break };
            (last, left) = (Some(*tenant), left - found.len());
        }
        Ok(last)
    }

    /// Tenants that may not send lines, each with what it is told.
    pub async fn barred(&self) -> Result<Vec<(TenantId, TenantRejection)>, ViewError> {
        let mut barred = Vec::new();
        let mut after = None::<Bytes>;
        loop {
            let page = Page { prefix: tenants::BARRED, after: after.as_deref(), limit: PAGE_DOCUMENTS_MAX };
            let found = self.store.scan(Tenants::VIEW, page).await?;
            for tenant in found.iter().filter_map(|found| tenants::barred(&found.key)) {
                let state = self.tenant(tenant).await?.and_then(|kept| kept.state);
                barred.extend(state.and_then(|state| state.admit_lines().err()).map(|why| (tenant, why)));
            }
            match found.last().filter(|_| found.len() == PAGE_DOCUMENTS_MAX) {
                Some(last) => after = Some(last.key.clone()),
                None => return Ok(barred),
            }
        }
    }

    pub async fn account(&self, tenant: TenantId, user: UserId) -> Found<Account> {
        load::<Members>(tenant, &*self.store, Members::VIEW, user).await
    }

    pub async fn key(&self, tenant: TenantId, key: KeyId) -> Found<Key> {
        load::<Keys>(tenant, &*self.store, Keys::VIEW, key).await
    }

    /// Keys of a tenant in the order of their ids, revoked ones too.
    pub async fn keys(&self, tenant: TenantId) -> Result<Vec<(KeyId, Kept<Key>)>, ViewError> {
        fold::all::<Keys>(tenant, &*self.store, Keys::VIEW).await
    }

    /// Saved searches of a tenant in the order of their ids, deleted ones too.
    pub async fn searches(&self, tenant: TenantId) -> Result<Vec<(SearchId, Kept<Search>)>, ViewError> {
        fold::all::<Searches>(tenant, &*self.store, Searches::VIEW).await
    }

    /// Uploaded files of a tenant in the order of their ids, deleted ones too.
    pub async fn uploads(&self, tenant: TenantId) -> Result<Vec<(UploadId, Kept<Upload>)>, ViewError> {
        fold::all::<Uploads>(tenant, &*self.store, Uploads::VIEW).await
    }

    /// Whose key a secret is; the key may be revoked or expired.
    pub async fn key_by_secret(&self, secret: SecretHash) -> Result<Option<(TenantId, KeyId)>, ViewError> {
        keys::by_secret(&*self.store, secret).await
    }

    /// Who holds a name.
    pub async fn name(&self, name: NameKey) -> Found<Claim> {
        load::<Names>(name::registry(), &*self.store, Names::VIEW, name).await
    }

    pub async fn session(&self, tenant: TenantId, session: SessionId) -> Found<Session> {
        load::<Sessions>(tenant, &*self.store, Sessions::VIEW, session).await
    }

    /// Sessions of a user that have not ended and do not expire before `now`.
    pub async fn live_sessions(
        &self,
        tenant: TenantId,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<(SessionId, Kept<Session>)>, ViewError> {
        let mut found = Vec::new();
        for id in sessions::live(tenant, &*self.store, user, now).await? {
            found.extend(self.session(tenant, id).await?.map(|kept| (id, kept)));
        }
        Ok(found)
    }

    /// When a user logged in last.
    pub async fn last_login(&self, tenant: TenantId, user: UserId) -> Result<Option<Timestamp>, ViewError> {
        let Some(id) = sessions::newest(tenant, &*self.store, user).await? else { return Ok(None) };
        Ok(self.session(tenant, id).await?.map(|kept| kept.created_at))
    }

    pub async fn search(&self, tenant: TenantId, search: SearchId) -> Found<Search> {
        load::<Searches>(tenant, &*self.store, Searches::VIEW, search).await
    }

    pub async fn upload(&self, tenant: TenantId, upload: UploadId) -> Found<Upload> {
        load::<Uploads>(tenant, &*self.store, Uploads::VIEW, upload).await
    }

    pub async fn mail(&self, tenant: TenantId, mail: MailId) -> Found<Mail> {
        load::<Mails>(tenant, &*self.store, Mails::VIEW, mail).await
    }

    /// Mails that were promised and have not ended, of all tenants or of one; no more than `limit`.
    pub async fn waiting_mails(
        &self,
        of: Option<TenantId>,
        limit: usize,
    ) -> Result<Vec<(TenantId, MailId)>, ViewError> {
        mails::waiting(of, &*self.store, limit).await
    }
}

#[cfg(test)]
mod tests;
