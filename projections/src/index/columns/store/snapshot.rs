//! What a search sees: all groups of one moment.
//!
//! Invariant: every line that was applied before is in exactly one of the groups, or in one that is named as
//! missing; a group stays readable as long as its handle lives, whatever is sealed, merged or dropped
//! meanwhile. Lines that come later may be seen too. It does not search.

use std::fmt;
use std::sync::Arc;

use super::disk::Disk;
use super::masked::{Hidden, Masked};
use super::memory::{MemoryGroup, Summary};
use crate::index::columns::block::ReadError;
use crate::index::columns::catalogue::{EraseMark, GroupEntry, QuarantinedGroup};
use crate::index::columns::search::select::SearchGroup;
use crate::index::columns::view::GroupView;

/// The groups of one moment.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Those on disk by their numbers, then those in memory from old to new.
    pub groups: Vec<GroupHandle>,
    /// Groups that are not searched because they cannot be trusted.
    pub missing: Vec<Arc<QuarantinedGroup>>,
}

/// Names a group while the store is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupId {
    /// On disk, by the number of its file.
    Sealed(u64),
    /// In memory, by the order in which groups were begun.
    Memory(u64),
}

/// A group that can be read.
#[derive(Clone)]
pub struct GroupHandle {
    source: Source,
    disk: Arc<Disk>,
    marks: Arc<[EraseMark]>,
}

#[derive(Clone)]
enum Source {
    Sealed(Arc<GroupEntry>),
    Memory(Arc<MemoryGroup>, Summary),
}

impl GroupHandle {
    pub(super) fn sealed(entry: Arc<GroupEntry>, disk: &Arc<Disk>, marks: &Arc<[EraseMark]>) -> Self {
        Self { source: Source::Sealed(entry), disk: Arc::clone(disk), marks: Arc::clone(marks) }
    }

    /// Nothing if the group is empty.
    pub(super) fn memory(
        group: &Arc<MemoryGroup>,
        disk: &Arc<Disk>,
        marks: &Arc<[EraseMark]>,
    ) -> Option<Self> {
        let summary = group.summary();
        let source = Source::Memory(Arc::clone(group), summary);
        (summary.rows > 0).then(|| Self { source, disk: Arc::clone(disk), marks: Arc::clone(marks) })
    }

    pub fn id(&self) -> GroupId {
        match &self.source {
            Source::Sealed(entry) => GroupId::Sealed(entry.number),
            Source::Memory(group, _) => GroupId::Memory(group.sequence),
        }
    }

    /// At the moment of the snapshot.
    pub fn rows(&self) -> u32 {
        match &self.source {
            Source::Sealed(entry) => entry.rows,
            Source::Memory(_, summary) => summary.rows,
        }
    }

    /// Bytes of the lines as they came, at the moment of the snapshot.
    pub fn raw_bytes(&self) -> u64 {
        match &self.source {
            Source::Sealed(entry) => entry.raw_bytes,
            Source::Memory(_, summary) => summary.raw_bytes,
        }
    }

    /// Size of its file; none in memory.
    pub fn stored_bytes(&self) -> u64 {
        match &self.source {
            Source::Sealed(entry) => entry.bytes,
            Source::Memory(..) => 0,
        }
    }

    /// Earliest and latest time at the moment of the snapshot, in nanoseconds. Lines that a group in memory
    /// takes afterwards may lie outside: inside `with` the view tells the span of what it shows.
    pub fn span(&self) -> (i64, i64) {
        match &self.source {
            Source::Sealed(entry) => (entry.earliest, entry.latest),
            Source::Memory(_, summary) => summary.span.expect("a group with rows has a span"),
        }
    }

    /// Reads the group. One that is being filled stands still meanwhile, so its writer waits: the lock must
    /// not be taken twice by one reader, that is, `read` must not use another handle of the same group.
    pub fn with<R>(&self, read: impl FnOnce(&dyn GroupView) -> R) -> Result<R, ReadError> {
        match &self.source {
            Source::Sealed(entry) => {
                let group = self.disk.group(entry.number)?;
                if self.marks.iter().all(|mark| mark.below <= entry.number) {
                    return Ok(read(&*group));
                }
                let hidden = Hidden::Tenants { marks: &self.marks, group: entry.number };
                Ok(read(&Masked { view: &*group, hidden }))
            }
            Source::Memory(group, _) => {
                let group = group.read();
                if self.marks.is_empty() {
                    return Ok(read(&*group));
                }
                let hidden = Hidden::Events { marks: &self.marks, group: &group };
                Ok(read(&Masked { view: &*group, hidden }))
            }
        }
    }
}

impl SearchGroup for GroupHandle {
    fn span(&self) -> (i64, i64) {
        Self::span(self)
    }

    fn with<R>(&self, read: impl FnOnce(&dyn GroupView) -> R) -> Result<R, ReadError> {
        Self::with(self, read)
    }
}

impl fmt::Debug for GroupHandle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "GroupHandle({:?}, {} rows)", self.id(), self.rows())
    }
}
