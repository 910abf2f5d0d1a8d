//! Following a partition: events in order, from the hand of whoever appended them, or from the log.
//!
//! Invariant: every event is given once and in order; damage is given in place of what it took. It keeps no
//! checkpoint: the projection does.

use std::sync::Arc;
use std::time::Duration;

use antler_config::limits::LineLimits;
use antler_events::event::lines::Arrival;
use antler_events::event::{self, Event, EventError, Note};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::LineBatch;
use antler_events::log::{Chunk, Damage, EventLog, ReadError, Recorded};
use antler_events::wire::Envelope;
use antler_projections::views::arrivals::NoteAt;
use antler_projections::views::usage::Sent;

use crate::handover::{Found, Handed, HandedNote, Handover, Passed};
use crate::usage::Counted;

/// Bytes of bodies that are read at once.
const READ_BYTES: usize = 4 << 20;
/// Batches that are given at once, and bytes of them.
const BATCHES_MAX: usize = 64;
const BATCHES_BYTES: usize = 4 << 20;
/// Whoever announced a batch and does not deliver it for so long has met a slow disk: the log is looked at.
const COMING_MAX: Duration = Duration::from_millis(100);

/// Where a reader stands.
#[derive(Debug)]
pub struct Follower {
    log: Arc<dyn EventLog>,
    partition: PartitionId,
    handover: Arc<Handover>,
    next: Offset,
}

/// An event at its offset.
#[derive(Debug)]
pub enum Followed {
    Handed(Arc<Handed>),
    Noted(Arc<HandedNote>),
    Recorded(Box<Recorded>),
}

/// What was met next.
#[derive(Debug)]
pub enum Met {
    Events(Vec<Followed>),
    Damage(Damage),
}

/// Lines of an event.
#[derive(Debug, Clone)]
pub struct Lines {
    pub tenant: TenantId,
    pub batch: Arc<LineBatch>,
    pub arrival: Arc<Arrival>,
}

impl Follower {
    pub fn new(
        log: Arc<dyn EventLog>,
        partition: PartitionId,
        handover: Arc<Handover>,
        next: Offset,
    ) -> Self {
        Self { log, partition, handover, next }
    }

    /// The offset of the next event.
    pub fn next_offset(&self) -> Offset {
        self.next
    }

    /// Waits for events. Dropping this loses none.
    pub async fn next(&mut self) -> Result<Met, ReadError> {
        let handover = Arc::clone(&self.handover);
        loop {
            let changed = handover.changed();
            match self.handover.take(self.next) {
                Found::Batch(first) => return Ok(Met::Events(self.run_of(first))),
                Found::Coming => {
                    if tokio::time::timeout(COMING_MAX, changed).await.is_err() && self.is_durable() {
                        return self.read().await;
                    }
                }
                Found::Nothing if self.is_durable() => return self.read().await,
                Found::Nothing => self.log.wait(self.partition, self.next).await?,
            }
        }
    }

    fn is_durable(&self) -> bool {
        self.log.bounds(self.partition).is_ok_and(|bounds| bounds.next > self.next)
    }

    /// The batch and those that stand right behind it.
    fn run_of(&mut self, first: Passed) -> Vec<Followed> {
        let mut bytes = first.bytes_held();
        let mut run = vec![first.into()];
        self.next = self.next.plus(1);
        while run.len() < BATCHES_MAX
            && bytes < BATCHES_BYTES
            && let Found::Batch(batch) = self.handover.take(self.next)
        {
            bytes += batch.bytes_held();
            run.push(batch.into());
            self.next = self.next.plus(1);
        }
        run
    }

    async fn read(&mut self) -> Result<Met, ReadError> {
        match self.log.read(self.partition, self.next, READ_BYTES).await {
            Ok(Chunk { events, next }) => {
                self.next = next;
                let recorded = events.into_iter().map(|event| Followed::Recorded(Box::new(event)));
                Ok(Met::Events(recorded.collect()))
            }
            Err(ReadError::Damaged(damage)) => {
                self.next = damage.last.plus(1).max(self.next.plus(1));
                Ok(Met::Damage(damage))
            }
            Err(error) => Err(error),
        }
    }
}

impl From<Passed> for Followed {
    fn from(passed: Passed) -> Self {
        match passed {
            Passed::Lines(handed) => Self::Handed(handed),
            Passed::Note(handed) => Self::Noted(handed),
        }
    }
}

impl Followed {
    pub fn offset(&self) -> Offset {
        match self {
            Self::Handed(handed) => handed.offset,
            Self::Noted(handed) => handed.offset,
            Self::Recorded(recorded) => recorded.envelope.offset,
        }
    }

    /// The lines of the event, if it has any; of a recorded one they are read again.
    pub fn lines(&self, limits: &LineLimits) -> Result<Option<Lines>, LinesError> {
        let recorded = match self {
            Self::Handed(handed) => {
                let Handed { tenant, batch, arrival, .. } = &**handed;
                let (batch, arrival) = (Arc::clone(batch), Arc::clone(arrival));
                return Ok(Some(Lines { tenant: *tenant, batch, arrival }));
            }
            Self::Noted(_) => return Ok(None),
            Self::Recorded(recorded) => recorded,
        };
        let Envelope { subject, event_type, .. } = recorded.envelope;
        if subject.kind.is_control() || Note::has_type(event_type) {
            return Ok(None);
        }
        let Event::Lines(lines) = event::decode(&recorded.envelope, &recorded.body)? else { return Ok(None) };
        let batch = Arc::new(lines.parse(limits)?);
        let tenant = recorded.envelope.subject.tenant;
        Ok(Some(Lines { tenant, batch, arrival: Arc::new(lines.arrival) }))
    }
}

impl Followed {
    /// How much came with the event, if it has lines; they are not read.
    pub fn sent(&self) -> Result<Option<Counted>, EventError> {
        let counted = |tenant, offset, recorded_at, lines: usize, bytes: usize| {
            let sent = Sent { lines: lines as u64, bytes: bytes as u64 };
            Some(Counted { tenant, offset, recorded_at, sent })
        };
        let recorded = match self {
            Self::Handed(handed) => {
                let Handed { tenant, offset, batch, .. } = &**handed;
                return Ok(counted(*tenant, *offset, batch.received_at(), batch.len(), batch.buffer().len()));
            }
            Self::Noted(_) => return Ok(None),
            Self::Recorded(recorded) => recorded,
        };
        let Envelope { subject, event_type, offset, recorded_at, .. } = recorded.envelope;
        if subject.kind.is_control() || Note::has_type(event_type) {
            return Ok(None);
        }
        let Event::Lines(lines) = event::decode(&recorded.envelope, &recorded.body)? else { return Ok(None) };
        Ok(counted(subject.tenant, offset, recorded_at, lines.len(), lines.bytes()))
    }

    /// The note of the event, if it is one.
    pub fn note(&self) -> Result<Option<NoteAt>, EventError> {
        let recorded = match self {
            Self::Handed(_) => return Ok(None),
            Self::Noted(handed) => {
                let HandedNote { tenant, offset, recorded_at, hash, ref note, .. } = **handed;
                return Ok(Some(NoteAt { tenant, offset, recorded_at, hash, note: Arc::clone(note) }));
            }
            Self::Recorded(recorded) => recorded,
        };
        let Envelope { subject, event_type, offset, recorded_at, .. } = recorded.envelope;
        if !Note::has_type(event_type) {
            return Ok(None);
        }
        let Event::Note(note) = event::decode(&recorded.envelope, &recorded.body)? else { return Ok(None) };
        let (tenant, hash) = (subject.tenant, recorded.hash);
        Ok(Some(NoteAt { tenant, offset, recorded_at, hash, note: Arc::new(note) }))
    }
}

/// Why recorded lines cannot be read again.
#[derive(Debug, thiserror::Error)]
pub enum LinesError {
    #[error(transparent)]
    Event(#[from] EventError),
    #[error("the lines of an event do not fit a batch")]
    Line(#[from] antler_events::line::LineError),
}
