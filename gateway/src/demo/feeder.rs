//! Hands the traffic of the demo to the system: what is past at once, and then as time goes on.
//!
//! Invariant: a line goes in once, in the order of time; a demo goes on behind the last line of an earlier one that can be
//! found. A batch that is refused is handed over again after a while, and what falls too far behind is left out. It makes no
//! lines.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use antler_actors::projector::index;
use antler_actors::quotas::NotAdmitted;
use antler_actors::system::{IngestError, System};
use antler_config::limits::{LineLimits, QueryLimits};
use antler_events::clock::{Clock, Timestamp};
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::ids::TenantId;
use antler_events::line::{LineBatch, LineBatchBuilder};
use antler_events::query::parse;
use antler_projections::index::port::{Bounds, LineQuery, SearchIndex};
use tokio::sync::watch;

use super::Play;
use super::traffic::{self, DemoLine, NAMESPACE};
use crate::compose::Program;

/// History that is handed over at once.
const HISTORY_AT_ONCE: Duration = Duration::from_secs(30);
const STEP: Duration = Duration::from_millis(250);
const PAUSE: Duration = Duration::from_millis(200);
/// Until a tenant that has sent what it may is asked again.
const QUOTA_PAUSE: Duration = Duration::from_secs(60);
/// To find the last line.
const FIND_BOUNDS: Bounds = Bounds { time: Duration::from_secs(5), memory_bytes: 16 << 20 };
/// The same traffic everywhere.
const SEED: u64 = 0x0a17_1e12;
const NANOS: i64 = 1_000_000_000;

/// What feeders play on.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    system: Arc<System>,
    index: Arc<dyn SearchIndex>,
    clock: Arc<dyn Clock>,
    limits: LineLimits,
}

impl Stage {
    pub(super) fn of(program: &Program) -> Self {
        Self {
            system: Arc::clone(&program.system),
            index: Arc::clone(&program.index),
            clock: Arc::clone(&program.ingest.clock),
            limits: program.ingest.names.limits().clone(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

pub(super) struct Feeder {
    tenant: TenantId,
    stage: Stage,
    play: Play,
    taken: Arc<AtomicU64>,
}

impl Feeder {
    /// `taken` counts lines up.
    pub(super) fn new(tenant: TenantId, stage: Stage, play: Play, taken: Arc<AtomicU64>) -> Self {
        Self { tenant, stage, play, taken }
    }

    /// Until it ends, or is told to stop.
    pub(super) async fn play(self, mut stop: watch::Receiver<bool>) {
        let mut from = self.begin().await;
        let mut ticks = tokio::time::interval(STEP);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let now = self.stage.now();
            let until = now.min(from.plus(HISTORY_AT_ONCE));
            from = from.max(self.first());
            if !self.hand_over(from, until, &mut stop).await {
                return;
            }
            from = until.max(from);
            if *stop.borrow() || self.play.until.is_some_and(|end| now >= end) {
                return;
            }
            // History goes in without a rest.
            if until < now {
                tokio::task::yield_now().await;
                continue;
            }
            tokio::select! {
                biased;
                _ = stop.changed() => return,
                _ = ticks.tick() => {}
            }
        }
    }

    /// The time before which nothing is played any more.
    fn first(&self) -> Timestamp {
        let history = i64::try_from(self.play.history.as_nanos()).unwrap_or(i64::MAX);
        Timestamp::from_nanos(self.stage.now().nanos().saturating_sub(history))
    }

    /// Where its history begins, or behind the last line of a demo that is there.
    async fn begin(&self) -> Timestamp {
        // An earlier demo may have ended just now.
        self.stage.system.settled_everywhere(index::NAME).await;
        let text = format!("data_stream.namespace:{NAMESPACE}");
        let filter = parse(&text, self.stage.now(), &QueryLimits::default()).query.filter;
        let newest = LineQuery { filter, ..LineQuery::newest(1) };
        let found = self.stage.index.search(self.tenant, newest, FIND_BOUNDS).await;
        let page = found.inspect_err(|error| tracing::warn!(%error, "an earlier demo is not looked for"));
        let last = page.ok().and_then(|page| page.lines.first().map(|line| line.position.time));
        last.map_or(self.first(), |last| self.first().max(last.plus(Duration::from_nanos(1))))
    }

    /// The lines from one time up to another. False when nothing is taken any more.
    async fn hand_over(&self, from: Timestamp, until: Timestamp, stop: &mut watch::Receiver<bool>) -> bool {
        let seconds = from.nanos().div_euclid(NANOS)..=until.nanos().div_euclid(NANOS);
        let lines = seconds.flat_map(|second| traffic::of_second(SEED, second));
        let lines: Vec<DemoLine> = lines.filter(|line| from <= line.time && line.time < until).collect();
        let seconds = lines.chunk_by(|a, b| a.time.nanos() / NANOS == b.time.nanos() / NANOS);
        let batches: Vec<Arc<LineBatch>> = seconds.map(|lines| Arc::new(self.batch(lines))).collect();
        if batches.is_empty() {
            return true;
        }
        let is_taken = self.write(batches, stop).await;
        if is_taken {
            self.taken.fetch_add(lines.len() as u64, Ordering::Relaxed);
        }
        is_taken
    }

    /// All of them together; false when nothing is taken any more.
    async fn write(&self, batches: Vec<Arc<LineBatch>>, stop: &mut watch::Receiver<bool>) -> bool {
        let defaults = LineDefaults::default();
        let arrival = Arc::new(Arrival { protocol: "demo".to_owned(), origin: String::new(), defaults });
        loop {
            let pause =
                match self.stage.system.ingest(self.tenant, batches.clone(), Arc::clone(&arrival)).await {
                    Ok(_) => return true,
                    Err(error) if error.passes() => PAUSE,
                    Err(IngestError::Stopping) => return false,
                    Err(error) => {
                        let tenant = self.tenant;
                        tracing::warn!(%tenant, %error, "lines of a demo are not taken");
                        match error {
                            IngestError::NotAdmitted(NotAdmitted::OverQuota(_)) => QUOTA_PAUSE,
                            _ => return false,
                        }
                    }
                };
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return false,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// The lines of one second.
    fn batch(&self, lines: &[DemoLine]) -> LineBatch {
        let arrived_at = lines.first().map_or_else(|| self.stage.now(), |line| line.time);
        let mut builder = LineBatchBuilder::new(self.stage.limits.clone(), arrived_at);
        for line in lines {
            if let Err(error) = builder.push_json(line.text.as_bytes()) {
                tracing::error!(%error, "a line of the demo is none");
            }
        }
        builder.finish()
    }
}
