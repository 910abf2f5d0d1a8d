//! Taking lines in: the open group of each partition, and when it is full.
//!
//! Invariant: an event is applied once, whole, and is seen by every snapshot taken afterwards; or it is
//! refused and nothing of it is. Memory is bounded: what does not fit waits in the log. It seals nothing.

use std::sync::{Arc, Mutex, MutexGuard};

use antler_events::clock::Timestamp;
use antler_events::event::lines::Arrival;
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::LineBatch;

use super::memory::{MemoryGroup, Summary};
use super::{ApplyError, ColumnStore, Lane, Planted, State, StoreOptions};

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// Lines that are rows now; none if the event was applied before, or erased.
    pub rows: u32,
    /// A group waits: somebody should call `seal_next`.
    pub seal_due: bool,
}

/// Whoever fills the open group of a partition.
#[derive(Debug)]
pub(super) struct Writer {
    partition: PartitionId,
    group: Arc<MemoryGroup>,
    applied: Offset,
    /// When the group was first seen with something to seal.
    open_since: Option<Timestamp>,
}

impl ColumnStore {
    /// Takes the lines of an event. One at or below the last of its partition is known and ignored.
    pub fn apply(
        &self,
        tenant: TenantId,
        partition: PartitionId,
        offset: Offset,
        batch: &LineBatch,
        arrival: &Arrival,
    ) -> Result<Applied, ApplyError> {
        let lane = self.lane(partition);
        let mut writer = lock(&lane);
        if offset <= writer.applied && !self.options.planted.is(Planted::RepeatTaken) {
            return Ok(Applied { rows: 0, seal_due: self.is_seal_due() });
        }
        if batch.is_empty() || self.is_erased(tenant, partition, offset) {
            writer.group.pass(offset);
            return Ok(Applied { rows: 0, seal_due: self.note_applied(&mut writer, offset) });
        }
        if self.has_no_room_for(writer.group.summary(), batch) {
            self.begin_group(&mut writer)?;
        }
        if writer.group.summary().rows == 0 {
            self.lend_spare(&writer.group);
        }
        let summary = writer.group.apply(tenant, offset, batch, arrival);
        self.note_applied(&mut writer, offset);
        if self.has_no_room_for(summary, batch) {
            // Another batch like this one would begin the next group, and sealing need not wait for it. With too
            // many groups waiting this one grows no further: the next event is refused.
            drop(self.begin_group(&mut writer));
        }
        Ok(Applied { rows: batch.len() as u32, seal_due: self.is_seal_due() })
    }

    /// Notes an event that has no lines for the index.
    pub fn pass(&self, partition: PartitionId, offset: Offset) {
        let lane = self.lane(partition);
        let mut writer = lock(&lane);
        if offset > writer.applied {
            writer.group.pass(offset);
            self.note_applied(&mut writer, offset);
        }
    }

    /// Closes groups that are open for too long, so that the log need not keep their lines. Says whether
    /// somebody should call `seal_next`.
    pub fn tick(&self, now: Timestamp) -> bool {
        let open_for_max = i64::try_from(self.options.open_for_max.as_nanos()).unwrap_or(i64::MAX);
        for lane in self.all_lanes() {
            let mut writer = lock(&lane);
            if writer.group.summary().last <= self.checkpoint_when_sealed(&writer) {
                writer.open_since = None;
                continue;
            }
            let since = *writer.open_since.get_or_insert(now);
            // A clock that was put back begins anew.
            if since > now {
                writer.open_since = Some(now);
            } else if now.nanos().saturating_sub(since.nanos()) >= open_for_max {
                drop(self.begin_group(&mut writer));
            }
        }
        self.is_seal_due()
    }

    /// Closes all open groups: what was applied is on disk when nothing is left to seal.
    pub fn flush(&self) -> Result<(), ApplyError> {
        for lane in self.all_lanes() {
            let mut writer = lock(&lane);
            if writer.group.summary().last > self.checkpoint_when_sealed(&writer) {
                self.begin_group(&mut writer)?;
            }
        }
        Ok(())
    }

    pub(super) fn all_lanes(&self) -> Vec<Arc<Mutex<Writer>>> {
        self.lanes.lock().expect("nothing panics while it holds the lanes").values().cloned().collect()
    }

    fn lane(&self, partition: PartitionId) -> Arc<Mutex<Writer>> {
        let mut lanes = self.lanes.lock().expect("nothing panics while it holds the lanes");
        let lane = lanes.entry(partition).or_insert_with(|| Arc::new(Mutex::new(self.begin_lane(partition))));
        Arc::clone(lane)
    }

    fn begin_lane(&self, partition: PartitionId) -> Writer {
        let mut state = self.state();
        let applied = state.catalogue.checkpoints.get(&partition).copied().unwrap_or(Offset::ZERO);
        let group = state.new_group(partition, applied);
        let lane = Lane { applied, open: Arc::clone(&group), sealing: Default::default() };
        state.lanes.insert(partition, lane);
        Writer { partition, group, applied, open_since: None }
    }

    /// Lets the open group wait and begins the next one.
    fn begin_group(&self, writer: &mut Writer) -> Result<(), ApplyError> {
        let mut state = self.state();
        let waiting = state.waiting();
        if waiting >= self.options.sealing_max {
            return Err(ApplyError::Full { waiting });
        }
        let next = state.new_group(writer.partition, writer.applied);
        let lane = state.lanes.get_mut(&writer.partition).expect("a writer has its lane");
        lane.sealing.push_back(std::mem::replace(&mut lane.open, Arc::clone(&next)));
        writer.group = next;
        writer.open_since = None;
        Ok(())
    }

    /// Gives the memory of a sealed group to one that gets its first lines. That is as late as can be: the group
    /// before it is sealed by then, mostly, and no other memory is needed.
    fn lend_spare(&self, group: &MemoryGroup) {
        let spare = self.state().spares.pop();
        spare.into_iter().for_each(|spare| group.take_memory_of(spare));
    }

    /// Says whether a seal is due.
    fn note_applied(&self, writer: &mut Writer, offset: Offset) -> bool {
        writer.applied = offset;
        let mut state = self.state();
        state.lanes.get_mut(&writer.partition).expect("a writer has its lane").applied = offset;
        state.waiting() > 0
    }

    fn is_seal_due(&self) -> bool {
        self.state().waiting() > 0
    }

    fn is_erased(&self, tenant: TenantId, partition: PartitionId, offset: Offset) -> bool {
        let state = self.state();
        state.catalogue.mark_of(tenant).is_some_and(|mark| mark.covers(partition, offset))
    }

    /// What the checkpoint will be when all groups that wait are sealed.
    fn checkpoint_when_sealed(&self, writer: &Writer) -> Offset {
        let state = self.state();
        let waiting = state.lanes.get(&writer.partition).and_then(|lane| lane.sealing.back());
        let durable = || state.catalogue.checkpoints.get(&writer.partition).copied();
        waiting.map(|group| group.summary().last).or_else(durable).unwrap_or(Offset::ZERO)
    }

    fn is_full(&self, summary: Summary) -> bool {
        let StoreOptions { rows_max, raw_bytes_max, forms_max, open_bytes_max, .. } = self.options;
        summary.rows >= rows_max
            || summary.raw_bytes >= raw_bytes_max
            || summary.forms >= forms_max
            || summary.bytes_held >= open_bytes_max
    }

    /// A group that is full, or would become much larger than others.
    fn has_no_room_for(&self, summary: Summary, batch: &LineBatch) -> bool {
        let StoreOptions { rows_max, raw_bytes_max, .. } = self.options;
        let rows = u64::from(summary.rows) + batch.len() as u64;
        let raw_bytes = summary.raw_bytes + batch.buffer().len() as u64;
        let half = summary.rows > rows_max / 2 || summary.raw_bytes > raw_bytes_max / 2;
        let too_large = half && (rows > u64::from(rows_max) || raw_bytes > raw_bytes_max);
        summary.rows > 0 && (too_large || self.is_full(summary))
    }
}

impl State {
    /// Groups that wait to be sealed.
    pub(super) fn waiting(&self) -> usize {
        self.lanes.values().map(|lane| lane.sealing.len()).sum()
    }

    fn new_group(&mut self, partition: PartitionId, last: Offset) -> Arc<MemoryGroup> {
        self.next_sequence += 1;
        Arc::new(MemoryGroup::new(self.next_sequence, partition, last))
    }
}

fn lock(lane: &Mutex<Writer>) -> MutexGuard<'_, Writer> {
    lane.lock().expect("nothing panics while it fills a group")
}
