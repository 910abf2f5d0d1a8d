//! Hands the traffic of the demo to the system: what is past at once, and then as time goes on.
//!
//! Invariant: a line goes in once, in the order of time; after a restart it goes on behind the last line that can be found. A
//! batch that is refused is handed over again after a while, and what falls too far behind is left out. It makes no lines.

use std::sync::Arc;
use std::time::Duration;

use antler_actors::system::{IngestError, System};
use antler_config::limits::LineLimits;
use antler_events::clock::{Clock, Timestamp};
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::ids::TenantId;
use antler_events::line::{LineBatch, LineBatchBuilder};
use antler_projections::index::port::{Bounds, SearchIndex};
use tokio::sync::watch;

use super::traffic::{self, DemoLine};
use crate::compose::Program;

/// What was before the start.
const HISTORY_S: i64 = 3_600;
/// Seconds of history that are handed over at once.
const HISTORY_AT_ONCE_S: i64 = 30;
const STEP: Duration = Duration::from_millis(250);
const PAUSE: Duration = Duration::from_millis(200);
const NANOS: i64 = 1_000_000_000;

pub(super) struct Feeder {
    tenant: TenantId,
    system: Arc<System>,
    index: Arc<dyn SearchIndex>,
    clock: Arc<dyn Clock>,
    limits: LineLimits,
    seed: u64,
}

impl Feeder {
    pub(super) fn new(tenant: TenantId, program: &Program, seed: u64) -> Self {
        Self {
            tenant,
            system: Arc::clone(&program.system),
            index: Arc::clone(&program.index),
            clock: Arc::clone(&program.ingest.clock),
            limits: program.ingest.names.limits().clone(),
            seed,
        }
    }

    /// Until it is told to stop.
    pub(super) async fn play(self, mut stop: watch::Receiver<bool>) {
        let mut from = self.begin().await;
        let mut ticks = tokio::time::interval(STEP);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let now = self.clock.now();
            let from_history = Timestamp::from_nanos(now.nanos() - HISTORY_S * NANOS);
            let until = now.min(Timestamp::from_nanos(from.nanos() + HISTORY_AT_ONCE_S * NANOS));
            from = from.max(from_history);
            if !self.hand_over(from, until, &mut stop).await {
                return;
            }
            from = until.max(from);
            if *stop.borrow() {
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

    /// An hour ago, or behind the last line that is there.
    async fn begin(&self) -> Timestamp {
        let bounds = Bounds { time: Duration::from_secs(5), memory_bytes: 16 << 20 };
        let known = self.index.tenant_statistics(self.tenant, bounds).await.ok().and_then(|of| of.latest);
        let hour_ago = Timestamp::from_nanos(self.clock.now().nanos() - HISTORY_S * NANOS);
        known.map_or(hour_ago, |latest| hour_ago.max(Timestamp::from_nanos(latest.nanos() + 1)))
    }

    /// The lines from one time up to another. False when nothing is taken any more.
    async fn hand_over(&self, from: Timestamp, until: Timestamp, stop: &mut watch::Receiver<bool>) -> bool {
        let seconds = from.nanos().div_euclid(NANOS)..=until.nanos().div_euclid(NANOS);
        let lines = seconds.flat_map(|second| traffic::of_second(self.seed, second));
        let (access, own): (Vec<_>, Vec<_>) =
            lines.filter(|line| from <= line.time && line.time < until).partition(|line| line.is_access);
        self.write(&own, LineDefaults::default(), stop).await && self.write(&access, of_proxy(), stop).await
    }

    /// All of them together; false when nothing is taken any more.
    async fn write(
        &self,
        lines: &[DemoLine],
        defaults: LineDefaults,
        stop: &mut watch::Receiver<bool>,
    ) -> bool {
        // Lines of an access log have no time that is read; they get that of their arrival, second by second.
        let seconds = lines.chunk_by(|a, b| a.time.nanos() / NANOS == b.time.nanos() / NANOS);
        let batches: Vec<Arc<LineBatch>> = seconds.map(|lines| Arc::new(self.batch(lines))).collect();
        if batches.is_empty() {
            return true;
        }
        let arrival = Arc::new(Arrival { protocol: "demo".to_owned(), origin: String::new(), defaults });
        loop {
            match self.system.ingest(self.tenant, batches.clone(), Arc::clone(&arrival)).await {
                Ok(_) => return true,
                Err(error) if error.passes() => tokio::select! {
                    biased;
                    _ = stop.wait_for(|stop| *stop) => return false,
                    () = tokio::time::sleep(PAUSE) => {}
                },
                Err(IngestError::Stopping) => return false,
                Err(error) => {
                    tracing::warn!(%error, "lines of the demo were not taken");
                    return true;
                }
            }
        }
    }

    /// The lines of one second.
    fn batch(&self, lines: &[DemoLine]) -> LineBatch {
        let arrived_at = lines.first().map_or_else(|| self.clock.now(), |line| line.time);
        let mut builder = LineBatchBuilder::new(self.limits.clone(), arrived_at);
        for line in lines {
            let bytes = line.text.as_bytes();
            let pushed = if line.is_access { builder.push_plain(bytes) } else { builder.push_json(bytes) };
            if let Err(error) = pushed {
                tracing::error!(%error, "a line of the demo is none");
            }
        }
        builder.finish()
    }
}

fn of_proxy() -> LineDefaults {
    LineDefaults {
        service: Some("nginx".to_owned()),
        source: Some("access.log".to_owned()),
        environment: Some("production".to_owned()),
        level: Some("info".to_owned()),
        ..LineDefaults::default()
    }
}
