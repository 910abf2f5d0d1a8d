//! Jobs of tenants over lives: each writes steps into the log, in turn with others, and is cut off by failures, stops and
//! crashes; some are cancelled, and some can never be done.
//!
//! Invariant: a job that nobody cancels ends, and its steps are in the log once, in their order; a cancelled one writes no
//! more than what it had begun to write; at no time does a job run twice, or more jobs than may be at work. What outlives a
//! life stands in `Order`, as events would say it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use antler_actors::ingest_shard::{Arrived, Request};
use antler_actors::jobs::{Job, JobTurns};
use antler_actors::requests::{Begun, Requests};
use antler_actors::supervision::Patience;
use antler_actors::system::System;
use antler_config::limits::LineLimits;
use antler_events::clock::Timestamp;
use antler_events::event::note::{AnswerForm, RequestKey};
use antler_events::ids::{PartitionId, TenantId};
use antler_events::line::LineBatchBuilder;
use antler_events::log::{BoxFuture, EventLog as _};
use anyhow::{Context as _, ensure};
use tokio::time::{sleep, timeout};

use super::ledger::lines_of;
use crate::world::{Fault, Faults, Rng, SimulatedLog};

/// When faults have stopped, every job ends within this time.
const ENDED_AFTER_MAX: Duration = Duration::from_secs(600);
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(50);
const STEPS_MAX: u64 = 6;
/// A job that failed less often is not given up.
const FAILURES_MIN: u32 = Patience::USUAL.failures_max;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    Done,
    GivenUp,
    /// So many steps were in the log by then.
    Cancelled {
        steps: u64,
    },
}

/// A piece of work that somebody ordered.
#[derive(Debug)]
struct Order {
    name: String,
    tenant: TenantId,
    steps: u64,
    ordered_at: Timestamp,
    /// Each try fails.
    is_hopeless: bool,
    stage: Mutex<Stage>,
    /// Somebody works on it now.
    is_at_work: AtomicBool,
    failures: AtomicU32,
}

/// All that was ordered, and how many of each tenant are at work.
#[derive(Debug, Default)]
pub(super) struct Orders {
    orders: Mutex<Vec<Arc<Order>>>,
    at_work: Mutex<BTreeMap<TenantId, usize>>,
    /// What must not be, and was.
    wrong: Mutex<Vec<String>>,
}

/// What the jobs of one life need.
#[derive(Debug, Clone)]
pub(super) struct Workshop {
    pub(super) system: Arc<System>,
    pub(super) requests: Requests,
    pub(super) faults: Arc<Faults>,
    pub(super) orders: Arc<Orders>,
    pub(super) per_tenant_max: usize,
    pub(super) jobs_max: usize,
}

/// The job of an order in one life.
#[derive(Debug)]
struct Piece {
    order: Arc<Order>,
    workshop: Workshop,
}

/// The order is being worked on until this is dropped, wherever the job is cut off.
struct AtWork<'a>(&'a Piece);

impl Order {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().expect("nothing panics while it looks")
    }

    /// Ends it, if nothing has.
    fn end(&self, stage: Stage) {
        let mut now = self.stage();
        if *now == Stage::Open {
            *now = stage;
        }
    }

    fn text(&self, step: u64) -> String {
        format!("step {step} of {}", self.name)
    }

    /// The steps that the log has, in its order.
    fn found(&self, log: &SimulatedLog) -> anyhow::Result<Vec<u64>> {
        let mut found = Vec::new();
        for partition in (0..log.partitions()).map(PartitionId::new) {
            let events = lines_of(log, partition)?;
            let lines =
                events.values().filter(|event| event.tenant == self.tenant).flat_map(|event| &event.lines);
            let texts = lines.filter_map(|line| std::str::from_utf8(line).ok());
            found.extend(texts.filter_map(|text| (0..self.steps).find(|step| self.text(*step) == text)));
        }
        Ok(found)
    }

    fn check(&self, log: &SimulatedLog) -> anyhow::Result<()> {
        let (stage, found) = (*self.stage(), self.found(log)?);
        let in_order = found.iter().copied().eq(0..found.len() as u64);
        ensure!(in_order, "{} is {stage:?} and left the steps {found:?}", self.name);
        let count = found.len() as u64;
        match stage {
            Stage::Done => ensure!(count == self.steps, "{} is done with {count} steps", self.name),
            Stage::Cancelled { steps } => {
                ensure!(
                    count <= steps + 1,
                    "{} went from {steps} to {count} steps when cancelled",
                    self.name
                );
            }
            Stage::GivenUp => {
                let failures = self.failures.load(Ordering::Relaxed);
                ensure!(failures >= FAILURES_MIN, "{} was given up after {failures} failures", self.name);
            }
            Stage::Open => {}
        }
        Ok(())
    }
}

impl Orders {
    /// Holds the log against all that was ordered.
    pub(super) fn check(&self, log: &SimulatedLog) -> anyhow::Result<()> {
        let wrong = self.wrong.lock().expect("nothing panics while it looks").join("; ");
        ensure!(wrong.is_empty(), "{wrong}");
        self.all().iter().try_for_each(|order| order.check(log))
    }

    /// How it stands with each, for the trace.
    pub(super) fn told(&self) -> Vec<String> {
        self.all().iter().map(|order| format!("{}: {:?}", order.name, order.stage())).collect()
    }

    fn all(&self) -> Vec<Arc<Order>> {
        self.orders.lock().expect("nothing panics while it looks").clone()
    }

    fn open(&self) -> Vec<Arc<Order>> {
        self.all().into_iter().filter(|order| *order.stage() == Stage::Open).collect()
    }

    fn note(&self, what: String) {
        self.wrong.lock().expect("nothing panics while it notes").push(what);
    }
}

impl Workshop {
    /// Orders some work and goes on with what earlier lives left; cancels one now and then. It is dropped with its life.
    pub(super) async fn run(
        self,
        mut rng: Rng,
        tenants: [TenantId; 2],
        log: Arc<SimulatedLog>,
        now: Timestamp,
    ) {
        for _ in 0..rng.below(5) {
            let number = self.orders.all().len();
            let order = Order {
                name: format!("job-{number}"),
                tenant: *rng.pick(&tenants),
                steps: rng.between(1, STEPS_MAX),
                ordered_at: now,
                is_hopeless: rng.chance(100),
                stage: Mutex::new(Stage::Open),
                is_at_work: AtomicBool::new(false),
                failures: AtomicU32::new(0),
            };
            self.orders.orders.lock().expect("nothing panics while it orders").push(Arc::new(order));
        }
        self.begin_all().await;
        if rng.chance(500) {
            sleep(Duration::from_millis(rng.below(1_000))).await;
            // Whoever is in doubt asks once more.
            self.begin_all().await;
        }
        if rng.chance(400) {
            sleep(Duration::from_millis(rng.below(2_000))).await;
            let open = self.orders.open();
            if let Some(order) = open.get(rng.below(open.len().max(1) as u64) as usize) {
                self.cancel(order, &log).await;
            }
        }
    }

    async fn begin_all(&self) {
        for order in self.orders.open() {
            let job = Arc::new(Piece { order: Arc::clone(&order), workshop: self.clone() });
            while self.system.start_job(order.tenant, job.clone()).await.is_err_and(|error| error.passes()) {
                sleep(TRY_AGAIN_AFTER).await;
            }
        }
    }

    /// It is cancelled when its job has ended, as whoever asks is told.
    async fn cancel(&self, order: &Order, log: &SimulatedLog) {
        if self.system.end_job(order.tenant, &order.name).await.is_ok() {
            let found = self.faults.without(|| order.found(log)).expect("nothing goes wrong meanwhile");
            order.end(Stage::Cancelled { steps: found.len() as u64 });
        }
    }

    /// With all faults gone every job ends.
    pub(super) async fn finish(&self) -> anyhow::Result<()> {
        let ended = async {
            while !self.orders.open().is_empty() {
                sleep(TRY_AGAIN_AFTER).await;
            }
        };
        let left = || self.orders.told().join(", ");
        timeout(ENDED_AFTER_MAX, ended).await.with_context(|| format!("jobs do not end: {}", left()))
    }
}

impl Job for Piece {
    fn name(&self) -> &str {
        &self.order.name
    }

    fn run<'a>(&'a self, turns: &'a JobTurns) -> BoxFuture<'a, ()> {
        Box::pin(self.work(turns))
    }

    fn given_up<'a>(&'a self, _: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async { self.order.end(Stage::GivenUp) })
    }
}

impl Piece {
    async fn work(&self, turns: &JobTurns) {
        if *self.order.stage() != Stage::Open {
            return;
        }
        let _turn = turns.take().await;
        let _at_work = AtWork::begin(self);
        for step in 0..self.order.steps {
            let fails = self.workshop.faults.strikes(Fault::JobPanic) || self.order.is_hopeless;
            self.order.failures.fetch_add(u32::from(fails), Ordering::Relaxed);
            assert!(!fails, "on purpose");
            while !self.is_written(step).await {
                sleep(TRY_AGAIN_AFTER).await;
            }
        }
        self.order.end(Stage::Done);
    }

    /// Whether a step is in the log for certain. What was written before is known by its key.
    async fn is_written(&self, step: u64) -> bool {
        let Workshop { system, requests, .. } = &self.workshop;
        let (order, text) = (&self.order, self.order.text(step));
        let key = RequestKey::of(&text).expect("it can be printed");
        let claim = match requests.begin_as_of(order.tenant, key, order.ordered_at).await {
            Ok(Begun::First(claim)) => claim,
            Ok(Begun::Answered(_)) => return true,
            Err(_) => return false,
        };
        let mut builder = LineBatchBuilder::new(LineLimits::default(), order.ordered_at);
        builder.push_plain(text.as_bytes()).expect("it is shorter than a line may be");
        let request = Some(Request { claim, form: AnswerForm::Many, errors: Vec::new() });
        let arrived = Arrived { batches: vec![Arc::new(builder.finish())], request, ..Arrived::default() };
        system.take(order.tenant, arrived).await.is_ok()
    }
}

impl<'a> AtWork<'a> {
    fn begin(piece: &'a Piece) -> Self {
        let Workshop { orders, per_tenant_max, jobs_max, .. } = &piece.workshop;
        if piece.order.is_at_work.swap(true, Ordering::Relaxed) {
            orders.note(format!("{} runs twice", piece.order.name));
        }
        let mut at_work = orders.at_work.lock().expect("nothing panics while it counts");
        *at_work.entry(piece.order.tenant).or_default() += 1;
        let (of_tenant, of_all) = (at_work[&piece.order.tenant], at_work.values().sum::<usize>());
        if of_tenant > *per_tenant_max || of_all > *jobs_max {
            orders.note(format!("{of_tenant} jobs of a tenant and {of_all} in all are at work"));
        }
        Self(piece)
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        let Piece { order, workshop } = self.0;
        order.is_at_work.store(false, Ordering::Relaxed);
        let mut at_work = workshop.orders.at_work.lock().expect("nothing panics while it counts");
        *at_work.entry(order.tenant).or_default() -= 1;
    }
}

impl fmt::Debug for AtWork<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "AtWork({})", self.0.order.name)
    }
}
