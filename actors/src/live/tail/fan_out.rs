//! What comes, given to all readers who are up to date.
//!
//! Invariant: each line is held against the filter once, and each frame is written once, or not at all if nobody has room
//! for it; then its lines are only counted. It reads no log.

use antler_events::ids::{PartitionId, TenantId};
use ractor::ActorProcessingErr;

use super::TailArguments;
use super::reader::{Readers, Standing};
use crate::live::frame::{FrameDraft, TailLine};
use crate::live::inbox::Delivery;
use crate::live::queue::Gap;
use crate::live::seq::Seq;

#[derive(Debug)]
pub(super) struct FanOut<'a> {
    with: &'a TailArguments,
    readers: &'a mut Readers,
    draft: FrameDraft,
    /// Lines that nobody has room for.
    missed: Option<Gap>,
}

impl<'a> FanOut<'a> {
    pub(super) fn new(with: &'a TailArguments, readers: &'a mut Readers) -> Self {
        Self { with, readers, draft: FrameDraft::default(), missed: None }
    }

    pub(super) async fn give(&mut self, delivery: &Delivery) -> Result<(), ActorProcessingErr> {
        let first = Seq::first_of(delivery.offset);
        if self.readers.joins_at(first) {
            self.finish();
            self.readers.let_in(first);
        }
        if !self.readers.are_watching() {
            return Ok(());
        }
        let Delivery { offset, batch, arrival } = delivery;
        let TailArguments { tenant, partition, request, .. } = self.with;
        let matcher = request.matcher.for_batch(batch, &arrival.defaults);
        let mut wanted = 0;
        for (row, line) in batch.lines().enumerate() {
            if !matcher.matches(line) {
                continue;
            }
            wanted += 1;
            let seq = Seq::of(*offset, row).ok_or_else(|| without_number(*tenant, *partition, delivery))?;
            let line = TailLine { partition: *partition, seq, batch, line, arrival };
            if self.put(*tenant, &line) {
                self.finish();
                // Others want to run too.
                tokio::task::yield_now().await;
            }
        }
        self.keep_back(first, wanted);
        Ok(())
    }

    /// Says whether a frame is full.
    fn put(&mut self, tenant: TenantId, line: &TailLine<'_>) -> bool {
        let (form, bounds) = (&*self.with.request.form, self.with.tails.bounds.frames);
        if let Some(gap) = &mut self.missed {
            gap.to = line.seq;
            gap.count = gap.count.map(|count| count + 1);
            return gap.count.is_none_or(|count| count >= bounds.lines_max as u64);
        }
        if self.draft.is_empty() && !self.readers.live().any(|queue| queue.has_room()) {
            self.missed = Some(Gap { from: line.seq, to: line.seq, count: Some(1) });
            return false;
        }
        self.draft.push(tenant, form, line);
        self.draft.is_full(form, bounds)
    }

    /// Gives what has been written so far.
    pub(super) fn finish(&mut self) {
        if let Some(gap) = self.missed.take() {
            self.readers.live().for_each(|queue| queue.miss(gap));
        }
        let budget = &self.with.tails.budget;
        if let Some(frame) = self.draft.take(&*self.with.request.form, budget) {
            let given = self.readers.live().filter(|queue| queue.push(&frame)).count();
            budget.note_given(given as u64, frame.lines);
        }
    }

    fn keep_back(&self, first: Seq, lines: u64) {
        for reader in self.readers.all() {
            if matches!(reader.standing, Standing::Paused(seq) if seq <= first) {
                reader.queue.keep_back(lines);
            }
        }
    }
}

/// The limits of batches and the size of numbers do not fit each other any more: nobody may be given a wrong number.
fn without_number(tenant: TenantId, partition: PartitionId, delivery: &Delivery) -> String {
    let (offset, lines) = (delivery.offset, delivery.batch.len());
    format!(
        "lines of tenant {tenant} cannot be numbered: event {offset} of partition {partition} has {lines}"
    )
}
