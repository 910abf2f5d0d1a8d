//! The proof of an audit: what the log says, held against what the view has.
//!
//! Invariant: an entry that differs from its event, is missing or stands for no event is named by its tenant and place. What
//! the view has not been given yet is no fault. It reads no log: whoever walks it shows the events in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use antler_events::event::EventError;
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::log::Recorded;

use super::entry::EntryId;
use super::folding::{Folding, end_key};
use super::{AUDIT, AuditView, count_entries};
use crate::views::document::read;
use crate::views::fold::{ControlViewError, step};
use crate::views::port::{ViewError, ViewStore, ViewWrite};

/// So many faults are named; further ones are counted.
const NAMED_MAX: usize = 100;

/// What is wrong with the view.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditFault {
    #[error("the audit of tenant {tenant} lacks entry {id}, which is in the log")]
    Missing { tenant: TenantId, id: EntryId },
    #[error("entry {id} in the audit of tenant {tenant} is not what the log says")]
    Differs { tenant: TenantId, id: EntryId },
    #[error("the audit has entries that are not in the log: {count}")]
    Foreign { count: u64 },
    #[error("the end of the audit of tenant {tenant} is not entry {id}, which is its last in the log")]
    Head { tenant: TenantId, id: EntryId },
}

/// A view, and what was seen of the log.
#[derive(Debug)]
pub struct AuditProof {
    store: Arc<dyn ViewStore>,
    checkpoints: BTreeMap<PartitionId, Offset>,
    /// Where tenants were erased, as the view has it.
    ends: BTreeMap<TenantId, Option<Offset>>,
    folding: Folding,
    /// Entries that are there, whether they are right or not.
    found: u64,
    faults: Vec<AuditFault>,
    fault_count: u64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditVerification {
    pub tenants: u64,
    pub entries: u64,
    /// The first of them.
    pub faults: Vec<AuditFault>,
    pub fault_count: u64,
}

impl AuditProof {
    pub fn new(store: Arc<dyn ViewStore>) -> Self {
        Self {
            store,
            checkpoints: BTreeMap::new(),
            ends: BTreeMap::new(),
            folding: Folding::default(),
            found: 0,
            faults: Vec::new(),
            fault_count: 0,
        }
    }

    /// Takes in the next event of a partition. One that cannot be read is the log's fault, and told there.
    pub async fn see(&mut self, recorded: &Recorded) -> Result<(), ControlViewError> {
        let partition = recorded.envelope.partition;
        if !recorded.envelope.subject.kind.is_control() || !self.is_folded(partition, recorded).await? {
            return Ok(());
        }
        let step = match step(recorded) {
            Ok(Some(step)) => step,
            Ok(None) | Err(EventError::UnknownType { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let tenant = step.tenant;
        let ViewWrite::Put { key, document } = self.folding.take(tenant, AUDIT, &step)? else {
            return Ok(());
        };
        let id = EntryId { partition, offset: step.offset };
        // What was before the end of the tenant is forgotten; an entry that is left is of no event.
        if self.end(tenant).await?.is_some_and(|end| step.offset < end) {
            return Ok(());
        }
        match self.store.document(AUDIT, &key).await? {
            None => self.fault(AuditFault::Missing { tenant, id }),
            Some(there) => {
                self.found += 1;
                if there != document {
                    self.fault(AuditFault::Differs { tenant, id });
                }
            }
        }
        Ok(())
    }

    /// The verdict when the whole log was shown.
    pub async fn verdict(mut self) -> Result<AuditVerification, ViewError> {
        let there = count_entries(&*self.store).await?;
        if there > self.found {
            self.fault(AuditFault::Foreign { count: there - self.found });
        }
        let view = AuditView::new(Arc::clone(&self.store));
        let heads: Vec<_> = self.folding.heads().collect();
        for (tenant, head) in &heads {
            let end = self.end(*tenant).await?;
            if view.head(*tenant).await? != Some(*head) || end != self.folding.end(*tenant) {
                self.fault(AuditFault::Head { tenant: *tenant, id: head.id });
            }
        }
        let Self { found: entries, faults, fault_count, .. } = self;
        Ok(AuditVerification { tenants: heads.len() as u64, entries, faults, fault_count })
    }

    async fn end(&mut self, tenant: TenantId) -> Result<Option<Offset>, ViewError> {
        if let Some(known) = self.ends.get(&tenant) {
            return Ok(*known);
        }
        let end = read(AUDIT, &*self.store, &end_key(tenant)).await?;
        self.ends.insert(tenant, end);
        Ok(end)
    }

    /// Has the view been given the event?
    async fn is_folded(&mut self, partition: PartitionId, recorded: &Recorded) -> Result<bool, ViewError> {
        let checkpoint = match self.checkpoints.get(&partition) {
            Some(known) => *known,
            None => {
                let checkpoint = self.store.checkpoint(AUDIT, partition).await?;
                self.checkpoints.insert(partition, checkpoint);
                checkpoint
            }
        };
        Ok(recorded.envelope.offset < checkpoint)
    }

    fn fault(&mut self, fault: AuditFault) {
        self.fault_count += 1;
        if self.faults.len() < NAMED_MAX {
            self.faults.push(fault);
        }
    }
}
