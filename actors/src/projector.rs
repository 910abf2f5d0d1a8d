//! A projector: follows one partition for one projection, from the projection's own checkpoint.
//!
//! Invariant: every event reaches the projection in order, and none twice; one that the projection cannot take after
//! several attempts is set aside, loudly, and the others go on. It does not know what a projection makes of events.

pub mod follow;
pub mod index;
pub mod views;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use antler_events::ids::{Offset, PartitionId};
use antler_events::log::{BoxFuture, EventLog};
use ractor::{Actor, ActorProcessingErr, ActorRef};

use self::follow::{Followed, Follower, Met};
use crate::handover::Handover;
use crate::progress::Progress;

/// A step waits no longer for events, so that a stop is seen.
const STEP_MAX: Duration = Duration::from_millis(250);
/// The pause after the projection, or the log, could not go on.
const PAUSE: Duration = Duration::from_millis(50);
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
    pub log: Arc<dyn EventLog>,
    pub projection: Arc<dyn Projection>,
    pub handover: Arc<Handover>,
    pub progress: Arc<Progress>,
    pub figures: Arc<ProjectorFigures>,
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
        match message {
            ProjectorMessage::Step => state.step().await,
        }
        Ok(myself.cast(ProjectorMessage::Step)?)
    }
}

impl ProjectorState {
    fn new(with: ProjectorArguments) -> Self {
        let ProjectorArguments { partition, log, projection, handover, .. } = &with;
        let next = projection.applied(*partition).plus(1);
        let follower = Follower::new(Arc::clone(log), *partition, Arc::clone(handover), next);
        Self { with, follower, waiting: Vec::new(), attempts: 0 }
    }

    async fn step(&mut self) {
        if self.waiting.is_empty() {
            match tokio::time::timeout(STEP_MAX, self.follower.next()).await {
                Ok(Ok(Met::Events(events))) => self.waiting = events,
                Ok(Ok(Met::Damage(damage))) => {
                    tracing::error!(%damage, projection = self.with.projection.name(), "lost events are left out");
                }
                Ok(Err(error)) => self.pause(&error).await,
                Err(_nothing_came) => {}
            }
        }
        if !self.waiting.is_empty() {
            self.apply().await;
        }
    }

    async fn apply(&mut self) {
        let ProjectorArguments { partition, projection, .. } = &self.with;
        match projection.apply(*partition, &self.waiting).await {
            Ok(applied) => {
                self.taken_up_to(applied.up_to);
                if applied.is_full {
                    tokio::time::sleep(PAUSE).await;
                }
            }
            Err(ApplyError::Event { offset, reason }) => self.failed(offset, &reason).await,
            Err(error @ ApplyError::Projection { .. }) => self.pause(&error).await,
        }
    }

    fn taken_up_to(&mut self, offset: Offset) {
        let before = self.waiting.len();
        self.waiting.retain(|event| event.offset() > offset);
        let taken = before - self.waiting.len();
        if taken > 0 {
            self.attempts = 0;
            self.with.figures.events.fetch_add(taken as u64, Ordering::Relaxed);
            self.with.progress.advance(self.with.partition, offset);
        }
    }

    /// Tries an event again, and in the end goes past it.
    async fn failed(&mut self, offset: Offset, reason: &str) {
        self.attempts += 1;
        let ProjectorArguments { partition, projection, figures, .. } = &self.with;
        if self.attempts < ATTEMPTS_MAX {
            tracing::warn!(%partition, %offset, reason, projection = projection.name(), "an event will be tried again");
            figures.retries.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(PAUSE).await;
            return;
        }
        tracing::error!(%partition, %offset, reason, projection = projection.name(), "an event is set aside");
        match projection.set_aside(*partition, offset, reason).await {
            Ok(()) => {
                figures.set_aside.fetch_add(1, Ordering::Relaxed);
                self.taken_up_to(offset);
            }
            Err(error) => self.pause(&error).await,
        }
    }

    async fn pause(&self, error: &(dyn std::error::Error + Sync + 'static)) {
        let ProjectorArguments { partition, projection, figures, .. } = &self.with;
        tracing::warn!(%partition, error, projection = projection.name(), "the projector waits");
        figures.retries.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(PAUSE).await;
    }
}
