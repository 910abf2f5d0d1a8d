//! The cold step: groups that are old enough to be seldom read are compressed once more, more strongly.
//!
//! A group is taken block by block (`recompress`); small ones of a day become one first, and a group with rows
//! that are to go loses them on the way. Invariant: the new files count in one step in the place of the old
//! ones, so every search sees each line once; what is cold is not compressed again. It does not pace itself:
//! `pace` says how long its caller should rest.

use std::sync::Arc;

use antler_events::clock::Timestamp;

use super::compact::CompactReport;
use super::compactor::Compactor;
use super::{ColumnStore, StoreError};
use crate::index::columns::block::ReadError;
use crate::index::columns::catalogue::{EraseMark, GroupEntry};
use crate::index::columns::group::recompress::recompress;

impl ColumnStore {
    /// Compresses the oldest groups that are due, mostly one. Nothing if none is, or if a compaction runs.
    pub fn cold_next(&self, now: Timestamp) -> Result<Option<CompactReport>, StoreError> {
        let Some(mut compactor) = self.try_compactor() else { return Ok(None) };
        compactor.now = now;
        let inputs = self.next_cold(&compactor);
        let report = match &inputs[..] {
            [] => return Ok(None),
            [one] => self.make_cold(one, &mut compactor),
            several => self.rewrite_noted(several, &mut compactor),
        };
        drop(inputs);
        self.remove_dropped();
        report
    }

    /// Whether the group is to be compressed as strongly as old ones are.
    pub(super) fn is_cold(&self, entry: &GroupEntry, now: Timestamp) -> bool {
        let age = i64::try_from(self.options.cold_after.as_nanos()).unwrap_or(i64::MAX);
        entry.latest < now.nanos().saturating_sub(age)
    }

    /// One group, or small ones of a day that fit into one.
    fn next_cold(&self, compactor: &Compactor) -> Vec<Arc<GroupEntry>> {
        let catalogue = Arc::clone(&self.state().catalogue);
        let is_due = |entry: &&Arc<GroupEntry>| {
            entry.level < self.options.cold_level
                && self.is_cold(entry, compactor.now)
                && !compactor.refused.contains(&entry.number)
        };
        let due = || catalogue.groups.values().filter(is_due);
        let Some(first) = due().min_by_key(|entry| (entry.day, entry.number)) else { return Vec::new() };
        let mut small: Vec<_> =
            due().filter(|entry| entry.day == first.day && self.is_small(entry)).collect();
        small.sort_by_key(|entry| (entry.rows, entry.number));
        let (mut rows, mut raw_bytes) = (0, 0);
        let fits = |entry: &&&Arc<GroupEntry>| {
            rows += u64::from(entry.rows);
            raw_bytes += entry.raw_bytes;
            rows <= u64::from(self.options.rows_max) && raw_bytes <= self.options.raw_bytes_max
        };
        let merged: Vec<_> = small.iter().take_while(fits).map(|entry| Arc::clone(entry)).collect();
        if merged.len() > 1 { merged } else { vec![Arc::clone(first)] }
    }

    fn make_cold(
        &self,
        entry: &Arc<GroupEntry>,
        compactor: &mut Compactor,
    ) -> Result<Option<CompactReport>, StoreError> {
        let (number, marks) = self.reserve(1);
        let recompressed = self.recompressed(entry, compactor, &marks);
        self.disk.forget(entry.number);
        let recompressed = recompressed.map_err(|source| self.unreadable(entry.number, source))?;
        let Some(bytes) = recompressed else {
            return self.rewrite_noted(std::slice::from_ref(entry), compactor);
        };
        let level = self.options.cold_level;
        let output = GroupEntry { number, bytes: bytes.len() as u64, level, ..(**entry).clone() };
        let outputs = self.write_file(output, &bytes)?;
        compactor.done(entry.number);
        let inputs = std::slice::from_ref(entry);
        let report = CompactReport::new(inputs, &outputs, 0);
        Ok(self.exchange(inputs, outputs)?.then_some(report))
    }

    /// The bytes of the new file; nothing if rows are to go, which blocks cannot tell.
    fn recompressed(
        &self,
        entry: &GroupEntry,
        compactor: &Compactor,
        marks: &[EraseMark],
    ) -> Result<Option<Vec<u8>>, ReadError> {
        let group = self.disk.open(entry.number)?;
        let leaving = compactor.leaving(entry, &group, marks)?;
        if !leaving.rows.is_empty() {
            return Ok(None);
        }
        let bytes = self.disk.folder.read_group(entry.number, entry.bytes);
        let bytes = bytes.map_err(|error| ReadError::storage(&error))?;
        recompress(bytes, self.options.cold_level).map(Some)
    }
}
