//! A projector: follows one partition for one projection, from the projection's own checkpoint.
//!
//! Invariant: every event reaches the projection in order, and none twice; one that the projection cannot take after
//! several attempts is set aside, loudly, and the others go on. It does not know what a projection makes of events.

pub mod arrivals;
mod dead_letter;
pub mod follow;
pub mod index;
pub mod views;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use antler_events::clock::Clock;
use antler_events::ids::{Offset, PartitionId};
use antler_events::log::{BoxFuture, EventLog};
use ractor::{Actor, ActorProcessingErr, ActorRef};

use self::follow::{Followed, Follower, Met};
use crate::handover::Handover;
use crate::planted::Planted;
use crate::progress::Progress;

/// A step waits no longer for events, so that a stop is seen.
const STEP_MAX: Duration = Duration::from_millis(250);
/// The pause after the projection, or the log, could not go on.
const PAUSE: Duration = Duration::from_millis(50);
/// What was taken is made durable so often at most.
const SETTLE_EVERY: Duration = Duration::from_secs(1);
/// An event that fails so often is set aside.
const ATTEMPTS_MAX: u32 = 5;

/// What takes events in.
pub trait Projection: Send + Sync + std::fmt::Debug + 'static {
    fn name(&self) -> &'static str;

    /// Events up to this one have been taken before.
    fn applied(&self, partition: PartitionId) -> Offset;

    /// Takes events and answers up to which one.
    fn apply<'a>(
        &'a self,
        partition: PartitionId,
        events: &'a [Followed],
    ) -> BoxFuture<'a, Result<Applied, ApplyError>>;

    /// Goes past an event that cannot be taken.
    fn set_aside<'a>(
        &'a self,
        partition: PartitionId,
        event: Offset,
        reason: &'a str,
    ) -> BoxFuture<'a, Result<(), ApplyError>>;

    /// How long it waits for more after it took events, so that what arrives in small parts is taken together.
    fn gathers_for(&self) -> Duration {
        Duration::ZERO
    }

    /// Makes durable what was taken, so that a start need not take it again. Most see to that themselves.
    fn settle(&self, _partition: PartitionId) -> BoxFuture<'_, Result<(), ApplyError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// What was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    pub up_to: Offset,
    /// The rest is to be given again after a while: there is no room now.
    pub is_full: bool,
}

/// Why events were not taken.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The event at this offset is to blame.
    #[error("event {offset} cannot be taken: {reason}")]
    Event { offset: Offset, reason: String },
    /// None is: the projection itself cannot go on at the moment.
    #[error("the projection cannot go on: {reason}")]
    Projection { reason: String },
}

/// Figures of a projector.
#[derive(Debug, Default)]
pub struct ProjectorFigures {
    events: AtomicU64,
    set_aside: AtomicU64,
    retries: AtomicU64,
    waits: AtomicBool,
}

impl ProjectorFigures {
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Events that the projection could not take.
    pub fn set_aside(&self) -> u64 {
        self.set_aside.load(Ordering::Relaxed)
    }

    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// The projection, or the log, could not go on the last time.
    pub fn waits(&self) -> bool {
        self.waits.load(Ordering::Relaxed)
    }
}

/// A step of its loop.
#[derive(Debug)]
pub enum ProjectorMessage {
    Step,
}

/// What a projector needs.
#[derive(Debug, Clone)]
pub struct ProjectorArguments {
    pub partition: PartitionId,
    pub clock: Arc<dyn Clock>,
    pub log: Arc<dyn EventLog>,
    pub projection: Arc<dyn Projection>,
    pub handover: Arc<Handover>,
    pub progress: Arc<Progress>,
    pub figures: Arc<ProjectorFigures>,
    pub planted: Planted,
}

/// The actor.
#[derive(Debug)]
pub struct Projector;

#[derive(Debug)]
pub struct ProjectorState {
    with: ProjectorArguments,
    follower: Follower,
    /// Events that have been followed and not been taken yet.
    waiting: Vec<Followed>,
    attempts: u32,
    /// When the first event was taken that may not be durable.
    unsettled_since: Option<Duration>,
    /// The last event that has become a dead letter.
    buried: Option<Offset>,
}

impl Actor for Projector {
    type Msg = ProjectorMessage;
    type State = ProjectorState;
    type Arguments = ProjectorArguments;

    async fn pre_start(
        &self,
        myself: ActorRef<ProjectorMessage>,
        with: ProjectorArguments,
    ) -> Result<ProjectorState, ActorProcessingErr> {
        myself.cast(ProjectorMessage::Step)?;
        Ok(ProjectorState::new(with))
    }

    async fn handle(
        &self,
        myself: ActorRef<ProjectorMessage>,
        message: ProjectorMessage,
        state: &mut ProjectorState,
    ) -> Result<(), ActorProcessingErr> {
        let next = match message {
            ProjectorMessage::Step => state.step().await,
        };
        state.note_place();
        state.settle_if_due().await;
        let pause = match next {
            Next::AtOnce => Duration::ZERO,
            Next::Gather { since } => {
                let gathers_for = state.with.projection.gathers_for();
                gathers_for.saturating_sub(state.with.clock.elapsed().saturating_sub(since))
            }
            Next::AfterPause => PAUSE,
        };
        match pause.is_zero() {
            true => myself.cast(ProjectorMessage::Step)?,
            false => drop(myself.send_after(pause, || ProjectorMessage::Step)),
        }
        Ok(())
    }

    async fn post_stop(
        &self,
        _myself: ActorRef<ProjectorMessage>,
        state: &mut ProjectorState,
    ) -> Result<(), ActorProcessingErr> {
        if !state.with.planted.is(Planted::StopsUnsettled) {
            state.settle().await;
        }
        Ok(())
    }
}

/// When the next step is due. A pause is no sleep, so that a stop is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    AtOnce,
    /// Events were taken from then on.
    Gather {
        since: Duration,
    },
    AfterPause,
}

impl ProjectorState {
    fn new(with: ProjectorArguments) -> Self {
        let ProjectorArguments { partition, log, projection, handover, .. } = &with;
        let next = projection.applied(*partition).plus(1);
        let follower = Follower::new(Arc::clone(log), *partition, Arc::clone(handover), next);
        Self { with, follower, waiting: Vec::new(), attempts: 0, unsettled_since: None, buried: None }
    }

    async fn step(&mut self) -> Next {
        if self.waiting.is_empty() {
            match tokio::time::timeout(STEP_MAX, self.follower.next()).await {
                Ok(Ok(Met::Events(events))) => self.waiting = events,
                Ok(Ok(Met::Damage(damage))) => {
                    tracing::error!(%damage, projection = self.with.projection.name(), "lost events are left out");
                }
                Ok(Err(error)) => return self.cannot_go_on(&error),
                Err(_nothing_came) => {}
            }
        }
        if !self.waiting.is_empty() {
            return self.apply().await;
        }
        self.goes_on();
        Next::AtOnce
    }

    async fn apply(&mut self) -> Next {
        let ProjectorArguments { partition, projection, clock, .. } = &self.with;
        let since = clock.elapsed();
        match projection.apply(*partition, &self.waiting).await {
            Ok(applied) => {
                self.taken_up_to(applied.up_to);
                if applied.is_full { Next::AfterPause } else { Next::Gather { since } }
            }
            Err(ApplyError::Event { offset, reason }) => self.failed(offset, &reason).await,
            Err(error @ ApplyError::Projection { .. }) => self.cannot_go_on(&error),
        }
    }

    /// When nothing waits, all before the follower's place was taken, or is not in the log any more.
    fn note_place(&self) {
        if self.waiting.is_empty() {
            self.with.progress.advance(self.with.partition, self.follower.next_offset().before());
        }
    }

    fn taken_up_to(&mut self, offset: Offset) {
        let before = self.waiting.len();
        self.waiting.retain(|event| event.offset() > offset);
        let taken = before - self.waiting.len();
        if taken > 0 {
            self.attempts = 0;
            self.goes_on();
            self.unsettled_since.get_or_insert(self.with.clock.elapsed());
            self.with.figures.events.fetch_add(taken as u64, Ordering::Relaxed);
            self.with.progress.advance(self.with.partition, offset);
        }
    }

    /// Tries an event again, and in the end goes past it.
    async fn failed(&mut self, offset: Offset, reason: &str) -> Next {
        self.attempts += 1;
        let ProjectorArguments { partition, projection, planted, .. } = &self.with;
        let attempts_max = if planted.is(Planted::SetAsideAtOnce) { 1 } else { ATTEMPTS_MAX };
        if self.attempts < attempts_max || planted.is(Planted::NeverSetAside) {
            tracing::warn!(%partition, %offset, reason, projection = projection.name(), "an event will be tried again");
            return self.again();
        }
        tracing::error!(%partition, %offset, reason, projection = projection.name(), "an event is set aside");
        if let Err(error) = self.bury(offset, reason).await {
            return self.cannot_go_on(&*error);
        }
        let ProjectorArguments { partition, projection, figures, planted, .. } = &self.with;
        match projection.set_aside(*partition, offset, reason).await {
            Ok(()) => {
                figures.set_aside.fetch_add(1, Ordering::Relaxed);
                let last = self.waiting.last().map_or(offset, Followed::offset);
                self.taken_up_to(if planted.is(Planted::SetAsideTooFar) { last } else { offset });
                Next::AtOnce
            }
            Err(error) => self.cannot_go_on(&error),
        }
    }

    /// Puts an event among the dead letters of its tenant, once.
    async fn bury(
        &mut self,
        offset: Offset,
        reason: &str,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let ProjectorArguments { partition, log, projection, .. } = &self.with;
        let Some(event) = self.waiting.iter().find(|event| event.offset() == offset) else { return Ok(()) };
        let letter = dead_letter::of_event(event, *partition, projection.name(), reason)?;
        if let Some(append) = letter.filter(|_| self.buried != Some(offset)) {
            log.append(*partition, append).await?;
            self.buried = Some(offset);
        }
        Ok(())
    }

    /// Says so once, and not again with every attempt.
    fn cannot_go_on(&mut self, error: &(dyn std::error::Error + Sync + 'static)) -> Next {
        let ProjectorArguments { partition, projection, figures, .. } = &self.with;
        if !figures.waits.swap(true, Ordering::Relaxed) {
            tracing::warn!(%partition, error, projection = projection.name(), "the projector waits");
        }
        if self.with.planted.is(Planted::WaitingForgotten) {
            self.waiting.clear();
        }
        self.again()
    }

    fn goes_on(&self) {
        if self.with.figures.waits.swap(false, Ordering::Relaxed) {
            let projection = self.with.projection.name();
            tracing::info!(partition = %self.with.partition, projection, "the projector goes on");
        }
    }

    fn again(&self) -> Next {
        self.with.figures.retries.fetch_add(1, Ordering::Relaxed);
        Next::AfterPause
    }

    async fn settle_if_due(&mut self) {
        let now = self.with.clock.elapsed();
        if self.unsettled_since.is_some_and(|since| now.saturating_sub(since) >= SETTLE_EVERY) {
            self.settle().await;
        }
    }

    /// Has the projection make durable what it took. What fails is tried again after a while.
    async fn settle(&mut self) {
        let ProjectorArguments { partition, projection, clock, .. } = &self.with;
        if self.unsettled_since.take().is_some()
            && let Err(error) = projection.settle(*partition).await
        {
            tracing::warn!(%partition, %error, projection = projection.name(), "what was taken is not durable yet");
            self.unsettled_since = Some(clock.elapsed());
        }
    }
}
