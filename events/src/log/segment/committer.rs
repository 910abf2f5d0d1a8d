//! The group commit: one writer per partition turns what waits into one write and one sync.
//!
//! Invariant: an append is answered only after its bytes are on stable storage, or after it is certain that they
//! are not in the log, or with `Unknown`. A failed sync is final: the kernel may have dropped the pages, so a second
//! sync that succeeds would prove nothing. It owns no thread; whoever runs it does.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::active::Active;
use super::frame::{FRAME_HEADER_BYTES, FrameHeader};
use super::index::{Entry, Index};
use super::partition::{Partition, Progress};
use super::planted::Planted;
use super::watermark::Watermark;
use crate::files::{File, is_full};
use crate::ids::{Offset, PartitionId};
use crate::log::body::PreparedEvent;
use crate::log::heads::{Chains, LastOf};
use crate::log::pending::Pending;
use crate::log::{AppendError, Appended};
use crate::wire::chain::ChainId;
use crate::wire::{ChainHash, Envelope};

/// A writer whose disk is full tries this often whether there is room again, with so many bytes.
const PROBE_EVERY: Duration = Duration::from_secs(1);
const PROBE_BYTES: usize = 64 << 10;

/// Writes one partition.
#[derive(Debug)]
pub struct Committer {
    pub(super) partition: Arc<Partition>,
    pub(super) active: Active,
    pub(super) chains: Chains,
    pub(super) next: Offset,
    pub(super) watermark: Box<dyn File>,
    /// The commit that is written next.
    buffer: Vec<u8>,
    /// The envelope that is laid out.
    envelope: Vec<u8>,
    stopped: Option<Arc<str>>,
}

/// Why a commit was not written.
enum Failure {
    /// Nothing of it is in the file.
    DiskFull,
    /// Nothing is known about it, and nothing more is written.
    Final(Arc<str>),
}

/// A commit that lies in the buffer.
struct Staged {
    verdicts: Vec<(Pending, Result<Appended, AppendError>)>,
    frames: Vec<StagedFrame>,
    chains: Chains,
    last_of: LastOf,
    next: Offset,
}

struct StagedFrame {
    envelope: Envelope,
    hash: ChainHash,
    position: u64,
    end: u64,
}

impl Committer {
    pub(super) fn new(
        partition: Arc<Partition>,
        active: Active,
        chains: Chains,
        watermark: Box<dyn File>,
    ) -> Self {
        let next = active.index.next;
        Self {
            partition,
            active,
            chains,
            next,
            watermark,
            buffer: Vec::new(),
            envelope: Vec::new(),
            stopped: None,
        }
    }

    pub fn partition(&self) -> PartitionId {
        self.partition.id
    }

    /// Commits until the log is closed and nothing waits any more. Blocks; wants a thread of its own.
    pub fn run(mut self) {
        loop {
            let patience = self.partition.state().disk_full.then_some(PROBE_EVERY);
            match self.partition.queue.next_batch(self.partition.options.linger, patience) {
                None => return self.finish(),
                Some(batch) if batch.is_empty() => self.look_for_room(),
                Some(batch) => self.commit(batch),
            }
        }
    }

    /// Who asks whether there is room again sends nothing until there is: so the writer looks for itself.
    fn look_for_room(&mut self) {
        if self.stopped.is_some() {
            return;
        }
        let written = self.active.file.write_at(self.active.length, &[0; PROBE_BYTES]);
        let is_full = written.is_err();
        let why = written.err().unwrap_or_else(|| io::ErrorKind::StorageFull.into());
        match self.take_back(&why) {
            Failure::DiskFull => self.partition.state().disk_full = is_full,
            failure @ Failure::Final(_) => self.fail(Vec::new(), failure),
        }
    }

    /// Commits what waits now, without waiting for more; answers how many appends that were.
    pub fn commit_queued(&mut self) -> usize {
        let batch = self.partition.queue.take();
        let count = batch.len();
        self.commit(batch);
        count
    }

    /// Commits what waits and leaves a watermark that proves the whole log after a clean stop.
    pub fn finish(mut self) {
        self.commit_queued();
        if self.stopped.is_some() {
            return;
        }
        self.mark();
        if let Err(error) = self.watermark.sync() {
            tracing::warn!(partition = %self.partition.id, %error, "the watermark is not on stable storage");
        }
    }

    fn commit(&mut self, batch: Vec<Pending>) {
        if batch.is_empty() {
            return;
        }
        if let Some(reason) = self.stopped.clone() {
            let partition = self.partition.id;
            return self.refuse(batch, &AppendError::Stopped { partition, reason });
        }
        if let Err(failure) = self.roll_if_full() {
            return self.fail(batch, failure);
        }
        let staged = self.stage(batch);
        match self.store() {
            Ok(()) => self.publish(staged),
            Err(failure) => {
                self.fail(staged.verdicts.into_iter().map(|(append, _)| append).collect(), failure)
            }
        }
    }

    /// Gives offsets and chain hashes and lays the frames out in the buffer.
    fn stage(&mut self, batch: Vec<Pending>) -> Staged {
        self.buffer.clear();
        let mut staged = Staged {
            verdicts: Vec::with_capacity(batch.len()),
            frames: Vec::new(),
            chains: Chains::new(),
            last_of: LastOf::new(),
            next: self.next,
        };
        for append in batch {
            let verdict = match self.conflict(&append, &staged) {
                Some(conflict) => Err(conflict),
                None => Ok(self.stage_append(&append, &mut staged)),
            };
            staged.verdicts.push((append, verdict));
        }
        staged
    }

    fn conflict(&self, append: &Pending, staged: &Staged) -> Option<AppendError> {
        if self.partition.options.planted.is(Planted::ExpectedIgnored) {
            return None;
        }
        append.conflict(&staged.last_of, &self.partition.state().last_of)
    }

    fn stage_append(&mut self, append: &Pending, staged: &mut Staged) -> Appended {
        let first = staged.next;
        let mut hash = ChainHash::START;
        for (at, event) in append.events.iter().enumerate() {
            let follows = (append.events.len() - 1 - at) as u32;
            hash = self.stage_event(event, follows, staged);
        }
        Appended { partition: self.partition.id, first, last: staged.next.before(), hash }
    }

    fn stage_event(&mut self, prepared: &PreparedEvent, follows: u32, staged: &mut Staged) -> ChainHash {
        let chain = ChainId::from(prepared.subject);
        let previous =
            staged.chains.get(&chain).or_else(|| self.chains.get(&chain)).copied().unwrap_or_default();
        let envelope = prepared.envelope(self.partition.id, staged.next, previous);
        self.envelope.clear();
        envelope.encode(&mut self.envelope);
        let position = self.active.length + self.buffer.len() as u64;
        let length = (self.envelope.len() + prepared.stored.len()) as u32;
        FrameHeader { length, durable_through: self.active.length, follows }.encode(&mut self.buffer);
        self.buffer.extend_from_slice(&self.envelope);
        self.buffer.extend_from_slice(&prepared.stored);
        let hash = ChainHash::of_event(&self.envelope, &prepared.hash);
        let end = position + FRAME_HEADER_BYTES as u64 + u64::from(length);
        staged.frames.push(StagedFrame { envelope, hash, position, end });
        staged.chains.insert(chain, hash);
        if envelope.subject.kind.is_control() {
            staged.last_of.insert(envelope.subject, envelope.offset);
        }
        staged.next = staged.next.plus(1);
        hash
    }

    /// Brings the buffer to stable storage.
    fn store(&mut self) -> Result<(), Failure> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.active.file.write_at(self.active.length, &self.buffer) {
            return Err(self.take_back(&error));
        }
        let planted = self.partition.options.planted;
        if !planted.is(Planted::AckBeforeSync)
            && let Err(error) = self.sync()
            && !planted.is(Planted::SyncErrorSwallowed)
        {
            return Err(Failure::Final(format!("a sync of the log failed: {error}").into()));
        }
        self.active.length += self.buffer.len() as u64;
        Partition::count(&self.partition.counters.syncs, 1);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let Some(clock) = &self.partition.options.clock else { return self.active.file.sync() };
        let began = clock.elapsed();
        let synced = self.active.file.sync();
        self.partition.counters.sync_times.note(clock.elapsed().saturating_sub(began));
        synced
    }

    /// After a write that failed: makes sure that nothing of it is ever read, before the senders are told so.
    fn take_back(&self, error: &io::Error) -> Failure {
        if !is_full(error) {
            return Failure::Final(format!("a write to the log failed: {error}").into());
        }
        if self.partition.options.planted.is(Planted::FullDiskTailLeft) {
            return Failure::DiskFull;
        }
        let cut = self.active.file.set_size(self.active.length).and_then(|()| self.active.file.sync());
        match cut {
            Ok(()) => Failure::DiskFull,
            Err(error) => {
                Failure::Final(format!("the log could not be cut after a full disk: {error}").into())
            }
        }
    }

    /// Tells readers and senders.
    fn publish(&mut self, staged: Staged) {
        let Staged { verdicts, frames, chains, last_of, next } = staged;
        self.chains.extend(chains);
        self.next = next;
        if !frames.is_empty() {
            self.mark();
            let entries = self.note(&frames);
            let mut state = self.partition.state();
            let active = state.segments.last_mut().expect("the segment that grows is always there");
            active.frames_end = self.active.length;
            active.entries.extend(entries);
            state.last_of.extend(last_of);
            state.next = next;
            state.disk_full = false;
            drop(state);
            self.partition.progress.send_modify(|progress| *progress = Progress { next, ..*progress });
        }
        for (append, verdict) in verdicts {
            self.count(&append, verdict.is_ok());
            // A sender that went away does not want its answer.
            append.answer.send(verdict).ok();
        }
    }

    /// Notes how far the log is on stable storage.
    pub(super) fn mark(&self) {
        let mark = Watermark { base: self.active.header.base, length: self.active.length, next: self.next };
        if let Err(error) = mark.store(&*self.watermark) {
            tracing::warn!(partition = %self.partition.id, %error, "the watermark is not written");
        }
    }

    fn note(&mut self, frames: &[StagedFrame]) -> Vec<Entry> {
        let options = &self.partition.options;
        let known = self.active.index.entries.len();
        for StagedFrame { envelope, hash, position, end } in frames {
            let place = (envelope.offset, *position, *end);
            let every = options.index_every_bytes;
            let entry = Index::entry_for(&self.active.index.entries, place, every, options.planted);
            self.active.index.note(envelope, *hash, entry);
        }
        self.active.index.entries[known..].to_vec()
    }

    fn count(&self, append: &Pending, recorded: bool) {
        let counters = &self.partition.counters;
        if !recorded {
            return Partition::count(&counters.refused, 1);
        }
        let raw: u64 = append.events.iter().map(|event| u64::from(event.raw_bytes)).sum();
        let stored: usize = append.events.iter().map(|event| event.stored.len()).sum();
        Partition::count(&counters.appends, 1);
        Partition::count(&counters.events, append.events.len() as u64);
        Partition::count(&counters.raw_bytes, raw);
        Partition::count(&counters.stored_bytes, stored as u64);
    }

    fn roll_if_full(&mut self) -> Result<(), Failure> {
        if self.active.length < self.partition.options.segment_bytes || self.active.index.events == 0 {
            return Ok(());
        }
        let partition = &self.partition;
        let off_by_one = u64::from(partition.options.planted.is(Planted::RollOffByOne));
        let active = Active::create(partition, self.next.plus(off_by_one)).map_err(|(action, error)| {
            if is_full(&error) {
                Failure::DiskFull
            } else {
                Failure::Final(format!("{action}: {error}").into())
            }
        })?;
        self.active.seal(partition);
        partition.state().segments.push(active.as_segment(partition));
        self.active = active;
        Ok(())
    }

    fn fail(&mut self, batch: Vec<Pending>, failure: Failure) {
        match failure {
            Failure::DiskFull => {
                self.partition.state().disk_full = true;
                tracing::warn!(partition = %self.partition.id, "the disk of the log is full, appends are refused");
                self.refuse(batch, &AppendError::DiskFull);
            }
            Failure::Final(reason) => {
                tracing::error!(partition = %self.partition.id, %reason, "the writer has stopped");
                self.stop(&reason);
                self.refuse(batch, &AppendError::Unknown { reason });
            }
        }
    }

    fn stop(&mut self, reason: &Arc<str>) {
        self.stopped = Some(Arc::clone(reason));
        self.partition.state().stopped = Some(Arc::clone(reason));
    }

    fn refuse(&self, batch: Vec<Pending>, error: &AppendError) {
        for append in batch {
            self.count(&append, false);
            append.answer.send(Err(error.clone())).ok();
        }
    }
}

impl Drop for Committer {
    /// Without its writer a partition takes nothing, also if the writer panicked.
    fn drop(&mut self) {
        self.partition.close();
        let partition = self.partition.id;
        let reason = self.stopped.clone().unwrap_or_else(|| "the log is closed".into());
        self.refuse(self.partition.queue.take(), &AppendError::Stopped { partition, reason });
    }
}
