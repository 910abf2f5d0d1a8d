//! Asking for a tail, and what is given: a reader's end of it.
//!
//! Invariant: who drops its end is forgotten by the tail. It does not find lines: the tail does.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use antler_events::ids::TenantId;
use antler_events::query::Matcher;
use antler_events::query::matcher::MatcherError;
use antler_events::query::tree::Filter;
use ractor::ActorRef;
use ractor::rpc::CallResult;

use super::frame::FrameForm;
use super::queue::{Queue, QueueBounds, Told};
use super::seq::Seq;
use super::tail::TailMessage;
use crate::platform::Parked;

/// A tail answers within this time or not at all.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// From where on lines are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// Lines that are written from now on.
    Now,
    /// This line and what is behind it.
    At(Seq),
}

/// Which lines are wanted, and how.
#[derive(Debug, Clone)]
pub struct TailRequest {
    pub(super) filter: Filter,
    pub(super) matcher: Arc<Matcher>,
    pub(super) form: Arc<dyn FrameForm>,
    pub(super) begin: Begin,
    pub(super) queue: QueueBounds,
}

/// Why there is no tail.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TailError {
    #[error(transparent)]
    Parked(#[from] Parked),
    #[error("tenant {tenant} is spread over {partitions} partitions, so its lines have no order to follow")]
    Spread { tenant: TenantId, partitions: usize },
    #[error("{tails_max} different filters are followed for tenant {tenant} already; close some of them")]
    TooMany { tenant: TenantId, tails_max: usize },
    #[error("there is no line {seq} yet; leave resume out to begin now")]
    Ahead { seq: Seq },
    #[error("the tail of this filter keeps failing: {reason}")]
    Failing { reason: Arc<str> },
    #[error("the log cannot be read: {reason}")]
    Log { reason: Arc<str> },
    #[error("the tail is being started; try again in a moment")]
    Starting,
    #[error("the server is stopping")]
    Stopping,
}

/// A reader's end of a tail.
#[derive(Debug)]
pub struct Subscription {
    pub(super) queue: Arc<Queue>,
    pub(super) tail: ActorRef<TailMessage>,
    pub(super) reader: ReaderId,
}

/// One of the readers of a tail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReaderId(pub(super) u64);

impl TailRequest {
    pub fn new(
        filter: Filter,
        form: Arc<dyn FrameForm>,
        begin: Begin,
        queue: QueueBounds,
    ) -> Result<Self, MatcherError> {
        let matcher = Arc::new(Matcher::new(&filter)?);
        Ok(Self { filter, matcher, form, begin, queue })
    }

    /// The same lines from elsewhere on.
    #[must_use]
    pub fn beginning(&self, begin: Begin) -> Self {
        Self { begin, ..self.clone() }
    }

    /// Whether one tail serves both.
    pub(crate) fn shares_tail_with(&self, other: &Self) -> bool {
        self.form.name() == other.form.name() && self.filter == other.filter
    }
}

impl Subscription {
    /// The next thing to tell. Dropping this loses nothing.
    pub async fn next(&self) -> Told {
        let told = self.queue.next().await;
        self.ask_for_more();
        told
    }

    /// Lines are kept back from now on, but for those that wait already.
    pub fn pause(&self) {
        self.say(TailMessage::Pause { reader: self.reader });
    }

    /// Goes on where it was.
    pub fn resume(&self) {
        self.say(TailMessage::Resume { reader: self.reader });
    }

    /// Lines that wait or are kept back.
    pub fn pending(&self) -> u64 {
        self.queue.pending()
    }

    /// Where another reader has to begin to be given what this one was not. May be earlier than need be.
    pub fn position(&self) -> Seq {
        self.queue.position()
    }

    /// The same to the event.
    pub async fn exact_position(&self) -> Seq {
        let asked = |reply| TailMessage::Position { reader: self.reader, reply };
        match self.tail.call(asked, Some(ANSWER_MAX)).await {
            Ok(CallResult::Success(position)) => position,
            _ => self.position(),
        }
    }

    /// What can be told at once.
    pub fn take(&self) -> Option<Told> {
        let told = self.queue.take()?;
        self.ask_for_more();
        Some(told)
    }

    fn ask_for_more(&self) {
        if self.queue.is_room_wanted() {
            self.say(TailMessage::Step);
        }
    }

    fn say(&self, message: TailMessage) {
        let _tail_is_gone = self.tail.cast(message);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.say(TailMessage::Leave { reader: self.reader });
    }
}

impl fmt::Display for ReaderId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}
