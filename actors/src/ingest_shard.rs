//! An ingest shard: takes batches of one tenant, has them written, and answers the sender.
//!
//! Invariants: a sender is told that its lines are taken only when they are on stable storage; a batch that was not
//! taken is answered with the reason, and never silently dropped; a stop waits for what is being written.
//! It parses nothing: batches are parsed where they arrive.

use std::sync::Arc;

use antler_events::event::EventError;
use antler_events::event::lines::{self, Arrival};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::LineBatch;
use antler_events::log::{Append, AppendError, Appended, EventLog, NewEvent};
use antler_events::wire::Receipt;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::task::JoinSet;

use crate::credits::Credit;
use crate::handover::{Announced, Handed, Handover};
use crate::turns::Turns;

#[derive(Debug)]
pub enum ShardMessage {
    /// Batches that are recorded together or not at all; there is at least one.
    Ingest {
        batches: Vec<Arc<LineBatch>>,
        arrival: Arc<Arrival>,
        credit: Credit,
        reply: RpcReplyPort<Written>,
    },
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
            ShardMessage::Ingest { batches, arrival, credit, reply } => {
                state.write(Batches { batches, arrival, credit: Arc::new(credit) }, reply);
            }
        }
        state.reap()
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<ShardMessage>,
        state: &mut ShardState,
    ) -> Result<(), ActorProcessingErr> {
        while state.writing.0.join_next().await.is_some() {}
        Ok(())
    }
}

/// Batches with all that travels with them.
struct Batches {
    batches: Vec<Arc<LineBatch>>,
    arrival: Arc<Arrival>,
    credit: Arc<Credit>,
}

impl ShardState {
    /// Batches are written side by side, so that many share one sync.
    fn write(&mut self, batches: Batches, reply: RpcReplyPort<Written>) {
        let with = self.with.clone();
        self.writing.0.spawn(async move {
            let written = with.write(batches).await;
            let _sender_is_gone = reply.send(written);
        });
    }

    /// Forgets what has ended. A write that panicked is a failure of the shard.
    fn reap(&mut self) -> Result<(), ActorProcessingErr> {
        while let Some(ended) = self.writing.0.try_join_next() {
            ended?;
        }
        Ok(())
    }
}

impl ShardArguments {
    async fn write(&self, batches: Batches) -> Written {
        let bytes = batches.batches.iter().map(|batch| batch.buffer().len() as u64).sum();
        let turn = self.turns.take(self.tenant, self.weight, bytes).await;
        let events = self.events(&batches)?;
        let announced: Vec<Announced> = self.handovers.iter().map(Handover::announce).collect();
        let append = Append { events, expected: Vec::new() };
        let appended = self.log.append(self.partition, append).await?;
        drop(turn);
        let count = batches.batches.iter().map(|batch| batch.len() as u64).sum();
        let handed = self.handed(batches, appended.first);
        announced.into_iter().for_each(|announced| announced.deliver(&handed));
        Ok(receipt(&appended, count))
    }

    fn events(&self, batches: &Batches) -> Result<Vec<NewEvent>, WriteError> {
        let record = |batch: &Arc<LineBatch>| lines::record(self.tenant, batch, &batches.arrival);
        let events: Result<Vec<NewEvent>, EventError> = batches.batches.iter().map(record).collect();
        events.map_err(|error| WriteError::Record { reason: error.to_string().into() })
    }

    fn handed(&self, Batches { batches, arrival, credit }: Batches, first: Offset) -> Vec<Arc<Handed>> {
        let handed = |(number, batch): (u64, Arc<LineBatch>)| {
            let (offset, arrival, credit) = (first.plus(number), Arc::clone(&arrival), Arc::clone(&credit));
            Arc::new(Handed { tenant: self.tenant, offset, batch, arrival, credit })
        };
        (0..).zip(batches).map(handed).collect()
    }
}

fn receipt(appended: &Appended, count: u64) -> Receipt {
    let Appended { partition, first, last, hash } = *appended;
    Receipt { partition, first, last, count, hash }
}
