//! Compaction: small groups of a day become one, and groups lose the rows that are to go.
//!
//! Invariant: rows move from some groups to others in one step, and only if all of them are there; each
//! group is at least half made of others than the largest one it comes from, so a row moves a few times in
//! its life. It never merges what is larger than half a group.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, TryLockError};

use antler_events::ids::PartitionId;

use super::carry::carry;
use super::compactor::Compactor;
use super::{ColumnStore, Planted, StoreError};
use crate::index::columns::block::ReadError;
use crate::index::columns::catalogue::{EraseMark, GroupEntry};
use crate::index::columns::open::OpenGroup;
use crate::index::columns::seal::days;

/// Fewer groups of a day are not merged.
const MERGED_LEAST: usize = 4;
/// Groups of one day give groups of one day, unless times are read otherwise than in the past.
const DAYS_MAX: usize = 64;

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
    /// Whatever is rewritten loses all rows that are to go, and is compressed as its age demands, so that each
    /// group is rewritten once. Nothing if there is none, or if another one runs.
    pub fn compact_next(&self) -> Result<Option<CompactReport>, StoreError> {
        let Some(mut compactor) = self.try_compactor() else { return Ok(None) };
        loop {
            let inputs = self.next_inputs(&mut compactor)?;
            if inputs.is_empty() {
                return Ok(None);
            }
            let report = self.rewrite_noted(&inputs, &mut compactor)?;
            // Rows that were too old are not any more if the clock was put back.
            if report.is_some() || inputs.len() > 1 {
                drop(inputs);
                self.remove_dropped();
                return Ok(report);
            }
        }
    }

    pub(super) fn try_compactor(&self) -> Option<MutexGuard<'_, Compactor>> {
        match self.compactor.try_lock() {
            Ok(compactor) => Some(compactor),
            Err(TryLockError::WouldBlock) => None,
            // What is remembered only saves work.
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        }
    }

    fn next_inputs(&self, compactor: &mut Compactor) -> Result<Vec<Arc<GroupEntry>>, StoreError> {
        let Compactor { cleared, refused, .. } = compactor;
        if let Some(entry) = self.next_marked(cleared, |number| refused.contains(&number))? {
            return Ok(vec![entry]);
        }
        let catalogue = Arc::clone(&self.state().catalogue);
        compactor.forget_missing(&catalogue);
        if let Some(number) = compactor.next_expired() {
            return Ok(vec![Arc::clone(&catalogue.groups[&number])]);
        }
        let mut days: BTreeMap<i64, Vec<Arc<GroupEntry>>> = BTreeMap::new();
        for entry in catalogue.groups.values().filter(|entry| self.is_small(entry)) {
            if !compactor.refused.contains(&entry.number) {
                days.entry(entry.day).or_default().push(Arc::clone(entry));
            }
        }
        let merges = days.into_values().map(|day| self.mergeable(day));
        Ok(merges.max_by_key(Vec::len).unwrap_or_default())
    }

    pub(super) fn is_small(&self, entry: &GroupEntry) -> bool {
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

    /// Rewrites groups and notes how it ended.
    pub(super) fn rewrite_noted(
        &self,
        inputs: &[Arc<GroupEntry>],
        compactor: &mut Compactor,
    ) -> Result<Option<CompactReport>, StoreError> {
        let report = self.rewrite(inputs, compactor);
        if let Err(StoreError::RowsLost { .. }) = &report {
            compactor.refused.extend(inputs.iter().map(|entry| entry.number));
        }
        inputs.iter().for_each(|entry| compactor.done(entry.number));
        report
    }

    /// Nothing if there is nothing to gain, or if a group is gone meanwhile.
    fn rewrite(
        &self,
        inputs: &[Arc<GroupEntry>],
        compactor: &Compactor,
    ) -> Result<Option<CompactReport>, StoreError> {
        let (first, marks) = self.reserve(DAYS_MAX as u64);
        let mut group = OpenGroup::new(PartitionId::new(0));
        let mut rows_removed = 0;
        for entry in inputs {
            let carried = self.carry_from(entry, &mut group, compactor, &marks);
            self.disk.forget(entry.number);
            rows_removed += carried.map_err(|source| self.unreadable(entry.number, source))?;
        }
        if inputs.len() == 1 && rows_removed == 0 {
            return Ok(None);
        }
        let rows: u64 = inputs.iter().map(|entry| u64::from(entry.rows)).sum();
        let days = days(&group);
        let read = group.rows() as u64 + rows_removed;
        if read != rows || days.len() > DAYS_MAX {
            return Err(StoreError::RowsLost { group: inputs[0].number, rows, read });
        }
        let outputs = self.write_groups(&group, &days, first, self.level_of(inputs, compactor))?;
        let report = CompactReport::new(inputs, &outputs, rows_removed);
        Ok(self.exchange(inputs, outputs)?.then_some(report))
    }

    /// Says how many rows were left behind.
    fn carry_from(
        &self,
        entry: &GroupEntry,
        into: &mut OpenGroup,
        compactor: &Compactor,
        marks: &[EraseMark],
    ) -> Result<u64, ReadError> {
        let from = self.disk.open(entry.number)?;
        let leaving = compactor.leaving(entry, &from, marks)?;
        carry(&from, into, &leaving.rows)?;
        Ok(u64::from(leaving.rows.count()))
    }

    /// What is rewritten anyhow is compressed at once as it would be later.
    fn level_of(&self, inputs: &[Arc<GroupEntry>], compactor: &Compactor) -> i32 {
        if inputs.iter().all(|entry| self.is_cold(entry, compactor.now)) {
            return self.options.cold_level;
        }
        inputs.iter().map(|entry| entry.level).max().unwrap_or(self.options.level)
    }

    /// Whether the outputs count now in the place of the inputs: not if one of these is gone meanwhile.
    pub(super) fn exchange(
        &self,
        inputs: &[Arc<GroupEntry>],
        outputs: Vec<GroupEntry>,
    ) -> Result<bool, StoreError> {
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

impl CompactReport {
    pub(super) fn new(inputs: &[Arc<GroupEntry>], outputs: &[GroupEntry], rows_removed: u64) -> Self {
        Self {
            from: inputs.iter().map(|entry| entry.number).collect(),
            into: outputs.iter().map(|entry| entry.number).collect(),
            rows: outputs.iter().map(|entry| u64::from(entry.rows)).sum(),
            rows_removed,
            bytes_before: inputs.iter().map(|entry| entry.bytes).sum(),
            bytes_after: outputs.iter().map(|entry| entry.bytes).sum(),
        }
    }
}
