//! An ingest shard: takes batches of one tenant, has them written, and answers the sender.
//!
//! Invariants: a sender is told that its lines are taken only when they are on stable storage; a batch that was not
//! taken is answered with the reason, and never silently dropped; a stop waits for what is being written.
//! It parses nothing: batches are parsed where they arrive.

use std::sync::Arc;

use antler_events::clock::Timestamp;
use antler_events::event::EventError;
use antler_events::event::lines::{self, Arrival};
use antler_events::event::note::{AnswerForm, LinesRejected, NamedError, Note, RequestAnswered};
use antler_events::ids::{PartitionId, TenantId};
use antler_events::line::{LineBatch, LineNumbers};
use antler_events::log::{Append, AppendError, Appended, EventLog, NewEvent};
use antler_events::wire::{ChainHash, Receipt};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::task::JoinSet;

use crate::credits::Credit;
use crate::handover::{Announced, Handed, HandedNote, Handover, Passed, Room};
use crate::planted::Planted;
use crate::requests::Claim;
use crate::turns::{Turn, Turns};

#[derive(Debug)]
pub enum ShardMessage {
    Ingest { arrived: Arrived, credit: Credit, reply: RpcReplyPort<Written> },
}

/// What arrived together, and is recorded together or not at all.
#[derive(Debug, Default)]
pub struct Arrived {
    /// There is at least one, if nothing was rejected.
    pub batches: Vec<Arc<LineBatch>>,
    pub arrival: Arc<Arrival>,
    /// What the sender calls the lines of the batches.
    pub numbers: LineNumbers,
    /// If a line may not be taken, none is.
    pub is_whole: bool,
    /// Lines that cannot be taken.
    pub rejected: Option<LinesRejected>,
    /// What a repeat of the request is to be answered, if it has an idempotency key.
    pub request: Option<Request>,
}

/// A request whose answer is to be remembered.
#[derive(Debug)]
pub struct Request {
    pub claim: Claim,
    pub form: AnswerForm,
    /// The first lines that were rejected.
    pub errors: Vec<NamedError>,
}

/// What became of a batch.
pub type Written = Result<Receipt, WriteError>;

/// Why a batch was not written. Unless it says so, nothing of it is in the log.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WriteError {
    #[error(transparent)]
    Log(#[from] AppendError),
    #[error("the batch cannot be recorded: {reason}")]
    Record { reason: Arc<str> },
}

/// What a shard needs.
#[derive(Debug, Clone)]
pub struct ShardArguments {
    pub tenant: TenantId,
    pub weight: u32,
    pub partition: PartitionId,
    pub log: Arc<dyn EventLog>,
    pub turns: Turns,
    /// Those of all projections that follow the partition.
    pub handovers: Arc<[Arc<Handover>]>,
    pub planted: Planted,
}

/// The actor.
#[derive(Debug)]
pub struct IngestShard;

#[derive(Debug)]
pub struct ShardState {
    with: ShardArguments,
    writing: Writing,
}

/// What is being written. It goes on if the shard fails: its senders still wait for an answer.
#[derive(Debug, Default)]
struct Writing(JoinSet<()>);

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.detach_all();
    }
}

impl Actor for IngestShard {
    type Msg = ShardMessage;
    type State = ShardState;
    type Arguments = ShardArguments;

    async fn pre_start(
        &self,
        _myself: ActorRef<ShardMessage>,
        with: ShardArguments,
    ) -> Result<ShardState, ActorProcessingErr> {
        Ok(ShardState { with, writing: Writing::default() })
    }

    async fn handle(
        &self,
        _myself: ActorRef<ShardMessage>,
        message: ShardMessage,
        state: &mut ShardState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ShardMessage::Ingest { arrived, credit, reply } => {
                state.write(arrived, Arc::new(credit), reply);
            }
        }
        state.reap()
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<ShardMessage>,
        state: &mut ShardState,
    ) -> Result<(), ActorProcessingErr> {
        if state.with.planted.is(Planted::ShardStopsAtOnce) {
            state.writing.0.abort_all();
        }
        while state.writing.0.join_next().await.is_some() {}
        Ok(())
    }
}

impl ShardState {
    /// What arrives is written side by side, so that many share one sync.
    fn write(&mut self, arrived: Arrived, credit: Arc<Credit>, reply: RpcReplyPort<Written>) {
        let with = self.with.clone();
        // Boxed, so that one that has ended holds no more than its place until it is reaped.
        self.writing.0.spawn(Box::pin(async move {
            let written = with.write(arrived, credit).await;
            let _sender_is_gone = reply.send(written);
        }));
    }

    /// Forgets what has ended. A write that panicked is a failure of the shard.
    fn reap(&mut self) -> Result<(), ActorProcessingErr> {
        while let Some(ended) = self.writing.0.try_join_next() {
            ended?;
        }
        Ok(())
    }
}

impl Arrived {
    /// What it takes in memory.
    pub fn bytes_held(&self) -> usize {
        let batches: usize = self.batches.iter().map(|batch| batch.bytes_held().max(1)).sum();
        let note = |rejected: &LinesRejected| rejected.bytes_held();
        batches + self.rejected.as_ref().map_or(0, note)
    }

    /// The same once more, for who may have to try several times; without the request.
    pub fn again(&self) -> Self {
        let Self { batches, arrival, numbers, is_whole, rejected, request: _ } = self;
        let (batches, arrival, rejected) = (batches.clone(), Arc::clone(arrival), rejected.clone());
        Self { batches, arrival, numbers: numbers.clone(), is_whole: *is_whole, rejected, request: None }
    }

    fn lines(&self) -> u64 {
        self.batches.iter().map(|batch| batch.len() as u64).sum()
    }

    fn received_at(&self) -> Timestamp {
        let of_rejected = || self.rejected.as_ref().map(|rejected| rejected.received_at);
        let of_batch = self.batches.first().map(|batch| batch.received_at());
        of_batch.or_else(of_rejected).unwrap_or(Timestamp::from_nanos(0))
    }

    /// Takes what is recorded behind the batches: what was rejected, and at the end the answer.
    fn notes(&mut self) -> (Vec<Arc<Note>>, Option<Claim>) {
        let (lines, answered_at, batches) = (self.lines(), self.received_at(), self.batches.len());
        let rejected = self.rejected.take();
        let count = rejected.as_ref().map_or(0, LinesRejected::count);
        let mut notes: Vec<Arc<Note>> =
            rejected.into_iter().map(|rejected| Arc::new(Note::Rejected(rejected))).collect();
        let Some(Request { claim, form, errors }) = self.request.take() else { return (notes, None) };
        let events = (batches + notes.len()) as u32;
        let key = claim.key();
        notes.push(Arc::new(Note::Answered(RequestAnswered {
            key,
            form,
            answered_at,
            events,
            accepted: lines,
            rejected: count,
            errors,
        })));
        (notes, Some(claim))
    }
}

impl ShardArguments {
    async fn write(&self, mut arrived: Arrived, credit: Arc<Credit>) -> Written {
        let (held, mut rooms) = (arrived.bytes_held(), Vec::with_capacity(self.handovers.len()));
        for handover in &*self.handovers {
            rooms.push(handover.room(held).await);
        }
        let bytes = arrived.batches.iter().map(|batch| batch.buffer().len() as u64).sum();
        let turn = self.turns.take(self.tenant, self.weight, bytes).await;
        let (notes, mut claim) = arrived.notes();
        let events = self.events(&arrived, &notes)?;
        let announced: Vec<Announced> = rooms.into_iter().map(Room::announce).collect();
        let append = Append { events, expected: Vec::new() };
        claim.iter_mut().for_each(|claim| claim.appending(self.partition));
        let appended = match self.append(append).await {
            Ok(appended) => appended,
            Err(error) => {
                self.keep_what_was_lent(turn, credit);
                if !matches!(error, AppendError::Unknown { .. }) || self.planted.is(Planted::DoubtForgotten) {
                    claim.into_iter().for_each(Claim::refused);
                }
                return Err(error.into());
            }
        };
        drop(turn);
        if let (Some(claim), Some(Note::Answered(answered))) = (claim, notes.last().map(|note| &**note)) {
            claim.answered(answered, &appended);
        }
        let count = match self.planted.is(Planted::ReceiptCountsBatches) {
            true => arrived.batches.len() as u64,
            false => arrived.lines(),
        };
        let passed = self.passed(arrived, notes, &credit, &appended);
        announced.into_iter().for_each(|announced| announced.deliver(&passed));
        Ok(receipt(&appended, count))
    }

    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let again = self.planted.is(Planted::DoubtIsRepeated).then(|| append.clone());
        let appended = self.log.append(self.partition, append).await;
        match (&appended, again) {
            (Err(AppendError::Unknown { .. }), Some(append)) => self.log.append(self.partition, append).await,
            (Err(AppendError::Unknown { .. }), _) if self.planted.is(Planted::DoubtIsTaken) => {
                let first = self.log.bounds(self.partition).map(|bounds| bounds.next).unwrap_or_default();
                Ok(Appended { partition: self.partition, first, last: first, hash: ChainHash::START })
            }
            _ => appended,
        }
    }

    /// Only a planted bug keeps anything.
    fn keep_what_was_lent(&self, turn: Turn, credit: Arc<Credit>) {
        if self.planted.is(Planted::TurnKept) {
            std::mem::forget(turn);
        }
        if self.planted.is(Planted::CreditKept) {
            std::mem::forget(credit);
        }
    }

    fn events(&self, arrived: &Arrived, notes: &[Arc<Note>]) -> Result<Vec<NewEvent>, WriteError> {
        let lines = arrived.batches.iter().map(|batch| lines::record(self.tenant, batch, &arrived.arrival));
        let notes = notes.iter().map(|note| note.record(self.tenant, arrived.received_at()));
        let events: Result<Vec<NewEvent>, EventError> = lines.chain(notes).collect();
        events.map_err(|error| WriteError::Record { reason: error.to_string().into() })
    }

    fn passed(
        &self,
        arrived: Arrived,
        notes: Vec<Arc<Note>>,
        credit: &Arc<Credit>,
        appended: &Appended,
    ) -> Vec<Passed> {
        let (tenant, recorded_at, hash) = (self.tenant, arrived.received_at(), appended.hash);
        let Arrived { batches, arrival, .. } = arrived;
        let count = batches.len() as u64;
        let late = u64::from(self.planted.is(Planted::HandedTooLate));
        let lines = (late..).zip(batches).map(|(number, batch): (u64, _)| {
            let (offset, arrival, credit) =
                (appended.first.plus(number), Arc::clone(&arrival), Arc::clone(credit));
            Passed::Lines(Arc::new(Handed { tenant, offset, batch, arrival, credit }))
        });
        let notes = (count..).zip(notes).map(|(number, note)| {
            let (offset, credit) = (appended.first.plus(number), Arc::clone(credit));
            Passed::Note(Arc::new(HandedNote { tenant, offset, recorded_at, hash, note, credit }))
        });
        lines.chain(notes).collect()
    }
}

fn receipt(appended: &Appended, count: u64) -> Receipt {
    let Appended { partition, first, last, hash } = *appended;
    Receipt { partition, first, last, count, hash }
}
