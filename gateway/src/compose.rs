//! Where ports meet their adapters: the only place that chooses them.
//!
//! Invariant: what is returned runs; a failure leaves no thread behind. It does not decide when to stop.

mod bounds;
mod error;
mod opened;
mod tenants;

use std::sync::Arc;

use antler_actors::accounts::{Accounts, USUAL_LIMITS};
use antler_actors::calls::Calls;
use antler_actors::erasure::Erasures;
use antler_actors::key_use::{KeyUse, KeyUseWriter};
use antler_actors::live::budget::ReaderBudget;
use antler_actors::live::inbox::Tails;
use antler_actors::live::projection::LiveProjection;
use antler_actors::notes::Notes;
use antler_actors::planted::Planted;
use antler_actors::progress::Progress;
use antler_actors::projector::Projection;
use antler_actors::projector::arrivals::{self, ArrivalsProjection};
use antler_actors::projector::index::IndexProjection;
use antler_actors::projector::views::{self, ViewsProjection};
use antler_actors::quotas::Quotas;
use antler_actors::requests::Requests;
use antler_actors::search_history::{HistoryParts, SearchHistory};
use antler_actors::stream_counter::{CounterParts, StreamCounter};
use antler_actors::supervision::Supervision;
use antler_actors::system::{System, SystemParts};
use antler_actors::upkeep::UpkeepArguments;
use antler_actors::upkeep::schedule::Schedule;
use antler_actors::uploads::{UploadParts, Uploads};
use antler_actors::usage::Usage;
use antler_actors::warnings::{Raised, WarningParts, WarningTeller, warnings};
use antler_actors::workers::WorkerThreads;
use antler_config::Config;
use antler_config::limits::LineLimits;
use antler_events::clock::Clock;
use antler_events::files::{FileSystem, RealFiles};
use antler_events::line::KnownNames;
use antler_events::log::EventLog;
use antler_events::placement::Placement;
use antler_events::randomness::{Randomness, SystemRandomness};
use antler_projections::cache::memory::MemoryCache;
use antler_projections::index::columns::adapter::ColumnIndex;
use antler_projections::index::columns::store::{ColumnStore, StoreOptions};
use antler_projections::index::hiding::{Hidden, HidingIndex};
use antler_projections::index::port::{Bounds, SearchIndex, Workers};
use antler_projections::live::LiveCounters;
use antler_projections::views::arrivals::ArrivalViews;
use antler_projections::views::calls::CallViews;
use antler_projections::views::control::ControlViews;
use antler_projections::views::port::{ViewError, ViewStore};
use antler_projections::views::redb::RedbViews;
use antler_projections::views::usage::UsageViews;
use tokio::sync::Notify;

use self::bounds::{system_limits, tail_bounds};
pub use self::error::ComposeError;
pub use self::opened::{RunningLog, open_log};
use self::tenants::{archive_store, archives, erasures};
use crate::allocator::Frugality;
use crate::archive::store::ArchiveStore;
use crate::archive::{Archives, Exports};
use crate::credentials::token_key::TokenKey;
use crate::data_folder::DataFolder;
use crate::http::auth::Gate;
use crate::http::logs::IngestState;
use crate::http::origins::Origins;
use crate::http::rates::Rates;
use crate::http::uploads::UploadsState;
use crate::http::uploads::told::UploadNotes;
use crate::ingest::body::Bodies;
use crate::ingest::intake::Intake;
use crate::mail;
use crate::socket::Sockets;
use crate::socket::hub::WarningNotes;
use crate::socket::open::OpenSockets;
use crate::upload::reader::FileReader;
use crate::upload::store::UploadStore;

/// All that runs beside the event log.
#[derive(Debug)]
pub struct Program {
    pub system: Arc<System>,
    pub index: Arc<dyn SearchIndex>,
    pub gate: Arc<Gate>,
    pub ingest: IngestState,
    /// For listeners that take nothing but lines.
    pub intake: Arc<Intake>,
    pub arrivals: ArrivalViews,
    pub sockets: Arc<Sockets>,
    pub history: SearchHistory,
    pub notes: Notes,
    pub key_use: KeyUseWriter,
    pub uploads: UploadsState,
    /// Of upkeep.
    pub schedule: Arc<Schedule>,
    pub erasures: Arc<Erasures>,
    pub archives: Arc<Archives>,
    pub streams: StreamCounter,
    warnings: WarningTeller,
    /// Of questions, of changes, and of uploads.
    workers: [Arc<WorkerThreads>; 3],
}

impl Program {
    /// Puts everything together on a log that runs. `site` is what links to the server begin with.
    pub async fn start(
        folder: &DataFolder,
        (config, site): (&Config, &str),
        log: Arc<dyn EventLog>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ComposeError> {
        let partitions = log.partitions();
        let questions = threads("question", usize::from(cores()))?;
        let changes = threads("change", usize::from(partitions) + 1)?;
        let hidden = Arc::<Hidden>::default();
        let index = open_index(folder, config, &clock, [&questions, &changes], &hidden)?;
        let (store, exported) = (open_views(folder, &changes)?, archive_store(folder)?);
        let Kept { views, arrivals, quotas, calls, raised } = kept(store, &clock, partitions).await?;
        let due = Arc::<Notify>::default();
        let schedule = Arc::new(Schedule::new(Arc::clone(&clock), Arc::clone(&due)));
        let (limits, placement) = (LineLimits::default(), Placement::new(partitions)?);
        let tails =
            Tails::new(&*log, tail_bounds(&config.limits.live, &limits)).map_err(ComposeError::Tails)?;
        let (counters, budget) = (Arc::<LiveCounters>::default(), Arc::clone(&tails.budget));
        let (stored, live) = ((&index, &views, &arrivals), (&tails, &counters, &clock));
        let projections = projections(&*log, stored, live, (&limits, &quotas, &due)).await?;
        let parts = SystemParts {
            clock: Arc::clone(&clock),
            log: Arc::clone(&log),
            placement: placement.clone(),
            limits: system_limits(&config.limits.ingest, &config.limits.upload),
            supervision: Supervision::default(),
            projections,
            upkeep: Some(upkeep(config, (&log, &index, &views, &exported), (due, &schedule), &calls, &clock)),
            tails,
            quotas,
            planted: Planted::None,
        };
        let system = Arc::new(System::start(parts).await?);
        let (progress, arrived) = (progress_of(&system, views::NAME), progress_of(&system, arrivals::NAME));
        let requests = Requests::new(arrivals.clone(), arrived, Arc::clone(&clock), Arc::clone(&log))?;
        let controlled = Controlled { log, views, progress, placement, calls, clock: Arc::clone(&clock) };
        let log_of_archives = Arc::clone(&controlled.log);
        let gate = Arc::new(gate(folder, (config, site), controlled, (&system, &arrivals))?);
        let watched =
            Watched { gate: &gate, system: &system, index: &index, counters, budget, clock: &clock };
        let sockets = Arc::new(sockets(config, watched));
        let bodies = Bodies::new(config.limits.ingest.clone());
        let (system_of_ingest, names) = (Arc::clone(&system), Arc::new(KnownNames::new(limits)));
        let ingest = IngestState { system: system_of_ingest, requests, bodies, clock, names };
        let reading = threads("upload", config.limits.upload.jobs_max as usize)?;
        let uploads = uploads(folder, config, (&gate, &ingest, &sockets, &reading), hidden)?;
        let notes = notes(&gate.accounts, &system);
        let history = history(config, notes.clone(), &arrivals);
        let archives = archives(config, exported, (&index, &log_of_archives), (&ingest, &uploads));
        Ok(Self {
            erasures: erasures(folder, (&index, &arrivals, &history, &gate, &uploads), (&notes, &archives))?,
            archives,
            streams: counter(config, (&system, &index), &gate),
            warnings: teller(&gate, &sockets, raised),
            intake: Arc::new(Intake::new(Arc::clone(&gate), ingest.clone(), config.limits.ingest.clone())),
            history,
            key_use: KeyUseWriter::start(Arc::clone(&gate.key_use), notes.clone()),
            notes,
            system,
            index,
            gate,
            ingest,
            arrivals,
            sockets,
            uploads,
            schedule,
            workers: [questions, changes, reading],
        })
    }

    /// Waits until all that was in the log at the start can be found.
    pub async fn caught_up(&self) {
        for projection in self.system.projections() {
            self.system.settled_everywhere(projection.name).await;
        }
    }

    /// Ends what runs, in order: who writes, who follows, who works for them.
    pub async fn stop(&self) {
        self.history.stop().await;
        self.key_use.stop().await;
        self.streams.stop().await;
        self.warnings.stop().await;
        if let Some(post) = &self.gate.post {
            post.stop().await;
        }
        self.gate.failed_logins.stop().await;
        self.system.stop().await;
        if let Some(calls) = self.gate.rates.calls()
            && let Err(error) = calls.write().await
        {
            tracing::error!(%error, "calls of tenants of the last seconds are forgotten");
        }
        self.workers.iter().for_each(|workers| workers.stop());
    }
}

/// What stands in views, and who counts there.
struct Kept {
    views: ControlViews,
    arrivals: ArrivalViews,
    quotas: Arc<Quotas>,
    calls: Arc<Calls>,
    raised: Raised,
}

/// What commands about accounts work on.
struct Controlled {
    log: Arc<dyn EventLog>,
    views: ControlViews,
    progress: Arc<Progress>,
    placement: Placement,
    calls: Arc<Calls>,
    clock: Arc<dyn Clock>,
}

/// What sockets show.
struct Watched<'a> {
    gate: &'a Arc<Gate>,
    system: &'a Arc<System>,
    index: &'a Arc<dyn SearchIndex>,
    counters: Arc<LiveCounters>,
    budget: Arc<ReaderBudget>,
    clock: &'a Arc<dyn Clock>,
}

fn sockets(config: &Config, watched: Watched<'_>) -> Sockets {
    let Watched { gate, system, index, counters, budget, clock } = watched;
    let limits = config.limits.live.clone();
    Sockets {
        gate: Arc::clone(gate),
        system: Arc::clone(system),
        index: Arc::clone(index),
        placement: Arc::clone(&gate.accounts.placement),
        counters,
        budget,
        clock: Arc::clone(clock),
        open: OpenSockets::new(limits.sockets_max, limits.sockets_per_tenant_max),
        limits,
        search_limits: config.limits.search.clone(),
        hub: Arc::default(),
        audit: config.audit.clone(),
    }
}

/// Counts the streams of tenants.
fn counter(
    config: &Config,
    (system, index): (&Arc<System>, &Arc<dyn SearchIndex>),
    gate: &Gate,
) -> StreamCounter {
    let limits = &config.limits.search;
    let bounds = Bounds { time: limits.time_max, memory_bytes: limits.memory_bytes_max.as_usize() };
    let (views, clock) = (gate.accounts.views.clone(), Arc::clone(&gate.accounts.clock));
    let (system, index) = (Arc::clone(system), Arc::clone(index));
    StreamCounter::start(CounterParts { system, index, views, clock, bounds })
}

/// Tells people when their tenant is near a limit.
fn teller(gate: &Gate, sockets: &Sockets, raised: Raised) -> WarningTeller {
    let watcher = Arc::new(WarningNotes(Arc::clone(&sockets.hub)));
    let parts = WarningParts { accounts: gate.accounts.clone(), post: gate.post.clone(), watcher };
    WarningTeller::start(parts, raised)
}

fn notes(accounts: &Accounts, system: &System) -> Notes {
    Notes {
        log: Arc::clone(&accounts.log),
        progress: progress_of(system, arrivals::NAME),
        placement: Arc::clone(&accounts.placement),
        clock: Arc::clone(&accounts.clock),
    }
}

fn history(config: &Config, notes: Notes, views: &ArrivalViews) -> SearchHistory {
    SearchHistory::new(HistoryParts { notes, views: views.clone(), limits: config.limits.searches.clone() })
}

fn uploads(
    folder: &DataFolder,
    config: &Config,
    (gate, ingest, sockets, reading): (&Gate, &IngestState, &Sockets, &Arc<WorkerThreads>),
    hidden: Arc<Hidden>,
) -> Result<UploadsState, ComposeError> {
    let store =
        UploadStore::open(Arc::new(RealFiles), folder.uploads_dir()).map_err(ComposeError::Uploads)?;
    let (store, limits) = (Arc::new(store), config.limits.upload.clone());
    let (names, clock) = (Arc::clone(&ingest.names), Arc::clone(&ingest.clock));
    let reader = FileReader {
        store: Arc::clone(&store),
        names: Arc::clone(&names),
        clock: Arc::clone(&clock),
        limits: limits.clone(),
        frugality: Frugality::default(),
    };
    let uploads = Uploads::new(UploadParts {
        system: Arc::clone(&ingest.system),
        accounts: gate.accounts.clone(),
        requests: ingest.requests.clone(),
        reader: Arc::new(reader),
        workers: as_workers(reading),
        watcher: Arc::new(UploadNotes(Arc::clone(&sockets.hub))),
        limits,
    });
    let ingest_limits = config.limits.ingest.clone();
    Ok(UploadsState {
        uploads: Arc::new(uploads),
        store,
        names,
        clock,
        ingest_limits,
        receiving: Arc::default(),
        hidden,
    })
}

/// What follows the log.
async fn projections(
    log: &dyn EventLog,
    (index, views, arrivals): (&Arc<dyn SearchIndex>, &ControlViews, &ArrivalViews),
    (tails, counters, clock): (&Arc<Tails>, &Arc<LiveCounters>, &Arc<dyn Clock>),
    (limits, quotas, due): (&LineLimits, &Arc<Quotas>, &Arc<Notify>),
) -> Result<Vec<Arc<dyn Projection>>, ComposeError> {
    let (tails, counters) = (Arc::clone(tails), Arc::clone(counters));
    Ok(vec![
        Arc::new(IndexProjection::new(Arc::clone(index), limits.clone(), Arc::clone(due))),
        Arc::new(ViewsProjection::open(views.clone(), log.partitions()).await?),
        Arc::new(ArrivalsProjection::open(arrivals.clone(), Arc::clone(quotas), log).await?),
        Arc::new(LiveProjection::new(tails, counters, Arc::clone(clock), log.partitions())),
    ])
}

async fn kept(store: Arc<dyn ViewStore>, clock: &Arc<dyn Clock>, partitions: u16) -> Result<Kept, ViewError> {
    let (views, arrivals) = (ControlViews::new(Arc::clone(&store)), ArrivalViews::new(Arc::clone(&store)));
    let usage = Usage::open(UsageViews::new(Arc::clone(&store)), Arc::clone(clock), partitions).await?;
    let (warnings, raised) = warnings();
    let quotas = Quotas::new(Arc::new(usage), views.clone(), Arc::clone(clock), warnings.clone());
    quotas.look_again().await?;
    let calls = Calls::open(CallViews::new(store), views.clone(), Arc::clone(clock), warnings).await?;
    Ok(Kept { views, arrivals, quotas: Arc::new(quotas), calls: Arc::new(calls), raised })
}

fn progress_of(system: &System, name: &str) -> Arc<Progress> {
    let running = system.projections().iter().find(|projection| projection.name == name);
    Arc::clone(&running.expect("it was started above").progress)
}

fn open_views(folder: &DataFolder, changes: &Arc<WorkerThreads>) -> Result<Arc<dyn ViewStore>, ComposeError> {
    Ok(Arc::new(RedbViews::open(&RealFiles, &folder.views_file(), as_workers(changes))?))
}

fn open_index(
    folder: &DataFolder,
    config: &Config,
    clock: &Arc<dyn Clock>,
    [questions, changes]: [&Arc<WorkerThreads>; 2],
    hidden: &Arc<Hidden>,
) -> Result<Arc<dyn SearchIndex>, ComposeError> {
    let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
    let opened = ColumnStore::open(&files, StoreOptions::with_settings(folder.index_dir(), &config.index))?;
    opened.findings.iter().for_each(|finding| tracing::error!(%finding, "the search index is damaged"));
    let index = ColumnIndex::new(opened.store, Arc::clone(clock), as_workers(questions));
    let index = Arc::new(index.changed_by(as_workers(changes)));
    Ok(Arc::new(HidingIndex::new(index, Arc::clone(hidden))))
}

fn threads(kind: &str, count: usize) -> Result<Arc<WorkerThreads>, ComposeError> {
    WorkerThreads::start(kind, count).map(Arc::new).map_err(ComposeError::Workers)
}

fn as_workers(threads: &Arc<WorkerThreads>) -> Arc<dyn Workers> {
    Arc::clone(threads) as Arc<dyn Workers>
}

fn gate(
    folder: &DataFolder,
    (config, site): (&Config, &str),
    with: Controlled,
    (system, arrivals): (&System, &ArrivalViews),
) -> Result<Gate, ComposeError> {
    let Controlled { log, views, progress, placement, calls, clock } = with;
    let randomness: Arc<dyn Randomness> = Arc::new(SystemRandomness);
    let key = TokenKey::open_or_create(&folder.credentials_dir(), &*randomness)?;
    let cache = Arc::new(MemoryCache::new(CACHE_BYTES_MAX, Arc::clone(&clock)));
    let accounts = Accounts {
        log,
        views,
        progress,
        placement: Arc::new(placement),
        clock,
        randomness,
        limits: USUAL_LIMITS,
    };
    let usage = Arc::clone(system.quotas().usage());
    let key_use = Arc::new(KeyUse::new(arrivals.clone()));
    let mut gate = Gate::new((accounts, usage, key_use), cache, &key, usize::from(cores()))?;
    let clock = Arc::clone(&gate.accounts.clock);
    gate.rates = Rates::new(&config.limits.rates, Some(calls), clock);
    gate.operator = config.listeners.operator_token.clone();
    gate.settings = config.accounts.clone();
    gate.origins = Arc::new(Origins::new(&config.server.cors_origins));
    gate.cookies.base = config.server.base_path.clone();
    gate.cookies.https_in_front = config.listeners.https_in_front;
    gate.site = site.to_owned();
    gate.post = mail::office(&config.mail, &gate.accounts, &gate.secrets, &gate.site)?;
    Ok(gate)
}

/// What the cache takes in memory.
const CACHE_BYTES_MAX: u64 = 16 << 20;

fn upkeep(
    config: &Config,
    (log, index, views, archives): (
        &Arc<dyn EventLog>,
        &Arc<dyn SearchIndex>,
        &ControlViews,
        &Arc<ArchiveStore>,
    ),
    (due, schedule): (Arc<Notify>, &Arc<Schedule>),
    calls: &Arc<Calls>,
    clock: &Arc<dyn Clock>,
) -> UpkeepArguments {
    UpkeepArguments {
        clock: Arc::clone(clock),
        log: Arc::clone(log),
        index: Arc::clone(index),
        due,
        keep_lines_for: config.storage.keep_lines_for,
        cold_share_percent: config.index.cold_share_percent,
        views: views.clone(),
        calls: Arc::clone(calls),
        exports: Arc::new(Exports {
            store: Arc::clone(archives),
            kept_for: config.limits.archives.exports_kept_for,
        }),
        schedule: Arc::clone(schedule),
    }
}

/// How many threads this process may run at once.
pub fn cores() -> u16 {
    std::thread::available_parallelism().map_or(1, |cores| u16::try_from(cores.get()).unwrap_or(u16::MAX))
}
