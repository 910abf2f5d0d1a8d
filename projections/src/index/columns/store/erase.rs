//! Erasing the lines of a tenant: hidden at once, gone when compaction has come by.
//!
//! Invariant: once `erase` has returned, no snapshot taken later shows a line of the tenant that was applied
//! before, also after a crash and when the log gives the lines again. Lines that come later are as any
//! others. It does not touch the event log, nor files of groups that were set aside as damaged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use antler_events::ids::{Offset, PartitionId, TenantId};

use super::{ColumnStore, Planted, StoreError};
use crate::index::columns::block::ReadError;
use crate::index::columns::catalogue::{Catalogue, EraseMark, GroupEntry};

/// For each mark the groups that are known to have no rows of its tenant.
pub(super) type ClearedGroups = BTreeMap<(TenantId, u64), BTreeSet<u64>>;

impl ColumnStore {
    /// Hides all lines of the tenant that were applied so far, durably. `compact_next` makes them go.
    pub fn erase(&self, tenant: TenantId) -> Result<(), StoreError> {
        self.erase_until(tenant, &[])
    }

    /// The same, and lines of events up to these are not taken when they come later.
    pub fn erase_until(&self, tenant: TenantId, last: &[(PartitionId, Offset)]) -> Result<(), StoreError> {
        let marked = self.commit(
            |catalogue| {
                let (mut below, mut until) = self.everything_so_far();
                let before = catalogue.mark_of(tenant).map_or(&[][..], |mark| &mark.until);
                for (partition, offset) in last.iter().chain(before) {
                    let known = until.entry(*partition).or_default();
                    *known = (*known).max(*offset);
                }
                below -= u64::from(self.options.planted.is(Planted::EraseOffByOne));
                catalogue.mark(EraseMark { tenant, below, until: until.into_iter().collect() });
                Some(())
            },
            |_| {},
        );
        marked.map(drop)
    }

    /// Whether lines of the tenant are hidden that are not gone yet.
    pub fn is_erasing(&self, tenant: TenantId) -> bool {
        self.state().catalogue.mark_of(tenant).is_some()
    }

    /// Numbers of groups and offsets of events that came before now. Groups that are being written have
    /// numbers below, and events that are being applied may have offsets above.
    fn everything_so_far(&self) -> (u64, BTreeMap<PartitionId, Offset>) {
        let state = self.state();
        let mut until = state.catalogue.checkpoints.clone();
        until.extend(state.lanes.iter().map(|(partition, lane)| (*partition, lane.applied)));
        (state.next_number, until)
    }

    /// The next group with rows that a mark hides. Marks that hide nothing any more go.
    pub(super) fn next_marked(
        &self,
        cleared: &mut ClearedGroups,
        is_skipped: impl Fn(u64) -> bool,
    ) -> Result<Option<Arc<GroupEntry>>, StoreError> {
        let catalogue = Arc::clone(&self.state().catalogue);
        let mut done = Vec::new();
        for mark in catalogue.marks.iter() {
            // Before it is passed, a group may still come that the mark hides.
            let is_passed =
                is_passed(&catalogue, mark) || self.options.planted.is(Planted::EraseEndsTooEarly);
            let known = cleared.entry((mark.tenant, mark.below)).or_default();
            let below = catalogue.groups.range(..mark.below).map(|(_, entry)| entry);
            let mut rest = 0;
            for entry in below.filter(|entry| !known.contains(&entry.number)).collect::<Vec<_>>() {
                if is_skipped(entry.number) {
                    rest += 1;
                } else if self.has_rows_of(mark.tenant, entry)? {
                    return Ok(Some(Arc::clone(entry)));
                } else {
                    known.insert(entry.number);
                }
            }
            if is_passed && rest == 0 {
                done.push(mark.clone());
            }
        }
        self.remove_marks(&done)?;
        cleared.retain(|(tenant, below), _| {
            !done.iter().any(|mark| (mark.tenant, mark.below) == (*tenant, *below))
        });
        Ok(None)
    }

    fn has_rows_of(&self, tenant: TenantId, entry: &GroupEntry) -> Result<bool, StoreError> {
        let number = entry.number;
        match self.disk.group(number) {
            Ok(group) => Ok(!group.directory.rows_of(tenant).is_empty()),
            Err(source) => Err(self.unreadable(number, source)),
        }
    }

    /// The error for a group that could not be read; it is taken out if it is damaged.
    pub(super) fn unreadable(&self, group: u64, source: ReadError) -> StoreError {
        match self.check_group(group) {
            Ok(_) => StoreError::Group { group, source },
            Err(error) => error,
        }
    }

    fn remove_marks(&self, done: &[EraseMark]) -> Result<(), StoreError> {
        if done.is_empty() {
            return Ok(());
        }
        let removed = self.commit(
            |catalogue| {
                let stays = |mark: &&EraseMark| !done.contains(mark);
                catalogue.marks = catalogue.marks.iter().filter(stays).cloned().collect();
                Some(())
            },
            |_| {},
        );
        removed.map(drop)
    }
}

/// Whether everything that the mark concerns is in groups on disk, so that the log does not give it again.
fn is_passed(catalogue: &Catalogue, mark: &EraseMark) -> bool {
    let checkpoint = |partition| catalogue.checkpoints.get(partition).copied().unwrap_or(Offset::ZERO);
    mark.until.iter().all(|(partition, last)| checkpoint(partition) >= *last)
}
