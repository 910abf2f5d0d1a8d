//! Retention: groups in which everything is too old go, and others lose their rows that are with compaction.
//!
//! Invariant: a group is held against the rules once for each moment at which they can say something else.
//! It removes no rows from groups: `compact` does.

use std::sync::Arc;

use antler_events::clock::Timestamp;

use super::compactor::Compactor;
use super::retention::Retention;
use super::{ColumnStore, StoreError};
use crate::index::columns::block::ReadError;
use crate::index::columns::catalogue::{EraseMark, GroupEntry};

/// What retention did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetainReport {
    /// Groups that are gone, with their rows and the bytes of their files.
    pub groups: u64,
    pub rows: u64,
    pub stored_bytes: u64,
    /// Groups that were found to have rows that compaction is to remove.
    pub groups_due: u64,
    /// Groups that were held against the rules.
    pub groups_read: u64,
}

impl ColumnStore {
    /// Drops groups in which all rows are too old, and notes those with some for compaction. The rules hold
    /// for what is compacted from now on; whoever changes them gives others, not the same ones changed.
    pub fn retain(&self, now: Timestamp, rules: &Arc<Retention>) -> Result<RetainReport, StoreError> {
        let mut compactor = self.compactor.lock().expect("nothing panics while it compacts");
        compactor.told(now, rules);
        let catalogue = Arc::clone(&self.state().catalogue);
        compactor.forget_missing(&catalogue);
        let (mut report, mut gone, mut failed) = (RetainReport::default(), Vec::new(), None);
        for entry in catalogue.groups.values() {
            if !compactor.is_to_be_looked_at(entry) {
                continue;
            }
            report.groups_read += 1;
            match self.look(entry, &catalogue.marks, &mut compactor) {
                Ok(Look::Nothing) => {}
                Ok(Look::Some) => report.groups_due += 1,
                Ok(Look::Everything) => gone.push(Arc::clone(entry)),
                // The others are looked at all the same.
                Err(source) => drop(failed.get_or_insert((entry.number, source))),
            }
        }
        drop(catalogue);
        self.drop_groups(gone, &mut report)?;
        self.remove_dropped();
        match failed {
            Some((group, source)) => Err(self.unreadable(group, source)),
            None => Ok(report),
        }
    }

    fn look(
        &self,
        entry: &GroupEntry,
        marks: &[EraseMark],
        compactor: &mut Compactor,
    ) -> Result<Look, ReadError> {
        // A directory for a look does not push out those that searches need.
        let group = self.disk.open(entry.number)?;
        let leaving = compactor.leaving(entry, &group, marks)?;
        if leaving.aged == 0 {
            compactor.note_look(entry.number, leaving.until, false);
            return Ok(Look::Nothing);
        }
        if leaving.rows.count() == group.directory.rows {
            return Ok(Look::Everything);
        }
        compactor.note_look(entry.number, leaving.until, true);
        Ok(Look::Some)
    }

    fn drop_groups(&self, gone: Vec<Arc<GroupEntry>>, report: &mut RetainReport) -> Result<(), StoreError> {
        if gone.is_empty() {
            return Ok(());
        }
        let mut removed = Vec::new();
        self.commit(
            |catalogue| {
                removed.extend(gone.iter().filter_map(|entry| catalogue.groups.remove(&entry.number)));
                Some(())
            },
            |_| {},
        )?;
        drop(gone);
        report.groups = removed.len() as u64;
        report.rows = removed.iter().map(|entry| u64::from(entry.rows)).sum();
        report.stored_bytes = removed.iter().map(|entry| entry.bytes).sum();
        self.state().dropped.extend(removed);
        Ok(())
    }
}

/// What is too old in a group.
enum Look {
    Nothing,
    Some,
    Everything,
}
