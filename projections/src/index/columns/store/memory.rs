//! Groups in memory: the one that a partition's writer fills, and those that wait to be sealed.
//!
//! Invariant: a group that waits is never changed, and one that is filled only grows, so whoever holds one
//! can read it at any time. A writer waits for a reader of its own open group at most as long as that reads
//! it; readers of other groups never keep it. It does not decide when a group is full.

use std::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard};

use antler_events::event::lines::Arrival;
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::LineBatch;

use crate::index::columns::open::OpenGroup;
use crate::index::columns::view::GroupView;

/// A group in memory.
#[derive(Debug)]
pub(super) struct MemoryGroup {
    /// Groups of a store in the order in which they were begun.
    pub(super) sequence: u64,
    pub(super) partition: PartitionId,
    group: RwLock<OpenGroup>,
    summary: Mutex<Summary>,
}

/// What is known of a group without waiting for its writer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Summary {
    pub(super) rows: u32,
    pub(super) raw_bytes: u64,
    /// Earliest and latest time.
    pub(super) span: Option<(i64, i64)>,
    /// Memory, as it was measured last.
    pub(super) bytes_held: usize,
    pub(super) forms: usize,
    /// The last event, also if it had no lines.
    pub(super) last: Offset,
}

/// Memory is measured again after so many rows or forms.
const MEASURED_EVERY_ROWS: u32 = 1_024;
const MEASURED_EVERY_FORMS: usize = 256;

impl MemoryGroup {
    pub(super) fn new(sequence: u64, partition: PartitionId, last: Offset) -> Self {
        let group = OpenGroup::new(partition);
        let summary = Summary { last, bytes_held: group.bytes_held(), ..Summary::default() };
        Self { sequence, partition, group: RwLock::new(group), summary: Mutex::new(summary) }
    }

    pub(super) fn summary(&self) -> Summary {
        *self.lock_summary()
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, OpenGroup> {
        self.group.read().expect("nothing panics while it fills a group")
    }

    /// Goes on in the memory of a group that has no rows any more, as long as this one has none either.
    pub(super) fn take_memory_of(&self, mut spare: OpenGroup) {
        let mut group = self.group.write().expect("nothing panics while it fills a group");
        debug_assert!(group.is_empty(), "rows stay where they are");
        spare.reassign(self.partition);
        self.lock_summary().bytes_held = spare.bytes_held();
        *group = spare;
    }

    /// Appends the lines of an event; only the partition's writer does.
    pub(super) fn apply(
        &self,
        tenant: TenantId,
        offset: Offset,
        batch: &LineBatch,
        arrival: &Arrival,
    ) -> Summary {
        let mut group = self.group.write().expect("nothing panics while it fills a group");
        group.apply(tenant, offset, batch, arrival);
        let mut summary = self.lock_summary();
        let (rows, forms) = (group.rows() as u32, group.forms());
        let grown = rows / MEASURED_EVERY_ROWS != summary.rows / MEASURED_EVERY_ROWS;
        if grown || forms >= summary.forms + MEASURED_EVERY_FORMS {
            summary.bytes_held = group.bytes_held();
            summary.forms = forms;
        }
        summary.rows = rows;
        summary.raw_bytes = group.raw_bytes();
        summary.span = group.span();
        summary.last = offset;
        *summary
    }

    /// Notes an event without lines.
    pub(super) fn pass(&self, offset: Offset) {
        self.lock_summary().last = offset;
    }

    pub(super) fn into_group(self) -> OpenGroup {
        self.group.into_inner().expect("nothing panics while it fills a group")
    }

    fn lock_summary(&self) -> MutexGuard<'_, Summary> {
        self.summary.lock().expect("nothing panics while it holds a summary")
    }
}
