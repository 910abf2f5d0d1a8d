//! Histories over a real log in a temporary folder, with the projector that feeds their view.

use std::sync::Mutex;

use antler_events::clock::{Clock, Timestamp};
use antler_events::files::{FileSystem, RealFiles};
use antler_events::ids::PartitionId;
use antler_events::log::EventLog;
use antler_events::log::segment::{Opened, SegmentLog, SegmentOptions};
use antler_events::placement::Placement;
use antler_projections::views::memory::MemoryViews;

use super::*;
use crate::log_writers::LogWriters;
use crate::projector::arrivals::ArrivalsProjection;
use crate::supervision::Supervision;
use crate::system::{System, SystemLimits, SystemParts};

const LIMITS: SystemLimits = SystemLimits {
    tenant_bytes_max: 100_000,
    bytes_max: 1_000_000,
    writing_bytes_max: 1 << 20,
    handover_bytes_max: 1 << 20,
    jobs_max: 4,
    jobs_per_tenant_max: 2,
};

/// A clock that is moved by hand.
#[derive(Debug, Default)]
struct HandClock(Mutex<Duration>);

impl HandClock {
    fn pass(&self, seconds: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(seconds);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.elapsed().as_nanos() as i64)
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

struct World {
    log: Arc<SegmentLog>,
    clock: Arc<HandClock>,
    _writers: LogWriters,
    _dir: tempfile::TempDir,
}

struct Running {
    history: SearchHistory,
    system: System,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
        let opened = SegmentLog::open(&files, SegmentOptions::new(dir.path().join("log"), 2)).unwrap();
        let Opened { log, committers, .. } = opened;
        let writers = LogWriters::start(Arc::clone(&log), committers).unwrap();
        Self { log, clock: Arc::default(), _writers: writers, _dir: dir }
    }

    /// With empty views, as after a crash that lost them.
    async fn start(&self, limits: SearchesLimits) -> Running {
        let views = ArrivalViews::new(Arc::new(MemoryViews::new()));
        let (log, clock) = (Arc::clone(&self.log) as Arc<dyn EventLog>, Arc::clone(&self.clock));
        let quotas = crate::quotas::tests::unlimited(2).await;
        let projection = ArrivalsProjection::open(views.clone(), Arc::clone(&quotas), &*log).await.unwrap();
        let parts = SystemParts {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            log: Arc::clone(&log),
            placement: Placement::new(2).unwrap(),
            limits: LIMITS,
            supervision: Supervision::default(),
            projections: vec![Arc::new(projection)],
            upkeep: None,
            tails: crate::live::tests::tails(&*log),
            quotas,
            planted: crate::planted::Planted::None,
        };
        let system = System::start(parts).await.unwrap();
        let progress = Arc::clone(&system.projections()[0].progress);
        let placement = Arc::new(Placement::new(2).unwrap());
        let notes = Notes { log, progress, placement, clock };
        let history = SearchHistory::new(HistoryParts { notes, views, limits });
        Running { history, system }
    }

    fn events(&self) -> u64 {
        let of = |partition| self.log.bounds(PartitionId::new(partition)).unwrap().next.before().number();
        (0..2).map(of).sum()
    }
}

impl Running {
    async fn caught_up(&self) {
        for partition in (0..2).map(PartitionId::new) {
            self.system.settled("arrivals", partition).await;
        }
    }

    async fn queries(&self, name: &str, by: &str) -> Vec<(String, Option<u64>)> {
        let past = self.history.list(tenant(name), user(by)).await.unwrap();
        past.into_iter().map(|past| (past.asked.query, past.found)).collect()
    }

    /// Returns when the search is written, or was not.
    async fn remembered(&self, name: &str, searched: Searched) {
        self.history.remember(tenant(name), searched);
        self.history.idle().await;
    }
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn searched(by: &str, query: &str, found: u64) -> Searched {
    let asked = Asked { query: query.to_owned(), ..Asked::default() };
    Searched { by: user(by), asked, found: Some(found), took_us: Some(1_500) }
}

fn one(query: &str, found: u64) -> Vec<(String, Option<u64>)> {
    vec![(query.to_owned(), Some(found))]
}

#[tokio::test]
async fn what_was_saved_is_there_after_a_crash_and_what_was_forgotten_is_not() {
    let world = World::new();
    let running = world.start(SearchesLimits::default()).await;
    let first = running.history.save(tenant("acme"), searched("ann", "x", 1)).await.unwrap();
    running.history.save(tenant("acme"), searched("ann", "y", 2)).await.unwrap();
    running.history.save(tenant("acme"), searched("bob", "z", 3)).await.unwrap();
    assert_eq!((first.found, first.took_us, first.asked.query.as_str()), (Some(1), Some(1_500), "x"));
    running.history.forget(tenant("acme"), user("ann"), Some(first.id)).await.unwrap();
    running.history.forget(tenant("acme"), user("bob"), None).await.unwrap();
    let check = async |running: &Running| {
        assert_eq!(running.queries("acme", "ann").await, one("y", 2));
        assert_eq!(running.queries("acme", "bob").await, []);
        assert_eq!(running.queries("bolt", "ann").await, []);
        assert_eq!(running.history.find(tenant("acme"), user("ann"), first.id).await.unwrap(), None);
    };
    check(&running).await;
    running.system.stop().await;
    let running = world.start(SearchesLimits::default()).await;
    running.caught_up().await;
    check(&running).await;
    running.system.stop().await;
}

#[tokio::test]
async fn the_same_search_within_a_minute_is_answered_as_one() {
    let world = World::new();
    let running = world.start(SearchesLimits::default()).await;
    let first = running.history.save(tenant("acme"), searched("ann", "x", 1)).await.unwrap();
    world.clock.pass(59);
    let again = running.history.save(tenant("acme"), searched("ann", "x", 7)).await.unwrap();
    assert_eq!((again.id, again.found, again.first_at), (first.id, Some(7), first.first_at));
    world.clock.pass(60);
    let later = running.history.save(tenant("acme"), searched("ann", "x", 8)).await.unwrap();
    assert_ne!(later.id, first.id);
    running.system.stop().await;
}

#[tokio::test]
async fn what_is_remembered_by_itself_is_written_when_it_is_news() {
    let world = World::new();
    let running = world.start(SearchesLimits::default()).await;
    for (seconds, found, events) in [(0, 1, 1), (1, 1, 1), (1, 2, 2), (29, 2, 2), (1, 2, 3), (59, 2, 4)] {
        world.clock.pass(seconds);
        running.remembered("acme", searched("ann", "x", found)).await;
        assert_eq!(world.events(), events, "{found} found {seconds} s later");
    }
    assert_eq!(running.queries("acme", "ann").await, one("x", 2));
    running.system.stop().await;
}

#[tokio::test]
async fn what_is_too_long_or_too_much_at_once_is_not_kept() {
    let world = World::new();
    let running = world.start(SearchesLimits { remembering_max: 1, ..SearchesLimits::default() }).await;
    running.remembered("acme", searched("ann", &"x".repeat(5_000), 1)).await;
    assert_eq!(world.events(), 0);
    // No task runs before this one waits.
    running.history.remember(tenant("acme"), searched("ann", "x", 1));
    running.remembered("acme", searched("ann", "y", 1)).await;
    assert_eq!(running.queries("acme", "ann").await, one("x", 1));
    running.history.stop().await;
    running.history.remember(tenant("acme"), searched("ann", "z", 1));
    assert_eq!(world.events(), 1);
    running.system.stop().await;
}
