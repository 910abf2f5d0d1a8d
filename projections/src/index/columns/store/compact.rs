//! Compaction: small groups of a day become one, and groups lose the rows that are to go.
//!
//! Invariant: rows move from some groups to others in one step, and only if all of them are there; each
//! group is at least half made of others than the largest one it comes from, so a row moves a few times in
//! its life. It never merges what is larger than half a group.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, TryLockError};

use antler_events::ids::{PartitionId, TenantId};

use super::carry::carry;
use super::erase::ClearedGroups;
use super::{ColumnStore, Planted, StoreError};
use crate::index::columns::catalogue::{EraseMark, GroupEntry};
use crate::index::columns::open::OpenGroup;
use crate::index::columns::seal::days;

/// Fewer groups of a day are not merged.
const MERGED_LEAST: usize = 4;
/// Groups of one day give groups of one day, unless times are read otherwise than in the past.
const DAYS_MAX: usize = 64;

/// What whoever compacts remembers.
#[derive(Debug, Default)]
pub(super) struct Compactor {
    pub(super) cleared: ClearedGroups,
    /// Groups with tenants whose rows in them are too old.
    pub(super) expired: BTreeMap<u64, Vec<TenantId>>,
    /// Groups that could not be read as they should; they are left alone.
    refused: BTreeSet<u64>,
}

/// What was compacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactReport {
    /// Groups that are gone, and those that have their rows now.
    pub from: Vec<u64>,
    pub into: Vec<u64>,
    pub rows: u64,
    /// Rows that were erased or too old.
    pub rows_removed: u64,
    pub bytes_before: u64,
    pub bytes_after: u64,
}

impl ColumnStore {
    /// Does the most urgent compaction: rows that were erased, then rows that are too old, then small groups.
    /// Nothing if there is none, or if another one runs.
    pub fn compact_next(&self) -> Result<Option<CompactReport>, StoreError> {
        let mut compactor = match self.compactor.try_lock() {
            Ok(compactor) => compactor,
            Err(TryLockError::WouldBlock) => return Ok(None),
            // What is remembered only saves work.
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        };
        let inputs = self.next_inputs(&mut compactor)?;
        if inputs.is_empty() {
            return Ok(None);
        }
        let report = self.rewrite(&inputs, &compactor.expired);
        if let Err(StoreError::RowsLost { .. }) = &report {
            compactor.refused.extend(inputs.iter().map(|entry| entry.number));
        }
        for entry in &inputs {
            compactor.expired.remove(&entry.number);
        }
        drop(inputs);
        self.remove_dropped();
        report
    }

    fn next_inputs(&self, compactor: &mut Compactor) -> Result<Vec<Arc<GroupEntry>>, StoreError> {
        let Compactor { cleared, expired, refused } = compactor;
        if let Some(entry) = self.next_marked(cleared, |number| refused.contains(&number))? {
            return Ok(vec![entry]);
        }
        let catalogue = Arc::clone(&self.state().catalogue);
        expired.retain(|number, _| catalogue.groups.contains_key(number) && !refused.contains(number));
        if let Some(number) = expired.keys().next() {
            return Ok(vec![Arc::clone(&catalogue.groups[number])]);
        }
        let mut days: BTreeMap<i64, Vec<Arc<GroupEntry>>> = BTreeMap::new();
        for entry in catalogue.groups.values().filter(|entry| self.is_small(entry)) {
            if !refused.contains(&entry.number) {
                days.entry(entry.day).or_default().push(Arc::clone(entry));
            }
        }
        let merges = days.into_values().map(|day| self.mergeable(day));
        Ok(merges.max_by_key(Vec::len).unwrap_or_default())
    }

    fn is_small(&self, entry: &GroupEntry) -> bool {
        entry.rows <= self.options.rows_max / 2 && entry.raw_bytes <= self.options.raw_bytes_max / 2
    }

    /// The most groups of a day that fit into one, none of them larger than the others together.
    fn mergeable(&self, mut day: Vec<Arc<GroupEntry>>) -> Vec<Arc<GroupEntry>> {
        day.sort_by_key(|entry| (entry.rows, entry.number));
        let (mut rows, mut raw_bytes, mut count) = (0, 0, 0);
        for (at, entry) in day.iter().enumerate() {
            rows += u64::from(entry.rows);
            raw_bytes += entry.raw_bytes;
            if rows > u64::from(self.options.rows_max) || raw_bytes > self.options.raw_bytes_max {
                break;
            }
            if u64::from(entry.rows) * 2 <= rows {
                count = at + 1;
            }
        }
        day.truncate(if count < MERGED_LEAST { 0 } else { count });
        day
    }

    fn rewrite(
        &self,
        inputs: &[Arc<GroupEntry>],
        expired: &BTreeMap<u64, Vec<TenantId>>,
    ) -> Result<Option<CompactReport>, StoreError> {
        let (first, marks) = self.reserve(DAYS_MAX as u64);
        let mut group = OpenGroup::new(PartitionId::new(0));
        let mut rows_removed = 0;
        for entry in inputs {
            let old = expired.get(&entry.number).map_or(&[][..], Vec::as_slice);
            let is_left = |tenant| old.contains(&tenant) || is_hidden(tenant, &marks, entry.number);
            let carried = self.disk.open(entry.number).and_then(|from| carry(&from, &mut group, is_left));
            self.disk.forget(entry.number);
            rows_removed += carried.map_err(|source| self.unreadable(entry.number, source))?;
        }
        let rows: u64 = inputs.iter().map(|entry| u64::from(entry.rows)).sum();
        let days = days(&group);
        let read = group.rows() as u64 + rows_removed;
        if read != rows || days.len() > DAYS_MAX {
            return Err(StoreError::RowsLost { group: inputs[0].number, rows, read });
        }
        let level = inputs.iter().map(|entry| entry.level).max().unwrap_or(self.options.level);
        let outputs = self.write_groups(&group, &days, first, level)?;
        let report = CompactReport {
            from: inputs.iter().map(|entry| entry.number).collect(),
            into: outputs.iter().map(|entry| entry.number).collect(),
            rows: group.rows() as u64,
            rows_removed,
            bytes_before: inputs.iter().map(|entry| entry.bytes).sum(),
            bytes_after: outputs.iter().map(|entry| entry.bytes).sum(),
        };
        Ok(self.exchange(inputs, outputs)?.then_some(report))
    }

    /// Whether the outputs count now in the place of the inputs: not if one of these is gone meanwhile.
    fn exchange(&self, inputs: &[Arc<GroupEntry>], outputs: Vec<GroupEntry>) -> Result<bool, StoreError> {
        let exchanged = self.commit(
            |catalogue| {
                let are_there = inputs.iter().all(|entry| catalogue.groups.contains_key(&entry.number));
                are_there.then(|| {
                    if !self.options.planted.is(Planted::InputsStay) {
                        inputs.iter().for_each(|entry| drop(catalogue.groups.remove(&entry.number)));
                    }
                    let outputs = outputs.iter().map(|entry| (entry.number, Arc::new(entry.clone())));
                    catalogue.groups.extend(outputs);
                })
            },
            |state| state.dropped.extend(inputs.iter().cloned()),
        );
        match exchanged {
            Ok(Some(())) => {}
            Ok(None) => self.drop_written(outputs),
            Err(_) => self.state().doubtful.extend(outputs.into_iter().map(Arc::new)),
        }
        exchanged.map(|exchanged| exchanged.is_some())
    }
}

fn is_hidden(tenant: TenantId, marks: &[EraseMark], group: u64) -> bool {
    marks.binary_search_by_key(&tenant, |mark| mark.tenant).is_ok_and(|at| group < marks[at].below)
}
