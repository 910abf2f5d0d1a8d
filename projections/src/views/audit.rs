//! The view of the audit: of each tenant all that was done in it, the newest first, each entry with its place in the hash
//! chain of the tenant's control events.
//!
//! Invariant: an entry is one control event, and its hash is that of the event in the log, so that the log proves the view.
//! What a thing was like before is what its earlier events said. No entry changes, and none goes before its tenant is erased:
//! then all go but the receipt's. It does not ask who may read it.

mod entry;
mod folding;
mod proof;

use std::sync::Arc;

use antler_events::ids::{Offset, PartitionId, TenantId};
use bytes::Bytes;

pub use self::entry::{AuditEntry, AuditFilter, EntryId, Head};
use self::folding::Folding;
pub use self::proof::{AuditFault, AuditProof, AuditVerification};
use super::arrivals::wiped;
use super::document::{decode, read};
use super::fold::{ControlViewError, Step};
use super::port::{Document, Fold, PAGE_DOCUMENTS_MAX, Page, ViewError, ViewName, ViewStore, ViewWrite};

pub(super) const AUDIT: ViewName = ViewName::in_form("audit", 2);

/// A page is looked for among so many entries; then it ends, and the next one goes on. So many are counted.
pub const LOOKED_AT_MAX: usize = 50_000;
/// Entries that are read at once.
const CHUNK: usize = 1_000;

/// What was done.
#[derive(Debug, Clone)]
pub struct AuditView {
    store: Arc<dyn ViewStore>,
}

/// Some entries, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditPage {
    pub entries: Vec<AuditEntry>,
    /// The entry behind which there may be more.
    pub next: Option<Offset>,
}

impl AuditView {
    pub(super) fn new(store: Arc<dyn ViewStore>) -> Self {
        Self { store }
    }

    /// The end of the tenant's chain; none before its first event.
    pub async fn head(&self, tenant: TenantId) -> Result<Option<Head>, ViewError> {
        read(AUDIT, &*self.store, &folding::head_key(tenant)).await
    }

    pub async fn entry(&self, tenant: TenantId, id: EntryId) -> Result<Option<AuditEntry>, ViewError> {
        let found: Option<AuditEntry> =
            read(AUDIT, &*self.store, &folding::entry_key(tenant, id.offset)).await?;
        Ok(found.filter(|entry| entry.id == id))
    }

    /// How many entries the filter lets through: all that there are, or with a condition those of the newest
    /// `LOOKED_AT_MAX`.
    pub async fn count(&self, tenant: TenantId, filter: &AuditFilter) -> Result<u64, ViewError> {
        if *filter == AuditFilter::default() {
            return Ok(self.head(tenant).await?.map_or(0, |head| head.entries));
        }
        Ok(self.page(tenant, filter, None, LOOKED_AT_MAX).await?.entries.len() as u64)
    }

    /// The same as `page`, behind `skip` entries that the filter lets through. It looks no further than `LOOKED_AT_MAX`
    /// entries back for them.
    pub async fn page_behind(
        &self,
        tenant: TenantId,
        filter: &AuditFilter,
        skip: usize,
        limit: usize,
    ) -> Result<AuditPage, ViewError> {
        if skip == 0 {
            return self.page(tenant, filter, None, limit).await;
        }
        let before = self.page(tenant, filter, None, skip).await?;
        match before.next.filter(|_| before.entries.len() == skip) {
            Some(last) => self.page(tenant, filter, Some(last), limit).await,
            None => Ok(AuditPage::default()),
        }
    }

    /// At most `limit` entries that the filter lets through, of those before `after`.
    pub async fn page(
        &self,
        tenant: TenantId,
        filter: &AuditFilter,
        after: Option<Offset>,
        limit: usize,
    ) -> Result<AuditPage, ViewError> {
        let prefix = folding::entry_prefix(tenant);
        let mut after: Option<Bytes> = after.map(|offset| folding::entry_key(tenant, offset));
        let (mut entries, mut looked_at) = (Vec::new(), 0);
        while entries.len() < limit && looked_at < LOOKED_AT_MAX {
            let page = Page { prefix: &prefix, after: after.as_deref(), limit: CHUNK };
            let found = self.store.scan(AUDIT, page).await?;
            looked_at += found.len();
            for Document { document, .. } in &found {
                let entry: AuditEntry = decode(AUDIT, document)?;
                let offset = entry.id.offset;
                entries.extend(filter.lets_through(&entry).then_some(entry));
                if entries.len() == limit {
                    return Ok(AuditPage { entries, next: Some(offset) });
                }
            }
            match found.last().filter(|_| found.len() == CHUNK) {
                Some(last) => after = Some(last.key.clone()),
                None => return Ok(AuditPage { entries, next: None }),
            }
        }
        let next = after.as_deref().and_then(|key| folding::offset_of(tenant, key));
        Ok(AuditPage { entries, next })
    }
}

/// Takes those of the steps in that the view has not seen.
pub(super) async fn fold(
    store: &dyn ViewStore,
    view: ViewName,
    partition: PartitionId,
    steps: &[Step],
    next: Offset,
) -> Result<(), ControlViewError> {
    let checkpoint = store.checkpoint(view, partition).await?;
    let mut folding = Folding::default();
    let mut writes = Vec::new();
    for step in steps.iter().filter(|step| (checkpoint..next).contains(&step.offset)) {
        folding.load(step.tenant, store, view, step).await?;
        if step.ends_tenant() {
            let (entries, things) = (folding::entry_prefix(step.tenant), folding::thing_prefix(step.tenant));
            writes.retain(|write: &ViewWrite| !write.key().starts_with(&entries));
            writes.extend(wiped(step.tenant, store, view, &[&entries, &things], []).await?);
        }
        writes.push(folding.take(step.tenant, view, step)?);
    }
    if writes.is_empty() {
        return Ok(());
    }
    writes.extend(folding.into_writes(view)?);
    store.apply(view, Fold { partition, next, writes }).await?;
    Ok(())
}

/// How many entries there are of all tenants.
async fn count_entries(store: &dyn ViewStore) -> Result<u64, ViewError> {
    let (mut count, mut after) = (0, None::<Bytes>);
    loop {
        let page = Page { prefix: folding::ENTRIES, after: after.as_deref(), limit: PAGE_DOCUMENTS_MAX };
        let found = store.scan(AUDIT, page).await?;
        count += found.len() as u64;
        match found.last().filter(|_| found.len() == PAGE_DOCUMENTS_MAX) {
            Some(last) => after = Some(last.key.clone()),
            None => return Ok(count),
        }
    }
}

#[cfg(test)]
mod tests;
