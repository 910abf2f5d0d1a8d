//! Sealing: the oldest waiting group becomes files, one for each of its days, and then counts.
//!
//! Invariant: files and the partition's checkpoint become true together; until then the group stays in
//! memory and is searched there, so nothing is lost or seen twice whatever fails. It waits for the disk, so
//! its caller must be someone who may wait.

use std::io;
use std::sync::Arc;

use antler_events::ids::{Offset, PartitionId};

use super::memory::MemoryGroup;
use super::{ColumnStore, Planted, State, StoreError};
use crate::index::columns::catalogue::{EraseMark, GroupEntry};
use crate::index::columns::group::recompress::recompress;
use crate::index::columns::open::OpenGroup;
use crate::index::columns::seal::{DayRows, days, seal};

/// What was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealReport {
    pub partition: PartitionId,
    /// The checkpoint of the partition now.
    pub checkpoint: Offset,
    /// Groups that were written: one for each day, none if there were no lines.
    pub groups: Vec<u64>,
    pub rows: u64,
    pub raw_bytes: u64,
    pub stored_bytes: u64,
    /// Groups that still wait.
    pub waiting: usize,
}

/// Files of a waiting group that were written and do not count yet.
#[derive(Debug)]
pub(super) struct Prepared {
    sequence: u64,
    entries: Vec<GroupEntry>,
}

impl ColumnStore {
    /// Seals the group that waits longest; nothing if none does. After an error it waits on, and a retry
    /// goes on where this one failed.
    pub fn seal_next(&self) -> Result<Option<SealReport>, StoreError> {
        let mut prepared = self.sealer.lock().expect("nothing panics while it seals");
        let Some(group) = self.state().oldest_waiting() else { return Ok(None) };
        let written = prepared.take().filter(|prepared| prepared.sequence == group.sequence);
        let entries = match written {
            Some(prepared) => prepared.entries,
            None => self.write_days(&group)?,
        };
        let checkpoint = match self.options.planted {
            planted if planted.is(Planted::CheckpointTooFar) => self.applied(group.partition),
            planted if planted.is(Planted::CheckpointNotMoved) => self.checkpoint(group.partition),
            _ => group.summary().last,
        };
        if let Err(error) = self.count_in(&group, &entries, checkpoint) {
            *prepared = Some(Prepared { sequence: group.sequence, entries });
            return Err(error);
        }
        let partition = group.partition;
        self.recycle(group);
        Ok(Some(SealReport {
            partition,
            checkpoint,
            groups: entries.iter().map(|entry| entry.number).collect(),
            rows: entries.iter().map(|entry| u64::from(entry.rows)).sum(),
            raw_bytes: entries.iter().map(|entry| entry.raw_bytes).sum(),
            stored_bytes: entries.iter().map(|entry| entry.bytes).sum(),
            waiting: self.state().waiting(),
        }))
    }

    fn write_days(&self, group: &MemoryGroup) -> Result<Vec<GroupEntry>, StoreError> {
        let group = group.read();
        let mut days = days(&group);
        let (first, marks) = self.reserve(days.len() as u64);
        if !self.options.planted.is(Planted::EraseForgottenBySeal) {
            remove_covered(&group, &marks, &mut days);
        }
        self.write_groups(&group, &days, first, self.options.level)
    }

    /// Writes a file for each day, named by rising numbers from `first` on.
    pub(super) fn write_groups(
        &self,
        group: &OpenGroup,
        days: &[DayRows],
        first: u64,
        level: i32,
    ) -> Result<Vec<GroupEntry>, StoreError> {
        let mut entries = Vec::new();
        let mut write = || {
            for (day, number) in days.iter().zip(first..) {
                let bytes = self.sealed(group, day, level)?;
                self.disk.folder.write_group(number, &bytes, self.options.planted)?;
                entries.push(entry(group, day, number, bytes.len() as u64, level));
            }
            match self.options.planted {
                planted if planted.is(Planted::FolderNotSynced) => Ok(()),
                _ => self.disk.folder.sync_groups(),
            }
        };
        match write() {
            Ok(()) => Ok(entries),
            Err(error) => {
                self.drop_written(entries);
                Err(error)
            }
        }
    }

    /// Writes a file that is complete already.
    pub(super) fn write_file(&self, entry: GroupEntry, bytes: &[u8]) -> Result<Vec<GroupEntry>, StoreError> {
        let written = self.disk.folder.write_group(entry.number, bytes, self.options.planted);
        match written.and_then(|()| self.disk.folder.sync_groups()) {
            Ok(()) => Ok(vec![entry]),
            Err(error) => {
                self.drop_written(vec![entry]);
                Err(error)
            }
        }
    }

    /// The bytes of a file. One for old rows costs more and is smaller.
    fn sealed(&self, group: &OpenGroup, day: &DayRows, level: i32) -> Result<Vec<u8>, StoreError> {
        let bytes = seal(group, &day.rows, self.options.level.min(level)).map_err(StoreError::Compress)?;
        if level < self.options.cold_level {
            return Ok(bytes);
        }
        recompress(bytes, level).map_err(|error| StoreError::Compress(io::Error::other(error)))
    }

    fn count_in(
        &self,
        group: &MemoryGroup,
        entries: &[GroupEntry],
        checkpoint: Offset,
    ) -> Result<(), StoreError> {
        let partition = group.partition;
        let counted = self.commit(
            |catalogue| {
                catalogue.groups.extend(entries.iter().map(|entry| (entry.number, Arc::new(entry.clone()))));
                catalogue.checkpoints.insert(partition, checkpoint);
                Some(())
            },
            |state| {
                let lane = state.lanes.get_mut(&partition).expect("a waiting group has its lane");
                lane.sealing.pop_front();
            },
        );
        counted.map(drop)
    }

    /// Keeps the memory of a sealed group for the next one, if nobody reads it and it is not too large.
    fn recycle(&self, group: Arc<MemoryGroup>) {
        let Some(group) = Arc::into_inner(group) else { return };
        let mut group = group.into_group();
        group.clear();
        if group.bytes_held() < self.options.open_bytes_max / 2 {
            let mut state = self.state();
            if state.spares.len() < state.lanes.len() {
                state.spares.push(group);
            }
        }
    }
}

impl State {
    fn oldest_waiting(&self) -> Option<Arc<MemoryGroup>> {
        let fronts = self.lanes.values().filter_map(|lane| lane.sealing.front());
        fronts.min_by_key(|group| group.sequence).map(Arc::clone)
    }
}

/// Leaves out rows that are to go.
fn remove_covered(group: &OpenGroup, marks: &[EraseMark], days: &mut Vec<DayRows>) {
    for mark in marks {
        let Some(tenant) = group.tenants.find(mark.tenant) else { continue };
        let is_covered = |row: &u32| group.tenant_of[*row as usize] == tenant && group.is_covered(mark, *row);
        days.iter_mut().for_each(|day| day.rows.retain(|row| !is_covered(row)));
    }
    days.retain(|day| !day.rows.is_empty());
}

fn entry(group: &OpenGroup, day: &DayRows, number: u64, bytes: u64, level: i32) -> GroupEntry {
    let times = || day.rows.iter().map(|row| group.times[*row as usize]);
    GroupEntry {
        number,
        bytes,
        rows: day.rows.len() as u32,
        raw_bytes: group.raw_bytes_of(&day.rows),
        day: day.day,
        earliest: times().min().expect("a day has rows"),
        latest: times().max().expect("a day has rows"),
        level,
    }
}
