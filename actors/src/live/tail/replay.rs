//! What the log has, given to readers who are behind.
//!
//! Invariant: a step reads a bounded piece of the log, and only lines of the tail's own tenant come out of it; a reader
//! without room stops at the first line that it was not given. What the log has no more is told as a gap. It does not
//! wait for events: who has been given all joins those who are up to date.

use std::time::Duration;

use antler_events::ids::Offset;
use antler_events::log::{Chunk, Damage, ReadError, Recorded};
use ractor::{ActorProcessingErr, ActorRef};

use super::reader::{Group, Standing};
use super::{TailArguments, TailMessage, TailState};
use crate::live::frame::{FrameDraft, TailLine};
use crate::live::queue::Gap;
use crate::live::request::ReaderId;
use crate::live::seq::Seq;
use crate::projector::follow::{Followed, Lines};

/// Bytes of bodies that are read in one step.
const STEP_BYTES: usize = 1 << 20;
/// The pause after the log could not be read.
const PAUSE: Duration = Duration::from_millis(200);

impl TailState {
    /// Gives the next piece to those who are furthest behind.
    pub(super) async fn step(&mut self, myself: &ActorRef<TailMessage>) -> Result<(), ActorProcessingErr> {
        let Some((from, group)) = self.readers.next_step() else { return Ok(()) };
        let mut replay = Replay { from, group, stopped: Vec::new(), draft: FrameDraft::default() };
        let read = match self.with.log.bounds(self.with.partition) {
            Ok(bounds) if from.offset() < bounds.lines_from => {
                replay.miss(Seq::first_of(bounds.lines_from));
                Ok(())
            }
            Ok(_) => replay.read(&self.with).await?,
            Err(error) => Err(error),
        };
        if let Err(error) = read {
            tracing::warn!(%error, tenant = %self.with.tenant, "a tail cannot read the log and tries again");
            self.is_stepping = true;
            drop(myself.send_after(PAUSE, || TailMessage::Step));
        }
        let Replay { from: next, group, stopped, .. } = replay;
        let reached = group.into_iter().map(|(reader, _)| (reader, next)).chain(stopped);
        for (reader, next) in reached {
            self.readers.change(reader, |queue, _| {
                queue.look_at(next);
                Standing::Behind(next)
            });
        }
        Ok(())
    }
}

/// One step of some readers.
struct Replay {
    /// What is to be looked at next.
    from: Seq,
    group: Group,
    /// Those who had no more room, and the first line that they were not given.
    stopped: Vec<(ReaderId, Seq)>,
    draft: FrameDraft,
}

impl Replay {
    /// The outer error is one that no repetition mends.
    async fn read(&mut self, with: &TailArguments) -> Result<Result<(), ReadError>, ActorProcessingErr> {
        match with.log.read(with.partition, self.from.offset(), STEP_BYTES).await {
            Ok(Chunk { events, next }) if events.is_empty() && next <= self.from.offset() => {
                let reason = "there is nothing to read yet".into();
                return Ok(Err(ReadError::Storage { partition: with.partition, reason }));
            }
            Ok(Chunk { events, next }) => {
                for event in events {
                    if self.group.is_empty() {
                        return Ok(Ok(()));
                    }
                    self.event(with, event).await?;
                }
                self.finish(with);
                self.from = self.from.max(Seq::first_of(next));
            }
            Err(ReadError::Damaged(Damage { last, .. })) => {
                self.miss(Seq::first_of(last.max(self.from.offset()).plus(1)));
            }
            Err(error) => return Ok(Err(error)),
        }
        Ok(Ok(()))
    }

    async fn event(&mut self, with: &TailArguments, event: Recorded) -> Result<(), ActorProcessingErr> {
        let offset = event.envelope.offset;
        if event.envelope.subject.tenant != with.tenant {
            return Ok(());
        }
        match Followed::Recorded(Box::new(event)).lines(&with.tails.bounds.lines) {
            Ok(Some(lines)) => self.lines(with, offset, &lines).await?,
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, tenant = %with.tenant, %offset, "an event cannot be read again");
                self.finish(with);
                self.from = self.from.max(Seq::first_of(offset));
                self.miss(Seq::first_of(offset.plus(1)));
            }
        }
        Ok(())
    }

    async fn lines(
        &mut self,
        with: &TailArguments,
        offset: Offset,
        lines: &Lines,
    ) -> Result<(), ActorProcessingErr> {
        let Lines { batch, arrival, .. } = lines;
        let matcher = with.request.matcher.for_batch(batch, &arrival.defaults);
        for (row, line) in batch.lines().enumerate() {
            let seq = Seq::of(offset, row).ok_or("a line of the log cannot be numbered")?;
            if seq < self.from || !matcher.matches(line) {
                continue;
            }
            let line = TailLine { partition: with.partition, seq, batch, line, arrival };
            self.draft.push(with.tenant, &*with.request.form, &line);
            if self.draft.is_full(&*with.request.form, with.tails.bounds.frames) {
                self.finish(with);
                tokio::task::yield_now().await;
            }
            if self.group.is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Gives the frame to those who have room; the others stop before it.
    fn finish(&mut self, with: &TailArguments) {
        let budget = &with.tails.budget;
        let Some(frame) = self.draft.take(&*with.request.form, budget) else { return };
        for (reader, queue) in std::mem::take(&mut self.group) {
            if queue.put(&frame) {
                budget.note_given(1, frame.lines);
                self.group.push((reader, queue));
            } else {
                self.stopped.push((reader, frame.first));
            }
        }
    }

    /// Lines before this are not there any more.
    fn miss(&mut self, until: Seq) {
        let gap = Gap { from: self.from, to: until.before(), count: None };
        self.group.iter().for_each(|(_, queue)| queue.miss(gap));
        self.from = until;
    }
}
