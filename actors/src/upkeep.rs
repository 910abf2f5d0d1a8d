//! Upkeep: has the index make its lines durable and let go of old ones, and lets the log go of what the index has.
//!
//! Invariant: the log keeps every line until the index has it on stable storage, and a while longer; what fails is tried
//! again, loudly. It does not decide what is due: the index does.

mod retention;
pub mod schedule;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use antler_events::clock::{Clock, Timestamp};
use antler_events::ids::{Offset, PartitionId};
use antler_events::log::{BoxFuture, EventLog};
use antler_projections::index::port::{RetainReport, SearchIndex};
use antler_projections::views::control::ControlViews;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::Notify;

use self::retention::Rules;
use self::schedule::{Chore, Outcome, Schedule};
use crate::calls::Calls;
use crate::planted::Planted;
use crate::progress::Progress;

/// The index is told the time so often.
const TICK: Duration = Duration::from_secs(1);
/// Checkpoints are noted so often at most.
const NOTE_EVERY: Duration = Duration::from_secs(5);
/// The pause after something failed.
const PAUSE: Duration = Duration::from_secs(1);
/// When no line was old enough to be made smaller, it is looked again after so long.
const COOL_EVERY: Duration = Duration::from_secs(60);
/// Lines that are too old are looked for so often.
const RETAIN_EVERY: Duration = Duration::from_secs(3_600);

/// Exports are held against their time so often.
const EXPIRE_EVERY: Duration = Duration::from_secs(60);

/// What goes when its time is over.
pub trait Expiring: Send + Sync + fmt::Debug {
    /// Removes what is over at this time, and says how much went.
    fn expire(&self, now: Timestamp) -> BoxFuture<'_, io::Result<u64>>;
}

#[derive(Debug)]
pub enum UpkeepMessage {
    Step,
}

/// What upkeep needs.
#[derive(Debug, Clone)]
pub struct UpkeepArguments {
    pub clock: Arc<dyn Clock>,
    pub log: Arc<dyn EventLog>,
    pub index: Arc<dyn SearchIndex>,
    /// Told when there is something to do.
    pub due: Arc<Notify>,
    /// How long the log keeps lines that the index has.
    pub keep_lines_for: Duration,
    /// How much of one core old lines may take to be made smaller, in percent.
    pub cold_share_percent: u8,
    /// Which tenant keeps its lines how long.
    pub views: ControlViews,
    /// Written now and then.
    pub calls: Arc<Calls>,
    pub exports: Arc<dyn Expiring>,
    /// Where it stands what is done, and what somebody wants now.
    pub schedule: Arc<Schedule>,
}

/// What the actor works with.
#[derive(Debug, Clone)]
pub(crate) struct UpkeepParts {
    pub(crate) arguments: UpkeepArguments,
    /// How far the views are; none if nothing feeds them.
    pub(crate) views: Option<Arc<Progress>>,
    pub(crate) planted: Planted,
}

/// The actor.
#[derive(Debug)]
pub(crate) struct Upkeep;

#[derive(Debug)]
pub(crate) struct UpkeepState {
    with: UpkeepArguments,
    rules: Rules,
    planted: Planted,
    checkpoints: Checkpoints,
    /// Old lines are looked at again from then on.
    cool_from: Duration,
    /// Lines that are too old are looked for again from then on.
    retain_from: Duration,
    /// The same of exports.
    expire_from: Duration,
}

/// What the index had on stable storage, and when.
#[derive(Debug, Default)]
struct Checkpoints(VecDeque<(Duration, Vec<Offset>)>);

impl Actor for Upkeep {
    type Msg = UpkeepMessage;
    type State = UpkeepState;
    type Arguments = UpkeepParts;

    async fn pre_start(
        &self,
        myself: ActorRef<UpkeepMessage>,
        UpkeepParts { arguments: with, views, planted }: UpkeepParts,
    ) -> Result<UpkeepState, ActorProcessingErr> {
        myself.cast(UpkeepMessage::Step)?;
        let rules = Rules::new(&with.views, &*with.log, views, planted)?;
        Ok(UpkeepState {
            with,
            rules,
            planted,
            checkpoints: Checkpoints::default(),
            cool_from: Duration::ZERO,
            retain_from: Duration::ZERO,
            expire_from: Duration::ZERO,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<UpkeepMessage>,
        message: UpkeepMessage,
        state: &mut UpkeepState,
    ) -> Result<(), ActorProcessingErr> {
        let rest = match message {
            UpkeepMessage::Step => state.step().await,
        };
        match rest {
            Duration::ZERO => myself.cast(UpkeepMessage::Step)?,
            rest => drop(myself.send_after(rest, || UpkeepMessage::Step)),
        }
        Ok(())
    }
}

impl UpkeepState {
    /// Does one piece of work, or waits for some. Answers how long to rest before the next.
    async fn step(&mut self) -> Duration {
        self.retain_if_due().await;
        self.write_calls().await;
        self.expire_if_due().await;
        let worked = self.keep_index().await;
        self.let_go().await;
        match worked {
            Ok(true) => Duration::ZERO,
            Ok(false) => {
                if !self.cool().await {
                    self.wait().await;
                }
                Duration::ZERO
            }
            Err(error) => {
                tracing::error!(error, "lines cannot be made durable in the index; the log keeps them");
                PAUSE
            }
        }
    }

    async fn wait(&self) {
        let UpkeepArguments { clock, index, due, .. } = &self.with;
        let _told_or_not = tokio::time::timeout(TICK, due.notified()).await;
        let _due = index.tick(clock.now());
    }

    async fn keep_index(&self) -> Result<bool, String> {
        let UpkeepArguments { index, schedule, .. } = &self.with;
        schedule.begin(Chore::Index);
        let worked = index.upkeep().await.map_err(|error| describe(&error));
        let outcome = match &worked {
            Ok(true) => Outcome::Done("groups were written or merged".to_owned()),
            Ok(false) => Outcome::Nothing,
            Err(error) => Outcome::Failed(error.clone()),
        };
        schedule.end(Chore::Index, outcome, None);
        worked
    }

    /// Has lines go that are older than their tenant keeps them.
    async fn retain_if_due(&mut self) {
        let (now, schedule) = (self.with.clock.elapsed(), Arc::clone(&self.with.schedule));
        let is_due = now >= self.retain_from || schedule.is_asked(Chore::Retention);
        if !is_due || !self.rules.are_known() {
            return;
        }
        self.retain_from = now + RETAIN_EVERY;
        schedule.begin(Chore::Retention);
        let outcome = match self.retain().await {
            Ok(RetainReport { lines: 0, .. }) => Outcome::Done("no line was too old".to_owned()),
            Ok(RetainReport { lines, stored_bytes, .. }) => {
                tracing::info!(
                    lines,
                    stored_bytes,
                    "lines went that were older than their tenants keep them"
                );
                Outcome::Done(format!("{lines} lines went, {stored_bytes} bytes on disk"))
            }
            Err(error) => {
                let error = describe(&*error);
                tracing::error!(error, "old lines stay for another hour");
                Outcome::Failed(error)
            }
        };
        schedule.end(Chore::Retention, outcome, Some(RETAIN_EVERY));
    }

    async fn retain(&self) -> Result<RetainReport, Box<dyn std::error::Error + Send + Sync>> {
        let UpkeepArguments { clock, index, .. } = &self.with;
        Ok(index.retain(self.rules.read().await?, clock.now()).await?)
    }

    async fn write_calls(&self) {
        let UpkeepArguments { calls, schedule, .. } = &self.with;
        let is_asked = schedule.is_asked(Chore::Calls);
        if !is_asked && !calls.is_due() {
            return;
        }
        schedule.begin(Chore::Calls);
        let outcome = match calls.write().await {
            Ok(0) => Outcome::Nothing,
            Ok(tenants) => Outcome::Done(format!("those of {tenants} tenants were written")),
            Err(error) => {
                let error = describe(&error);
                tracing::error!(error, "calls of tenants are not written, and a crash would forget them");
                Outcome::Failed(error)
            }
        };
        schedule.end(Chore::Calls, outcome, None);
    }

    async fn expire_if_due(&mut self) {
        let UpkeepArguments { clock, exports, schedule, .. } = &self.with;
        if clock.elapsed() < self.expire_from && !schedule.is_asked(Chore::Exports) {
            return;
        }
        let rest = if self.planted.is(Planted::ExportsStay) { Duration::MAX / 2 } else { EXPIRE_EVERY };
        self.expire_from = clock.elapsed() + rest;
        schedule.begin(Chore::Exports);
        let outcome = match exports.expire(clock.now()).await {
            Ok(0) => Outcome::Nothing,
            Ok(exports) => Outcome::Done(format!("{exports} exports went")),
            Err(error) => {
                let error = describe(&error);
                tracing::error!(error, "exports stay whose time is over");
                Outcome::Failed(error)
            }
        };
        schedule.end(Chore::Exports, outcome, Some(EXPIRE_EVERY));
    }

    /// Makes old lines smaller, and rests as long as its share of a core asks.
    async fn cool(&mut self) -> bool {
        let UpkeepArguments { clock, index, cold_share_percent, schedule, .. } = &self.with;
        let before = clock.elapsed();
        let is_due = before >= self.cool_from && *cold_share_percent > 0;
        if !is_due && !schedule.is_asked(Chore::Cold) {
            return false;
        }
        schedule.begin(Chore::Cold);
        let (cooled, outcome) = match index.cool(clock.now()).await {
            Ok(true) => (true, Outcome::Done("a group of old lines was made smaller".to_owned())),
            Ok(false) => (false, Outcome::Nothing),
            Err(error) => {
                let error = describe(&error);
                tracing::error!(error, "old lines cannot be made smaller");
                (false, Outcome::Failed(error))
            }
        };
        let took = clock.elapsed().saturating_sub(before);
        let share = u32::from((*cold_share_percent).clamp(1, 100));
        let rest = if cooled { took * (100 - share) / share } else { COOL_EVERY };
        self.cool_from = clock.elapsed() + rest;
        schedule.end(Chore::Cold, outcome, (*cold_share_percent > 0).then_some(rest));
        cooled
    }

    /// Lets the log go of lines that the index has had on stable storage for long enough.
    async fn let_go(&mut self) {
        let UpkeepArguments { clock, log, index, keep_lines_for, schedule, .. } = &self.with;
        let now = clock.elapsed();
        let is_hasty = self.planted.is(Planted::LogLetsGoTooEarly);
        let checkpoint = |number| match PartitionId::new(number) {
            partition if is_hasty => index.applied(partition),
            partition => index.checkpoint(partition),
        };
        self.checkpoints.note(now, || (0..log.partitions()).map(checkpoint).collect());
        let old = self.checkpoints.older_than(now.saturating_sub(*keep_lines_for));
        if old.is_none() && !schedule.is_asked(Chore::Log) {
            return;
        }
        schedule.begin(Chore::Log);
        let (mut outcome, old) = (Outcome::Nothing, old.unwrap_or_default());
        for (number, offset) in (0..).zip(old) {
            let partition = PartitionId::new(number);
            match log.truncate(partition, offset.plus(1)).await {
                Err(error) => {
                    let error = describe(&error);
                    tracing::warn!(%partition, error, "the log keeps lines that it need not keep");
                    outcome = Outcome::Failed(error);
                }
                Ok(_) if outcome == Outcome::Nothing => {
                    outcome = Outcome::Done("lines may go that the index has".to_owned());
                }
                Ok(_) => {}
            }
        }
        schedule.end(Chore::Log, outcome, None);
    }
}

impl Checkpoints {
    fn note(&mut self, now: Duration, offsets: impl FnOnce() -> Vec<Offset>) {
        let is_due = self.0.back().is_none_or(|(last, _)| now.saturating_sub(*last) >= NOTE_EVERY);
        if is_due {
            self.0.push_back((now, offsets()));
        }
    }

    /// Takes out the newest that was noted before this time.
    fn older_than(&mut self, time: Duration) -> Option<Vec<Offset>> {
        let count = self.0.partition_point(|(noted, _)| *noted < time);
        self.0.drain(..count).next_back().map(|(_, offsets)| offsets)
    }
}

/// The error with its causes.
fn describe(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_lets_go_of_what_was_durable_a_while_ago() {
        let mut checkpoints = Checkpoints::default();
        for second in 0..20 {
            checkpoints.note(Duration::from_secs(second), || vec![Offset::new(second)]);
        }
        assert_eq!(checkpoints.older_than(Duration::ZERO), None);
        assert_eq!(checkpoints.older_than(Duration::from_secs(12)), Some(vec![Offset::new(10)]));
        assert_eq!(checkpoints.older_than(Duration::from_secs(12)), None);
        assert_eq!(checkpoints.older_than(Duration::from_secs(100)), Some(vec![Offset::new(15)]));
    }
}
