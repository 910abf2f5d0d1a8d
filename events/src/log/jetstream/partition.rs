//! A partition as its writer, its follower and its readers share it.
//!
//! Invariant: what is in `State` is stored by the server. It begins no work of its own.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::stream::Stream;
use bytes::Bytes;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Semaphore, watch};

use super::JetStreamOptions;
use super::names::Names;
use super::record::{Assembly, Piece, Record, RecordFault};
use super::state::State;
use crate::ids::{Offset, PartitionId};
use crate::log::holds::Holds;
use crate::log::pending::Pending;
use crate::log::{AppendError, PartitionStatistics, ReadError};

/// After a failure that came at once, the next attempt waits.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

pub(super) struct Partition {
    pub id: PartitionId,
    pub options: Arc<JetStreamOptions>,
    pub names: Names,
    pub context: Context,
    pub stream: Stream<()>,
    pub snapshots: Stream<()>,
    /// Bytes of one message at most.
    pub piece_bytes: usize,
    pub queue: UnboundedSender<Pending>,
    pub budget: Arc<Semaphore>,
    pub progress: watch::Sender<Progress>,
    pub holds: Arc<Holds>,
    /// Held by the one snapshot or truncation that this node makes.
    pub shortening: tokio::sync::Mutex<()>,
    pub state: Mutex<State>,
}

/// What the others wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    pub next: Offset,
    pub sequence: u64,
    /// Nothing more is taken.
    pub closed: bool,
    /// Nothing more is written.
    pub ended: bool,
}

impl Partition {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the state")
    }

    /// Takes in a message of the stream, unless the writer of this node brought it already.
    pub(super) fn see(
        &self,
        assembly: &mut Assembly,
        sequence: u64,
        piece: Result<Piece, RecordFault>,
        bytes: Bytes,
    ) {
        if sequence <= self.state().settled {
            return;
        }
        match piece.and_then(|piece| assembly.take(self.id, sequence, piece, bytes)) {
            Ok(Some(record)) => self.take(record),
            Ok(None) => self.pass(sequence),
            Err(fault) => {
                tracing::error!(partition = %self.id, sequence, %fault, "a message of the log is no record and does not count");
                self.state().counters.alarms += 1;
                self.pass(sequence);
            }
        }
    }

    /// Takes in a record, unless it was.
    pub(super) fn take(&self, record: Record) {
        let mut state = self.state();
        if record.ends <= state.settled {
            return;
        }
        let sequence = record.ends;
        if let Some(alarm) = state.take(record, self.options.recent_bytes) {
            state.counters.alarms += 1;
            tracing::error!(partition = %self.id, sequence, %alarm, "a record of the log does not follow the one before it");
        }
        self.tell(&state);
    }

    /// A message that leaves nothing behind.
    pub(super) fn pass(&self, sequence: u64) {
        let mut state = self.state();
        state.sequence = state.sequence.max(sequence);
        self.tell(&state);
    }

    fn tell(&self, state: &State) {
        let (next, sequence) = (state.next, state.sequence);
        self.progress.send_modify(|progress| *progress = Progress { next, sequence, ..*progress });
    }

    pub(super) async fn wait(&self, from: Offset) -> Result<(), ReadError> {
        let mut progress = self.progress.subscribe();
        match progress.wait_for(|progress| progress.next > from || progress.closed).await {
            Ok(progress) if progress.next > from => Ok(()),
            _ => Err(ReadError::Storage { partition: self.id, reason: "the log is closed".into() }),
        }
    }

    /// Waits until this node has seen the message behind `sequence`, or for as long as an answer may take.
    pub(super) async fn seen_behind(&self, sequence: u64) -> bool {
        let mut progress = self.progress.subscribe();
        let seen = progress.wait_for(|progress| progress.sequence > sequence);
        matches!(tokio::time::timeout(self.options.answer_within, seen).await, Ok(Ok(_)))
    }

    /// Waits before another attempt; answers whether the log was closed meanwhile.
    pub(super) async fn pause(&self) -> bool {
        tokio::time::timeout(AGAIN_AFTER, self.closed()).await.is_ok()
    }

    pub(super) fn is_connected(&self) -> bool {
        self.context.client().connection_state() == async_nats::connection::State::Connected
    }

    pub(super) async fn closed(&self) {
        // The sender lives as long as the partition.
        self.progress.subscribe().wait_for(|progress| progress.closed).await.ok();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.progress.borrow().closed
    }

    /// After this nothing enters; what waits is still written.
    pub(super) fn close(&self) {
        self.progress.send_modify(|progress| progress.closed = true);
    }

    pub(super) fn takes_appends(&self) -> Result<(), AppendError> {
        let state = self.state();
        if state.stopped.is_some() || self.is_closed() {
            drop(state);
            return Err(self.stopped());
        }
        match &state.away {
            Some(reason) => Err(AppendError::Away { partition: self.id, reason: Arc::clone(reason) }),
            None => Ok(()),
        }
    }

    pub(super) fn stopped(&self) -> AppendError {
        let reason = self.state().stopped.clone().unwrap_or_else(|| "the log is closed".into());
        AppendError::Stopped { partition: self.id, reason }
    }

    pub(super) fn statistics(&self) -> PartitionStatistics {
        let waiting = self.options.queue_permits() as usize - self.budget.available_permits();
        let state = self.state();
        let counters = &state.counters;
        PartitionStatistics {
            appends: counters.appends,
            events: counters.events,
            syncs: counters.records,
            refused: counters.refused,
            raw_bytes: counters.raw_bytes,
            stored_bytes: counters.stored_bytes,
            overtaken: counters.overtaken,
            doubts: counters.doubts,
            alarms: counters.alarms,
            waiting_bytes: waiting as u64,
            disk_full: state.full,
            away: state.away.clone(),
            stopped: state.stopped.clone(),
            ..PartitionStatistics::new(self.id, state.bounds())
        }
    }
}

impl std::fmt::Debug for Partition {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Partition").field("id", &self.id).finish_non_exhaustive()
    }
}
