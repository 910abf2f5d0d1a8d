//! A tail: holds one filter against the lines of a tenant while they come, for all readers who want these lines.
//!
//! Readers who are up to date share each frame. Those who are behind, because they resume, were paused, or because the
//! tail itself could not keep up, are given what the log has, step by step, and then join the others.
//! Invariant: a batch is held against the filter once for all readers who are up to date, and each frame is written once
//! for them; a reader joins at the event behind the last that it was given, so nothing is lost or doubled at the seam.
//! It sends nothing: readers take from their queues.

mod fan_out;
mod reader;
mod replay;

use std::sync::Arc;
use std::time::Duration;

use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::log::EventLog;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};

use self::fan_out::FanOut;
use self::reader::{Readers, Standing};
use super::inbox::{OpenInbox, Tails};
use super::queue::{Queue, QueueBounds};
use super::request::{Begin, ReaderId, Subscription, TailError, TailRequest};
use super::seq::Seq;

/// How often it is noted how far readers are to whom nothing comes.
const TICK: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub enum TailMessage {
    Subscribe {
        begin: Begin,
        queue: QueueBounds,
        reply: RpcReplyPort<Result<Subscription, TailError>>,
    },
    Leave {
        reader: ReaderId,
    },
    Pause {
        reader: ReaderId,
    },
    Resume {
        reader: ReaderId,
    },
    /// Answers where another reader has to begin to be given what this one was not.
    Position {
        reader: ReaderId,
        reply: RpcReplyPort<Seq>,
    },
    /// Something is in the inbox.
    Wake,
    /// Readers who are behind are to be given more.
    Step,
    Tick,
}

/// What a tail needs.
#[derive(Debug, Clone)]
pub struct TailArguments {
    pub tenant: TenantId,
    pub partition: PartitionId,
    pub log: Arc<dyn EventLog>,
    pub tails: Arc<Tails>,
    pub request: TailRequest,
}

/// The actor.
#[derive(Debug)]
pub struct LiveTail;

#[derive(Debug)]
pub struct TailState {
    with: TailArguments,
    inbox: OpenInbox,
    readers: Readers,
    /// Every event before this has been given to the readers who are up to date.
    next: Offset,
    /// A step is on its way.
    is_stepping: bool,
    /// Without readers it ends, but for the time before the first has asked.
    was_asked: bool,
}

impl Actor for LiveTail {
    type Msg = TailMessage;
    type State = TailState;
    type Arguments = TailArguments;

    async fn pre_start(
        &self,
        myself: ActorRef<TailMessage>,
        with: TailArguments,
    ) -> Result<TailState, ActorProcessingErr> {
        let inbox = with.tails.open(with.tenant, myself.clone());
        // Read behind the opening: what was looked up before it did not come here.
        let next = with.tails.looking_at(with.partition).plus(1);
        drop(myself.send_interval(TICK, || TailMessage::Tick));
        let readers = Readers::default();
        Ok(TailState { with, inbox, readers, next, is_stepping: false, was_asked: false })
    }

    async fn handle(
        &self,
        myself: ActorRef<TailMessage>,
        message: TailMessage,
        state: &mut TailState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            TailMessage::Subscribe { begin, queue, reply } => {
                state.was_asked = true;
                let _reader_is_gone = reply.send(state.subscribe(&myself, begin, queue));
            }
            TailMessage::Leave { reader } => state.readers.remove(reader),
            TailMessage::Pause { reader } => state.pause(reader),
            TailMessage::Resume { reader } => state.resume(reader),
            TailMessage::Position { reader, reply } => drop(reply.send(state.position(reader))),
            TailMessage::Wake => state.take_in(&myself).await?,
            TailMessage::Step => {
                state.is_stepping = false;
                state.step(&myself).await?;
            }
            TailMessage::Tick => {
                state.was_asked = true;
                state.note_progress();
            }
        }
        state.go_on(&myself)
    }
}

impl TailState {
    fn subscribe(
        &mut self,
        myself: &ActorRef<TailMessage>,
        begin: Begin,
        bounds: QueueBounds,
    ) -> Result<Subscription, TailError> {
        let end = self.with.log.bounds(self.with.partition);
        let end = end.map_err(|error| TailError::Log { reason: error.to_string().into() })?.next;
        let standing = match begin {
            Begin::Now => Standing::Joins(Seq::first_of(end)),
            Begin::At(seq) if seq > Seq::first_of(end) => return Err(TailError::Ahead { seq: seq.before() }),
            Begin::At(seq) => Standing::Behind(seq.max(Seq::first_of(Offset::FIRST))),
        };
        let queue = Queue::new(bounds, Arc::clone(&self.with.tails.budget), standing.seq());
        let reader = self.readers.add(Arc::clone(&queue), standing);
        Ok(Subscription { queue, tail: myself.clone(), reader })
    }

    fn pause(&mut self, reader: ReaderId) {
        let next = Seq::first_of(self.next);
        self.readers.change(reader, |_, standing| match standing {
            Standing::Live => Standing::Paused(next),
            Standing::Joins(seq) | Standing::Behind(seq) | Standing::Paused(seq) => Standing::Paused(seq),
        });
    }

    fn resume(&mut self, reader: ReaderId) {
        self.readers.change(reader, |queue, standing| match standing {
            Standing::Paused(seq) => {
                queue.forget_kept_back();
                Standing::Behind(seq)
            }
            other => other,
        });
    }

    fn position(&mut self, reader: ReaderId) -> Seq {
        self.note_progress();
        self.readers.queue(reader).map_or(Seq::first_of(self.next), |queue| queue.position())
    }

    /// Gives what is in the inbox to the readers who are up to date.
    async fn take_in(&mut self, myself: &ActorRef<TailMessage>) -> Result<(), ActorProcessingErr> {
        let Some(taken) = self.inbox.take() else { return Ok(()) };
        let mut fan_out = FanOut::new(&self.with, &mut self.readers);
        for delivery in &taken.deliveries {
            if delivery.offset >= self.next {
                fan_out.give(delivery).await?;
                self.next = delivery.offset.plus(1);
            }
        }
        fan_out.finish();
        if let Some(refused) = taken.refused {
            tracing::debug!(tenant = %self.with.tenant, %refused, "a tail is behind and reads the log");
            self.readers.fall_behind(Seq::first_of(self.next));
            self.next = self.next.max(refused.plus(1));
        }
        match self.with.tails.bounds.linger {
            Duration::ZERO => myself.cast(TailMessage::Wake)?,
            linger => drop(myself.send_after(linger, || TailMessage::Wake)),
        }
        Ok(())
    }

    /// Notes that readers who are up to date have not missed what was written for others.
    fn note_progress(&mut self) {
        let looking_at = self.with.tails.looking_at(self.with.partition);
        if self.inbox.is_empty() {
            self.next = self.next.max(looking_at);
        }
        self.readers.look_at(Seq::first_of(self.next));
    }

    /// Has another step made if somebody is behind and has room, and ends when nobody is left.
    fn go_on(&mut self, myself: &ActorRef<TailMessage>) -> Result<(), ActorProcessingErr> {
        if self.readers.is_empty() {
            if self.was_asked {
                myself.stop(None);
            }
            return Ok(());
        }
        self.readers.join(Seq::first_of(self.next));
        if !self.is_stepping && self.readers.can_step() {
            self.is_stepping = true;
            myself.cast(TailMessage::Step)?;
        }
        Ok(())
    }
}
