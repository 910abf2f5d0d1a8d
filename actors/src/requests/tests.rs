//! Requests with a key, over a real log in a temporary folder and the views of answers.

mod doubting;

use std::sync::atomic::Ordering;

use antler_config::limits::LineLimits;
use antler_events::clock::SystemClock;
use antler_events::event::lines::Arrival;
use antler_events::event::note::{AnswerForm, LinesRejected, NamedError};
use antler_events::files::{FileSystem, RealFiles};
use antler_events::line::{LineBatchBuilder, LineError};
use antler_events::log::segment::{Opened, SegmentLog, SegmentOptions};
use antler_events::placement::Placement;
use antler_events::wire::Receipt;
use antler_projections::views::dead_letters::LetterSource;
use antler_projections::views::memory::MemoryViews;

use self::doubting::{Doubt, Doubting};
use super::*;
use crate::ingest_shard::{Arrived, Request};
use crate::log_writers::LogWriters;
use crate::projector::Projection;
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

struct World {
    _dir: tempfile::TempDir,
    log: Arc<Doubting>,
    _writers: LogWriters,
    views: ArrivalViews,
    clock: Arc<dyn Clock>,
    wait_max: Duration,
}

struct Running {
    system: System,
    requests: Requests,
    views: ArrivalViews,
    clock: Arc<dyn Clock>,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
        let options = SegmentOptions::new(dir.path().join("log"), 2);
        let Opened { log, committers, .. } = SegmentLog::open(&files, options).unwrap();
        let writers = LogWriters::start(Arc::clone(&log), committers).unwrap();
        let views = ArrivalViews::new(Arc::new(MemoryViews::new()));
        let log = Arc::new(Doubting::new(log));
        Self {
            _dir: dir,
            log,
            _writers: writers,
            views,
            clock: Arc::new(SystemClock::new()),
            wait_max: WAIT_MAX,
        }
    }

    /// With the views that are there, or with empty ones, as after a crash that lost them.
    async fn start(&self, views: ArrivalViews) -> Running {
        let log = Arc::clone(&self.log) as Arc<dyn EventLog>;
        let quotas = crate::quotas::tests::unlimited(2).await;
        let projection = ArrivalsProjection::open(views.clone(), Arc::clone(&quotas), &*log).await;
        let parts = SystemParts {
            clock: Arc::clone(&self.clock),
            log,
            placement: Placement::new(2).unwrap(),
            limits: LIMITS,
            supervision: Supervision::default(),
            projections: vec![Arc::new(projection.unwrap()) as Arc<dyn Projection>],
            upkeep: None,
            tails: crate::live::tests::tails(&*self.log),
            quotas,
            planted: crate::planted::Planted::None,
        };
        let system = System::start(parts).await.unwrap();
        let progress = Arc::clone(&system.projections()[0].progress);
        let (clock, log) = (Arc::clone(&self.clock), Arc::clone(&self.log) as Arc<dyn EventLog>);
        let requests = Requests::waiting(self.wait_max, views.clone(), progress, clock, log).unwrap();
        Running { system, requests, views, clock: Arc::clone(&self.clock) }
    }
}

impl Running {
    /// The receipt, and whether it is that of an earlier request.
    async fn send(&self, name: &str, key: &str, text: &str) -> (Receipt, bool) {
        let claim = match self.begin(name, key).await {
            Begun::Answered(remembered) => return (remembered.receipt.clone(), true),
            Begun::First(claim) => claim,
        };
        (self.system.take(tenant(name), self.arrived(text, Some(claim))).await.unwrap().receipt, false)
    }

    async fn begin(&self, name: &str, key: &str) -> Begun {
        self.requests.begin(tenant(name), RequestKey::of(key).unwrap()).await.unwrap()
    }

    fn arrived(&self, text: &str, claim: Option<Claim>) -> Arrived {
        let (limits, now) = (LineLimits::default(), self.clock.now());
        let mut builder = LineBatchBuilder::new(limits.clone(), now);
        builder.push_plain(text.as_bytes()).unwrap();
        let mut rejected = LinesRejected::new(now, &Arrival::default());
        rejected.push(2, LineError::Utf8 { at: 0 }, b"broken", &limits);
        let errors = vec![NamedError { line: 2, code: "c".to_owned(), message: "m".to_owned() }];
        Arrived {
            batches: vec![Arc::new(builder.finish())],
            rejected: Some(rejected),
            request: claim.map(|claim| Request { claim, form: AnswerForm::Many, errors }),
            ..Arrived::default()
        }
    }

    /// Sends, and is told that nobody knows.
    async fn doubt(&self, log: &Doubting, doubt: Doubt, name: &str, key: &str) {
        let Begun::First(claim) = self.begin(name, key).await else { unreachable!("it was not written") };
        log.next.store(doubt as u8, Ordering::Relaxed);
        let error = self.system.take(tenant(name), self.arrived("one", Some(claim))).await.unwrap_err();
        assert!(error.to_string().starts_with("it is not known whether"), "{error}");
        assert!(!error.passes());
    }

    async fn followed(&self, receipt: &Receipt) {
        self.system.projections()[0].progress.reached(receipt.partition, receipt.last).await;
    }

    fn held(&self) -> usize {
        self.requests.shared.lock().held.len()
    }
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_gets_the_first_answer_before_and_after_the_views_have_it() {
    let world = World::new();
    let running = world.start(world.views.clone()).await;
    let (first, was_there) = running.send("acme", "k", "one").await;
    assert!(!was_there);
    assert_eq!(running.send("acme", "k", "two").await, (first.clone(), true));
    running.followed(&first).await;
    assert_eq!(running.send("acme", "k", "two").await, (first.clone(), true));
    assert_eq!(running.held(), 0);
    let (other, was_there) = running.send("bolt", "k", "three").await;
    assert!(!was_there && other != first);
    assert_eq!((first.count, first.last.number() - first.first.number()), (1, 2));
    running.followed(&other).await;
    let letters = running.views.dead_letters(tenant("acme"), 0, 10).await.unwrap().letters;
    assert_eq!(
        (letters.len(), &letters[0].raw[..], letters[0].code.as_str()),
        (1, &b"broken"[..], "invalid_utf8")
    );
    assert!(matches!(letters[0].source, LetterSource::Line { line: 2, .. }));
    running.system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_after_a_restart_waits_for_the_log_to_be_read() {
    let world = World::new();
    let running = world.start(world.views.clone()).await;
    let mut receipts = Vec::new();
    for number in 0..50 {
        receipts.push(running.send("acme", &format!("key {number}"), "line").await.0);
    }
    running.system.stop().await;
    let running = world.start(ArrivalViews::new(Arc::new(MemoryViews::new()))).await;
    for (number, receipt) in receipts.into_iter().enumerate() {
        assert_eq!(running.send("acme", &format!("key {number}"), "line").await, (receipt, true));
    }
    running.system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_is_written_and_all_get_its_answer() {
    let world = World::new();
    let running = Arc::new(world.start(world.views.clone()).await);
    let mut senders = tokio::task::JoinSet::new();
    for number in 0..40 {
        let running = Arc::clone(&running);
        senders.spawn(async move { running.send("acme", "k", &format!("line {number}")).await });
    }
    let answers = senders.join_all().await;
    assert_eq!(answers.iter().filter(|(_, was_there)| !was_there).count(), 1);
    assert!(answers.iter().all(|(receipt, _)| *receipt == answers[0].0));
    running.system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_was_not_written_is_forgotten_and_the_next_one_goes_on() {
    let world = World::new();
    let running = Arc::new(world.start(world.views.clone()).await);
    let Begun::First(claim) = running.begin("acme", "k").await else { unreachable!("it is the first") };
    let waiting = tokio::spawn({
        let running = Arc::clone(&running);
        async move { running.send("acme", "k", "the second").await.1 }
    });
    let large = running.arrived(&"x".repeat(200_000), Some(claim));
    assert!(running.system.take(tenant("acme"), large).await.is_err());
    assert!(!waiting.await.unwrap());
    assert!(running.send("acme", "k", "the third").await.1);
    running.system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_who_hangs_up_is_remembered_all_the_same() {
    let world = World::new();
    let running = world.start(world.views.clone()).await;
    let Begun::First(claim) = running.begin("acme", "k").await else { unreachable!("it is the first") };
    let arrived = running.arrived("one", Some(claim));
    // The write is under way when its sender stops waiting.
    let hung_up = running.system.take(tenant("acme"), arrived);
    let _no_answer = tokio::time::timeout(Duration::from_micros(200), hung_up).await;
    let (receipt, _) = running.send("acme", "k", "two").await;
    assert_eq!(running.send("acme", "k", "three").await, (receipt, true));
    running.system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_of_a_request_in_doubt_gets_the_first_answer_if_it_was_written() {
    let world = World { wait_max: Duration::from_millis(200), ..World::new() };
    let running = world.start(world.views.clone()).await;
    running.send("acme", "before", "zero").await;
    world.log.is_blind.send_replace(true);
    running.doubt(&world.log, Doubt::Written, "acme", "k").await;
    let refused = running.requests.begin(tenant("acme"), RequestKey::of("k").unwrap()).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "it is not known yet whether the first request with this Idempotency-Key was written; send it again a \
         little later"
    );
    world.log.is_blind.send_replace(false);
    let (receipt, was_there) = running.send("acme", "k", "two").await;
    assert!(was_there);
    assert_eq!(running.send("acme", "k", "three").await, (receipt.clone(), true));
    assert_eq!(world.log.bounds(receipt.partition).unwrap().next, receipt.last.plus(1));
    assert_eq!(running.held(), 0);
    running.system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_of_a_request_in_doubt_is_written_if_the_first_was_not() {
    let world = World::new();
    let running = world.start(world.views.clone()).await;
    running.send("acme", "before", "zero").await;
    for doubt in [Doubt::NotWritten, Doubt::Panic] {
        running.doubt(&world.log, doubt, "acme", "k").await;
    }
    let (receipt, was_there) = running.send("acme", "k", "two").await;
    assert!(!was_there);
    running.followed(&receipt).await;
    assert_eq!(running.send("acme", "k", "three").await, (receipt, true));
    running.system.stop().await;
}
