//! One life of the system: senders at work, faults, and an end.
//!
//! Invariant: what is under way stays within its bounds; a stop leaves nobody without an answer; and when faults stop,
//! all that was written is soon projected and all that was held is given back. It draws its faults before it begins.

use std::sync::Arc;
use std::time::Duration;

use antler_actors::live::frame::FrameBounds;
use antler_actors::live::inbox::{TailBounds, Tails};
use antler_actors::live::projection::LiveProjection;
use antler_actors::platform::Depth;
use antler_actors::projector::Projection;
use antler_actors::projector::arrivals::ArrivalsProjection;
use antler_actors::quotas::Quotas;
use antler_actors::requests::Requests;
use antler_actors::supervision::Supervision;
use antler_actors::system::{IngestError, System, SystemLimits, SystemParts};
use antler_actors::usage::Usage;
use antler_actors::warnings::warnings;
use antler_config::limits::LineLimits;
use antler_events::clock::{Clock, Timestamp};
use antler_events::ids::{PartitionId, TenantId};
use antler_events::line::{LineBatch, LineBatchBuilder};
use antler_events::log::EventLog;
use antler_events::placement::Placement;
use antler_projections::views::arrivals::ArrivalViews;
use antler_projections::views::control::ControlViews;
use antler_projections::views::memory::MemoryViews;
use antler_projections::views::usage::UsageViews;
use anyhow::{Context as _, bail, ensure};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Course;
use super::clock::RuntimeClock;
use super::log::UnreliableLog;
use super::senders::{BATCH_BYTES_MAX, Notes, Sender, Told};
use super::watchers::{Watched, Watcher};
use super::work::Workshop;
use crate::world::{Fault, Faults, Rng, SimulatedLog};

/// When faults have stopped, projections have everything after this time.
const CATCH_UP_MAX: Duration = Duration::from_secs(60);
/// A tenant that failed is well again after this time.
const WELL_AFTER_MAX: Duration = Duration::from_secs(60);
/// The slowest watcher takes up to 3.5 s for a line, and a flood has some hundreds of them.
const TOLD_AFTER_MAX: Duration = Duration::from_secs(3_600);
const SENDERS_MAX: u64 = 6;

/// How a life ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// All is written and projected.
    Quiet,
    /// Somebody stops the program while senders are at work.
    Stop,
    Crash,
}

/// A system that runs.
struct Life {
    log: Arc<SimulatedLog>,
    system: Arc<System>,
    requests: Requests,
    clock: Arc<dyn Clock>,
    notes: Arc<Notes>,
    watched: Vec<Arc<Watched>>,
    faults: Arc<Faults>,
    limits: SystemLimits,
    senders: usize,
    workshop: Workshop,
}

impl Course<'_> {
    pub(super) fn live(&mut self) -> anyhow::Result<()> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
        let notes = Arc::<Notes>::default();
        let end = *self.world.rng.pick(&[End::Quiet, End::Quiet, End::Stop, End::Crash]);
        let lived = runtime.block_on(self.run_to(end, &notes));
        drop(runtime);
        let sent = notes.sent();
        for sent in &sent {
            let text = String::from_utf8_lossy(&sent.text[..sent.text.len().min(40)]);
            self.world.trace.note(format_args!("{} {text}: {:?}", sent.tenant, sent.told));
        }
        for order in self.orders.told() {
            self.world.trace.note(format_args!("{order}"));
        }
        self.world.trace.note(format_args!("the life has ended: {end:?}"));
        lived?;
        match end {
            End::Quiet => {
                let is_settled = self.ledgers.iter().all(|ledger| ledger.is_settled());
                ensure!(is_settled, "a stop left what projections took unsettled");
                super::usage::check(&*self.views, &self.log)?;
            }
            End::Stop => ensure!(
                sent.iter().all(|sent| sent.told != Told::Unknown),
                "a stop left somebody without an answer"
            ),
            End::Crash => {
                self.world.faults.count(Fault::ProcessKilled);
                self.ledgers.iter().for_each(|ledger| ledger.crash());
                if self.world.rng.chance(500) {
                    self.views = Arc::new(MemoryViews::new());
                }
            }
        }
        self.model.lives.push(sent);
        Ok(())
    }

    async fn run_to(&mut self, end: End, notes: &Arc<Notes>) -> anyhow::Result<()> {
        let mut life = self.begin(end, notes).await?;
        let mut watchers = self.watchers(&mut life);
        let mut senders = self.senders(&life);
        let mut work = self.work(&life);
        match end {
            End::Quiet => {
                life.watch(&mut senders).await?;
                while work.join_next().await.transpose()?.is_some() {}
                if self.world.rng.chance(150) {
                    life.torment(bad()).await?;
                }
                life.faults.disarm_all();
                life.workshop.finish().await?;
                life.settle().await?;
                if life.has_room_for_flood() {
                    life.flood().await?;
                    life.settle().await?;
                } else if self.world.rng.chance(100) {
                    life.overload().await?;
                    life.settle().await?;
                }
                life.wait_for_watchers().await?;
                watchers.abort_all();
                life.system.stop().await;
            }
            End::Stop => {
                sleep(Duration::from_millis(self.world.rng.below(3_000))).await;
                life.system.stop().await;
                life.watch(&mut senders).await?;
            }
            End::Crash => sleep(Duration::from_millis(self.world.rng.below(5_000))).await,
        }
        self.world.faults.disarm_all();
        life.watched.iter().try_for_each(|watched| watched.check(&self.log, false))
    }

    async fn begin(&mut self, end: End, notes: &Arc<Notes>) -> anyhow::Result<Life> {
        let rng = &mut self.world.rng;
        let limits = limits(rng);
        let (faults, senders) = (Arc::clone(&self.world.faults), rng.between(1, SENDERS_MAX + 1) as usize);
        let is_quick = end == End::Stop || limits.tenant_bytes_max > FLOOD_ROOM;
        let delay_max = Duration::from_millis(if is_quick { 50 } else { 2_000 });
        let log =
            UnreliableLog { log: Arc::clone(&self.log), faults: Arc::clone(&faults), bad: bad(), delay_max };
        let clock: Arc<dyn Clock> = Arc::new(RuntimeClock::new(Arc::clone(&self.world.clock)));
        let tails = Tails::new(&log, tail_bounds(rng))?;
        let live =
            LiveProjection::new(Arc::clone(&tails), Arc::default(), Arc::clone(&clock), log.partitions());
        let as_projection = |ledger: &Arc<super::Ledger>| Arc::clone(ledger) as Arc<dyn Projection>;
        let mut projections: Vec<Arc<dyn Projection>> = self.ledgers.iter().map(as_projection).collect();
        let store = || Arc::clone(&self.views);
        let usage = Usage::open(UsageViews::new(store()), Arc::clone(&clock), log.partitions()).await?;
        let quotas =
            Quotas::new(Arc::new(usage), ControlViews::new(store()), Arc::clone(&clock), warnings().0);
        let (quotas, views) = (Arc::new(quotas), ArrivalViews::new(store()));
        let arrivals = ArrivalsProjection::open(views.clone(), Arc::clone(&quotas), &log).await?;
        let arrivals = Arc::new(arrivals);
        let name_of_arrivals = arrivals.name();
        projections.extend([Arc::new(live) as Arc<dyn Projection>, arrivals]);
        let log: Arc<dyn EventLog> = Arc::new(log);
        let parts = SystemParts {
            clock: Arc::clone(&clock),
            placement: Placement::new(log.partitions())?,
            log: Arc::clone(&log),
            limits,
            supervision: Supervision::default(),
            projections,
            upkeep: None,
            tails,
            quotas,
            planted: self.planted,
        };
        let system = Arc::new(System::start(parts).await?);
        let fed = system.projections().iter().find(|projection| projection.name == name_of_arrivals);
        let progress = Arc::clone(&fed.context("it was given to the system")?.progress);
        let requests = Requests::new(views, progress, Arc::clone(&clock), log)?;
        self.arm(end);
        let workshop = Workshop {
            system: Arc::clone(&system),
            requests: requests.clone(),
            faults: Arc::clone(&faults),
            orders: Arc::clone(&self.orders),
            per_tenant_max: limits.jobs_per_tenant_max,
            jobs_max: limits.jobs_max,
        };
        Ok(Life {
            log: Arc::clone(&self.log),
            system,
            requests,
            clock,
            notes: Arc::clone(notes),
            watched: Vec::new(),
            faults,
            limits,
            senders,
            workshop,
        })
    }

    /// A stop is only held to leave nobody in doubt where the log itself does not.
    fn arm(&mut self, end: End) {
        let may_doubt = end != End::Stop;
        let faults = [
            (Fault::FailedBeforeCommit, 100, may_doubt),
            (Fault::LostAck, 100, may_doubt),
            (Fault::ActorPanic, 300, may_doubt),
            (Fault::JobPanic, 100, true),
            (Fault::Delay, 500, true),
            (Fault::DiskFull, 100, true),
            (Fault::ReadError, 200, true),
            (Fault::ProjectionError, 300, true),
            (Fault::ProjectionFull, 200, true),
            (Fault::EventRefused, 100, true),
            (Fault::PoisonEvent, 50, true),
        ];
        for (fault, per_mille, is_allowed) in faults {
            let strikes = is_allowed && self.world.rng.chance(500);
            self.world.faults.arm(fault, if strikes { per_mille } else { 0 });
        }
    }

    fn watchers(&mut self, life: &mut Life) -> JoinSet<()> {
        let mut watchers = JoinSet::new();
        for _ in 0..self.world.rng.below(3) {
            let (watcher, watched) = Watcher::new(good(self.world.rng.below(2)), &mut self.world.rng);
            life.watched.push(watched);
            watchers.spawn(watcher.watch(Arc::clone(&life.system)));
        }
        watchers
    }

    fn work(&mut self, life: &Life) -> JoinSet<()> {
        let (mut work, rng) = (JoinSet::new(), self.world.rng.fork());
        let (log, now) = (Arc::clone(&self.log), life.clock.now());
        work.spawn(life.workshop.clone().run(rng, [good(0), good(1)], log, now));
        work
    }

    fn senders(&mut self, life: &Life) -> JoinSet<()> {
        let (mut senders, number_of_life) = (JoinSet::new(), self.model.lives.len());
        for number in 0..life.senders {
            let rng = &mut self.world.rng;
            let (count, pause_max) = (rng.between(1, 12), *rng.pick(&[0, 100, 1_000, 40_000]));
            let sender = Sender {
                number,
                tenant: if rng.chance(200) { bad() } else { good(rng.below(3)) },
                rng: rng.fork(),
                faults: Arc::clone(&life.faults),
                notes: Arc::clone(&life.notes),
                system: Arc::clone(&life.system),
                requests: life.requests.clone(),
                clock: Arc::clone(&life.clock),
            };
            senders.spawn(sender.send(number_of_life, count, Duration::from_millis(pause_max)));
        }
        senders
    }
}

impl Life {
    /// Waits for all senders and looks at what is held meanwhile.
    async fn watch(&self, senders: &mut JoinSet<()>) -> anyhow::Result<()> {
        loop {
            match timeout(Duration::from_millis(20), senders.join_next()).await {
                Ok(None) => return Ok(()),
                Ok(Some(ended)) => ended?,
                Err(_) => self.check_bounds()?,
            }
        }
    }

    /// A sender may have made a batch that nobody has taken yet.
    fn check_bounds(&self) -> anyhow::Result<()> {
        let slack = self.senders * 4 * BATCH_BYTES_MAX;
        let (held, most) = (self.notes.bytes_held(None), self.limits.bytes_max as usize);
        ensure!(held <= most + slack, "{held} bytes are held, and {most} may be");
        for tenant in [bad(), good(0), good(1), good(2)] {
            let (held, most) = (self.notes.bytes_held(Some(tenant)), self.limits.tenant_bytes_max as usize);
            ensure!(held <= most + slack, "{held} bytes of {tenant} are held, and {most} may be");
        }
        Ok(())
    }

    /// With all faults gone everybody is well again, projections catch up, and nothing is held.
    async fn settle(&self) -> anyhow::Result<()> {
        for tenant in [good(0), good(1), good(2), bad()] {
            self.recover(tenant).await.with_context(|| format!("tenant {tenant}"))?;
        }
        for projection in self.system.projections() {
            for (number, _) in projection.figures.iter().enumerate() {
                let partition = PartitionId::new(number as u16);
                let end = self.log.bounds(partition)?.next.before();
                let reached = projection.progress.reached(partition, end);
                let caught_up = timeout(CATCH_UP_MAX, reached).await;
                caught_up.with_context(|| format!("{} has not caught up", projection.name))?;
            }
        }
        let held = || (self.system.bytes_held(), self.system.waiting(), self.notes.bytes_held(None));
        let given_back = async {
            while held() != (0, 0, 0) {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let (lent, waiting, kept) = match timeout(CATCH_UP_MAX, given_back).await {
            Ok(()) => return Ok(()),
            Err(_) => held(),
        };
        bail!("all is quiet: {lent} bytes of credit are out, {waiting} batches wait, {kept} bytes are kept")
    }

    /// In quiet even the slowest watcher is told everything.
    async fn wait_for_watchers(&self) -> anyhow::Result<()> {
        let check = || self.watched.iter().try_for_each(|watched| watched.check(&self.log, true));
        for _ in 0..TOLD_AFTER_MAX.as_secs() {
            if check().is_ok() {
                return Ok(());
            }
            sleep(Duration::from_secs(1)).await;
        }
        check()
    }

    /// Sends until it is taken; a parked tenant is revived.
    async fn recover(&self, tenant: TenantId) -> anyhow::Result<()> {
        let recovered = async {
            loop {
                match self.system.ingest(tenant, vec![line()], Arc::default()).await {
                    Ok(_) => return Ok(()),
                    Err(IngestError::Parked(parked)) if tenant != bad() => bail!("{parked}"),
                    Err(IngestError::Parked(_)) => drop(self.system.revive(tenant).await),
                    Err(IngestError::Stopping) => bail!("the system has stopped"),
                    Err(_) => {}
                }
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(WELL_AFTER_MAX, recovered).await.context("it does not become well")?
    }

    /// A tenant that fails each time is parked in the end, and nobody else feels it.
    async fn torment(&self, tenant: TenantId) -> anyhow::Result<()> {
        self.faults.disarm_all();
        self.faults.arm(Fault::ActorPanic, 1_000);
        for _ in 0..400 {
            if let Err(IngestError::Parked(_)) =
                self.system.ingest(tenant, vec![line()], Arc::default()).await
            {
                let report =
                    self.system.report(Depth::Everything).await.context("the platform does not answer")?;
                ensure!(
                    report.parked.iter().any(|parked| parked.tenant == tenant),
                    "it is not in the report"
                );
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
            let taken = self.system.ingest(good(0), vec![line()], Arc::default()).await;
            taken.context("another tenant feels it")?;
        }
        bail!("a tenant that always fails is not parked")
    }

    /// Whoever sends one batch waits behind a part of a flood, not behind all of it.
    async fn flood(&self) -> anyhow::Result<()> {
        self.faults.arm(Fault::Delay, 1_000);
        let mut flood = JoinSet::new();
        for _ in 0..FLOOD_BATCHES {
            let system = Arc::clone(&self.system);
            flood.spawn(async move { system.ingest(good(0), vec![large()], Arc::default()).await });
        }
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        let quiet = self.system.ingest(good(1), vec![line()], Arc::default());
        let taken = timeout(CATCH_UP_MAX, quiet).await;
        taken.context("a flood keeps another from being heard")?.context("a flood has another refused")?;
        let left = self.system.waiting();
        while let Some(ended) = flood.join_next().await {
            ended?.context("a flood within the limits is refused")?;
        }
        self.faults.disarm_all();
        ensure!(
            left >= FLOOD_BATCHES / 4,
            "a single batch waited until only {left} batches of a flood waited"
        );
        Ok(())
    }

    /// Of more than a tenant may have under way a part is taken, and the rest is refused with the reason.
    async fn overload(&self) -> anyhow::Result<()> {
        self.faults.arm(Fault::Delay, 1_000);
        let mut sending = JoinSet::new();
        for _ in 0..FLOOD_BATCHES {
            let system = Arc::clone(&self.system);
            sending.spawn(async move { system.ingest(good(2), vec![large()], Arc::default()).await });
        }
        let (mut taken, mut refused) = (0, 0);
        while let Some(answer) = sending.join_next().await {
            match answer? {
                Ok(_) => taken += 1,
                Err(IngestError::TenantBusy { .. } | IngestError::ServerBusy { .. }) => refused += 1,
                // The last of many that a slow log writes one by one.
                Err(IngestError::Unknown) => {}
                Err(error) => bail!("an overloaded tenant is told: {error}"),
            }
        }
        self.faults.disarm_all();
        ensure!(taken > 0 && refused > 0, "of an overload {taken} batches were taken and {refused} refused");
        Ok(())
    }

    fn has_room_for_flood(&self) -> bool {
        self.limits.tenant_bytes_max > FLOOD_ROOM
    }
}

/// Now and then there is room for a flood, and little is written at once.
fn limits(rng: &mut Rng) -> SystemLimits {
    if rng.chance(100) {
        return SystemLimits {
            tenant_bytes_max: 2 * FLOOD_ROOM,
            bytes_max: 3 * FLOOD_ROOM,
            writing_bytes_max: 20_000,
            handover_bytes_max: 0,
            jobs_max: 4,
            jobs_per_tenant_max: 2,
        };
    }
    SystemLimits {
        tenant_bytes_max: rng.between(40_000, 200_000) as u32,
        bytes_max: rng.between(100_000, 400_000) as u32,
        writing_bytes_max: rng.between(1_000, 100_000),
        handover_bytes_max: rng.below(60_000) as usize,
        jobs_max: 4,
        jobs_per_tenant_max: 2,
    }
}

fn tail_bounds(rng: &mut Rng) -> TailBounds {
    TailBounds {
        tails_max: 3,
        inbox_bytes_max: *rng.pick(&[1_000, 20_000, 1 << 20]),
        waiting_bytes_max: *rng.pick(&[1_000, 1 << 20]),
        linger: Duration::from_millis(*rng.pick(&[0, 0, 5])),
        frames: FrameBounds { lines_max: rng.between(1, 10) as usize, bytes_max: 4_000 },
        lines: LineLimits::default(),
    }
}

/// So many batches are a flood: in one round a tenant gets half of them written.
const FLOOD_BATCHES: usize = 64;
const FLOOD_ROOM: u32 = 2_000_000;

/// Whose appends panic.
fn bad() -> TenantId {
    TenantId::parse("bad").expect("a good name")
}

fn good(number: u64) -> TenantId {
    TenantId::parse(["acme", "bolt", "crux"][number as usize]).expect("a good name")
}

fn line() -> Arc<LineBatch> {
    batch("short")
}

fn large() -> Arc<LineBatch> {
    batch(&"x".repeat(8_000))
}

fn batch(text: &str) -> Arc<LineBatch> {
    let mut builder = LineBatchBuilder::new(LineLimits::default(), Timestamp::from_nanos(0));
    builder.push_plain(text.as_bytes()).expect("it is shorter than a line may be");
    Arc::new(builder.finish())
}
