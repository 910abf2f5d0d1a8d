//! The system of one life, made of the same parts as the program: log, index, views, upkeep, accounts and erasures.
//!
//! Invariant: what outlives it is given to it, and nothing else does. It takes no files in and signs nothing that anybody
//! proves.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use antler_actors::accounts::{Accounts, USUAL_LIMITS};
use antler_actors::calls::Calls;
use antler_actors::erasure::{ErasureFacts, Erasures, Notary};
use antler_actors::key_use::KeyUse;
use antler_actors::live::frame::FrameBounds;
use antler_actors::live::inbox::{TailBounds, Tails};
use antler_actors::notes::Notes;
use antler_actors::projector::Projection;
use antler_actors::projector::arrivals::{ArrivalsProjection, NAME as ARRIVALS};
use antler_actors::projector::index::IndexProjection;
use antler_actors::projector::views::{NAME as VIEWS, ViewsProjection};
use antler_actors::quotas::Quotas;
use antler_actors::requests::Requests;
use antler_actors::search_history::{HistoryParts, SearchHistory};
use antler_actors::supervision::Supervision;
use antler_actors::system::{System, SystemLimits, SystemParts};
use antler_actors::upkeep::UpkeepArguments;
use antler_actors::upkeep::schedule::Schedule;
use antler_actors::uploads::reader::{ReadBatch, ReadFailure, ReadRequest, UploadReader};
use antler_actors::uploads::{UploadNow, UploadParts, UploadWatcher, Uploads};
use antler_actors::usage::Usage;
use antler_actors::warnings::warnings;
use antler_config::limits::{LineLimits, SearchesLimits, UploadLimits};
use antler_events::clock::Clock;
use antler_events::event::tenant::TenantErased;
use antler_events::event::upload::Upload;
use antler_events::files::FileSystem;
use antler_events::ids::{TenantId, UploadId};
use antler_events::log::EventLog;
use antler_events::placement::Placement;
use antler_events::randomness::{Randomness, RandomnessError};
use antler_projections::index::columns::adapter::ColumnIndex;
use antler_projections::index::columns::store::{ColumnStore, Finding, StoreOptions};
use antler_projections::index::port::{InlineWorkers, SearchIndex};
use antler_projections::views::arrivals::ArrivalViews;
use antler_projections::views::calls::CallViews;
use antler_projections::views::control::ControlViews;
use antler_projections::views::port::ViewStore;
use antler_projections::views::usage::UsageViews;
use anyhow::{Context as _, ensure};
use tokio::sync::Notify;

use super::Course;
use crate::scenario::actors::clock::RuntimeClock;
use crate::scenario::actors::log::UnreliableLog;
use crate::world::Rng;

/// The log takes no longer for one thing.
const DELAY_MAX: Duration = Duration::from_millis(300);

/// A system that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) system: Arc<System>,
    pub(super) accounts: Accounts,
    pub(super) erasures: Arc<Erasures>,
    pub(super) index: Arc<dyn SearchIndex>,
    pub(super) schedule: Arc<Schedule>,
    pub(super) clock: Arc<dyn Clock>,
}

/// What follows the log and is asked.
struct Stored {
    index: Arc<dyn SearchIndex>,
    views: ControlViews,
    arrivals: ArrivalViews,
    quotas: Arc<Quotas>,
    calls: Arc<Calls>,
}

impl Course<'_> {
    pub(super) async fn begin(&mut self) -> anyhow::Result<Running> {
        let clock: Arc<dyn Clock> = Arc::new(RuntimeClock::new(Arc::clone(&self.world.clock)));
        let log: Arc<dyn EventLog> = Arc::new(UnreliableLog {
            log: Arc::clone(&self.log),
            faults: Arc::clone(&self.world.faults),
            bad: TenantId::parse("nobody").expect("a good name"),
            delay_max: DELAY_MAX,
        });
        let stored = Stored::open(self.open_index(&clock)?, &self.views, &clock, log.partitions()).await?;
        let due = Arc::<Notify>::default();
        let schedule = Arc::new(Schedule::new(Arc::clone(&clock), Arc::clone(&due)));
        let parts = SystemParts {
            clock: Arc::clone(&clock),
            placement: Placement::new(log.partitions())?,
            limits: LIMITS,
            supervision: Supervision::default(),
            projections: stored.projections(&log, &due).await?,
            upkeep: Some(UpkeepArguments {
                clock: Arc::clone(&clock),
                log: Arc::clone(&log),
                index: Arc::clone(&stored.index),
                due,
                keep_lines_for: Duration::from_secs(*self.world.rng.pick(&[0, 5, 86_400])),
                cold_share_percent: 20,
                views: stored.views.clone(),
                calls: Arc::clone(&stored.calls),
                exports: Arc::clone(&self.shelf) as _,
                schedule: Arc::clone(&schedule),
            }),
            tails: Tails::new(&*log, tail_bounds())?,
            quotas: Arc::clone(&stored.quotas),
            planted: self.planted,
            log: Arc::clone(&log),
        };
        let system = Arc::new(System::start(parts).await?);
        let accounts = accounts(&system, &stored, (&log, &clock), self.world.rng.fork())?;
        let erasures = self.erasures(&system, &stored, &accounts)?;
        Ok(Running { system, accounts, erasures: Arc::new(erasures), index: stored.index, schedule, clock })
    }

    /// Small enough that a short life seals and merges.
    fn open_index(&mut self, clock: &Arc<dyn Clock>) -> anyhow::Result<Arc<dyn SearchIndex>> {
        let rng = &mut self.world.rng;
        let options = StoreOptions {
            rows_max: rng.between(20, 100) as u32,
            open_for_max: Duration::from_secs(rng.between(1, 30)),
            level: -100,
            cold_level: -50,
            ..StoreOptions::new(PathBuf::from("data/index"))
        };
        let files: Arc<dyn FileSystem> = Arc::clone(&self.world.files) as _;
        let opened = ColumnStore::open(&files, options)?;
        let is_harmless = |finding: &Finding| matches!(finding, Finding::Leftover { .. });
        let damage = opened.findings.iter().find(|finding| !is_harmless(finding));
        ensure!(damage.is_none(), "nothing was damaged, and the index reports: {damage:?}");
        Ok(Arc::new(ColumnIndex::new(opened.store, Arc::clone(clock), Arc::new(InlineWorkers))))
    }

    fn erasures(
        &self,
        system: &Arc<System>,
        stored: &Stored,
        accounts: &Accounts,
    ) -> anyhow::Result<Erasures> {
        let (clock, log) = (Arc::clone(&accounts.clock), Arc::clone(&accounts.log));
        let fed = system.projections().iter().find(|projection| projection.name == ARRIVALS);
        let progress = Arc::clone(&fed.context("it was given to the system")?.progress);
        let notes = Notes {
            log: Arc::clone(&log),
            progress: Arc::clone(&progress),
            placement: Arc::clone(&accounts.placement),
            clock: Arc::clone(&clock),
        };
        let uploads = UploadParts {
            system: Arc::clone(system),
            accounts: accounts.clone(),
            requests: Requests::new(stored.arrivals.clone(), progress, clock, log)?,
            reader: Arc::new(NoUploads),
            workers: Arc::new(InlineWorkers),
            watcher: Arc::new(NoUploads),
            limits: UploadLimits::default(),
        };
        let (views, limits) = (stored.arrivals.clone(), SearchesLimits::default());
        Ok(Erasures {
            system: Arc::clone(system),
            uploads: Arc::new(Uploads::new(uploads)),
            index: Arc::clone(&stored.index),
            arrivals: stored.arrivals.clone(),
            history: SearchHistory::new(HistoryParts { notes: notes.clone(), views, limits }),
            notes,
            key_use: Arc::new(KeyUse::new(stored.arrivals.clone())),
            files: Arc::clone(&self.shelf) as _,
            notary: Arc::new(PlainNotary),
        })
    }
}

impl Stored {
    async fn open(
        index: Arc<dyn SearchIndex>,
        store: &Arc<dyn ViewStore>,
        clock: &Arc<dyn Clock>,
        partitions: u16,
    ) -> anyhow::Result<Self> {
        let store = || Arc::clone(store);
        let (views, warnings) = (ControlViews::new(store()), warnings().0);
        let usage = Usage::open(UsageViews::new(store()), Arc::clone(clock), partitions).await?;
        let quotas = Quotas::new(Arc::new(usage), views.clone(), Arc::clone(clock), warnings.clone());
        quotas.look_again().await?;
        let calls = Calls::open(CallViews::new(store()), views.clone(), Arc::clone(clock), warnings).await?;
        let arrivals = ArrivalViews::new(store());
        Ok(Self { index, views, arrivals, quotas: Arc::new(quotas), calls: Arc::new(calls) })
    }

    async fn projections(
        &self,
        log: &Arc<dyn EventLog>,
        due: &Arc<Notify>,
    ) -> anyhow::Result<Vec<Arc<dyn Projection>>> {
        let Self { index, views, arrivals, quotas, .. } = self;
        let index = IndexProjection::new(Arc::clone(index), LineLimits::default(), Arc::clone(due));
        let views = ViewsProjection::open(views.clone(), log.partitions()).await?;
        let arrivals = ArrivalsProjection::open(arrivals.clone(), Arc::clone(quotas), &**log).await?;
        Ok(vec![Arc::new(index), Arc::new(views), Arc::new(arrivals)])
    }
}

fn accounts(
    system: &System,
    stored: &Stored,
    (log, clock): (&Arc<dyn EventLog>, &Arc<dyn Clock>),
    rng: Rng,
) -> anyhow::Result<Accounts> {
    let fed = system.projections().iter().find(|projection| projection.name == VIEWS);
    Ok(Accounts {
        log: Arc::clone(log),
        views: stored.views.clone(),
        progress: Arc::clone(&fed.context("it was given to the system")?.progress),
        placement: Arc::new(Placement::new(log.partitions())?),
        clock: Arc::clone(clock),
        randomness: Arc::new(Drawn(Mutex::new(rng))),
        limits: USUAL_LIMITS,
    })
}

/// More than a world ever has under way.
const LIMITS: SystemLimits = SystemLimits {
    tenant_bytes_max: 1 << 20,
    bytes_max: 4 << 20,
    writing_bytes_max: 1 << 20,
    handover_bytes_max: 4_000,
    jobs_max: 2,
    jobs_per_tenant_max: 1,
};

fn tail_bounds() -> TailBounds {
    TailBounds {
        tails_max: 1,
        inbox_bytes_max: 1_000,
        waiting_bytes_max: 1_000,
        linger: Duration::ZERO,
        frames: FrameBounds { lines_max: 1, bytes_max: 1_000 },
        lines: LineLimits::default(),
    }
}

/// No tenant of these worlds sends files to be read: they only have files that go.
#[derive(Debug)]
struct NoUploads;

impl UploadReader for NoUploads {
    fn read(&self, request: &ReadRequest, _: &mut dyn FnMut(ReadBatch) -> bool) -> Result<(), ReadFailure> {
        let message = format!("nobody sent the file {}", request.upload);
        Err(ReadFailure { code: "internal", message, passes: false })
    }
}

impl UploadWatcher for NoUploads {
    fn told(&self, _: TenantId, _: UploadId, _: &Upload, _: &UploadNow) {}
}

/// Writes receipts without a seal.
#[derive(Debug)]
struct PlainNotary;

impl Notary for PlainNotary {
    fn sign(&self, tenant: TenantId, facts: &ErasureFacts) -> TenantErased {
        let receipt = format!("{tenant} was erased at {}", facts.finished_at);
        TenantErased { receipt, key: [0; 32], signature: Vec::new() }
    }
}

/// Ids that the seed decides.
#[derive(Debug)]
struct Drawn(Mutex<Rng>);

impl Randomness for Drawn {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessError> {
        self.0.lock().expect("nothing panics while it draws").fill(bytes);
        Ok(())
    }
}
