//! The system over a real log in a temporary folder, with projections that remember what they were given.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use antler_config::limits::LineLimits;
use antler_events::clock::SystemClock;
use antler_events::event::{self, Event, Note};
use antler_events::files::{FileSystem, RealFiles};
use antler_events::line::LineBatchBuilder;
use antler_events::log::segment::{Opened, SegmentLog, SegmentOptions};
use antler_events::log::{
    Append, AppendError, Appended, Bounds, BoxFuture, Chunk, Hold, ReadError, TruncateError,
};
use antler_events::subject::Subject;

use super::*;
use crate::log_writers::LogWriters;
use crate::platform::Depth;
use crate::projector::follow::Followed;
use crate::projector::{Applied, ApplyError};
use crate::supervision::Patience;

const LIMITS: SystemLimits = SystemLimits {
    tenant_bytes_max: 100_000,
    bytes_max: 1_000_000,
    writing_bytes_max: 1 << 20,
    handover_bytes_max: 1 << 20,
    jobs_max: 4,
    jobs_per_tenant_max: 2,
};

const HASTY: Patience = Patience {
    first: Duration::from_millis(1),
    longest: Duration::from_millis(5),
    failures_max: 2,
    forgiven_after: Duration::from_secs(600),
};

/// Remembers lines by partition and offset.
#[derive(Debug, Default)]
struct Remembers {
    lines: Mutex<BTreeMap<(PartitionId, Offset), (TenantId, String)>>,
    handed: AtomicU32,
    /// Lines with this text cannot be taken.
    poison: Option<&'static str>,
    set_aside: Mutex<Vec<Offset>>,
    is_closed: AtomicBool,
}

impl Remembers {
    fn texts(&self, tenant: TenantId) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        lines.values().filter(|(of, _)| *of == tenant).map(|(_, text)| text.clone()).collect()
    }
}

impl Projection for Remembers {
    fn name(&self) -> &'static str {
        "remembers"
    }

    fn applied(&self, partition: PartitionId) -> Offset {
        let lines = self.lines.lock().unwrap();
        lines.keys().filter(|(of, _)| *of == partition).map(|(_, offset)| *offset).max().unwrap_or_default()
    }

    fn apply<'a>(
        &'a self,
        partition: PartitionId,
        events: &'a [Followed],
    ) -> BoxFuture<'a, Result<Applied, ApplyError>> {
        Box::pin(async move {
            if self.is_closed.load(Ordering::Relaxed) {
                return Err(ApplyError::Projection { reason: "it is closed".to_owned() });
            }
            let mut up_to = Offset::ZERO;
            for event in events {
                let offset = event.offset();
                let Some(lines) = event.lines(&LineLimits::default()).unwrap() else {
                    up_to = offset;
                    continue;
                };
                let text = String::from_utf8(lines.batch.buffer().to_vec()).unwrap();
                if self.poison.is_some_and(|poison| text.contains(poison)) {
                    return match up_to {
                        Offset::ZERO => Err(ApplyError::Event { offset, reason: "poison".to_owned() }),
                        up_to => Ok(Applied { up_to, is_full: false }),
                    };
                }
                self.handed.fetch_add(u32::from(matches!(event, Followed::Handed(_))), Ordering::Relaxed);
                let before = self.lines.lock().unwrap().insert((partition, offset), (lines.tenant, text));
                assert_eq!(before, None, "event {offset} came twice");
                up_to = offset;
            }
            Ok(Applied { up_to, is_full: false })
        })
    }

    fn set_aside<'a>(
        &'a self,
        _partition: PartitionId,
        event: Offset,
        _reason: &'a str,
    ) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move {
            self.set_aside.lock().unwrap().push(event);
            Ok(())
        })
    }
}

/// A log whose appends panic for one tenant.
#[derive(Debug)]
struct Panics {
    log: Arc<SegmentLog>,
    tenant: TenantId,
    is_well: AtomicBool,
}

impl EventLog for Panics {
    fn partitions(&self) -> u16 {
        self.log.partitions()
    }

    fn append(&self, partition: PartitionId, append: Append) -> BoxFuture<'_, Result<Appended, AppendError>> {
        let is_his = append.events[0].subject.tenant == self.tenant;
        assert!(!is_his || self.is_well.load(Ordering::Relaxed), "on purpose");
        self.log.append(partition, append)
    }

    fn read(&self, of: PartitionId, from: Offset, bytes: usize) -> BoxFuture<'_, Result<Chunk, ReadError>> {
        self.log.read(of, from, bytes)
    }

    fn wait(&self, partition: PartitionId, from: Offset) -> BoxFuture<'_, Result<(), ReadError>> {
        self.log.wait(partition, from)
    }

    fn bounds(&self, partition: PartitionId) -> Result<Bounds, ReadError> {
        self.log.bounds(partition)
    }

    fn bytes_from(&self, partition: PartitionId, from: Offset) -> Result<u64, ReadError> {
        self.log.bytes_from(partition, from)
    }

    fn last_of(&self, partition: PartitionId, subject: Subject) -> Result<Offset, ReadError> {
        self.log.last_of(partition, subject)
    }

    fn hold(&self, partition: PartitionId, from: Offset) -> Result<Box<dyn Hold>, ReadError> {
        self.log.hold(partition, from)
    }

    fn truncate(&self, of: PartitionId, below: Offset) -> BoxFuture<'_, Result<Offset, TruncateError>> {
        self.log.truncate(of, below)
    }
}

struct World {
    _dir: tempfile::TempDir,
    log: Arc<SegmentLog>,
    _writers: LogWriters,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
        let options = SegmentOptions::new(dir.path().join("log"), 2);
        let Opened { log, committers, .. } = SegmentLog::open(&files, options).unwrap();
        let writers = LogWriters::start(Arc::clone(&log), committers).unwrap();
        Self { _dir: dir, log, _writers: writers }
    }

    async fn start(&self, log: Arc<dyn EventLog>, projection: &Arc<Remembers>) -> System {
        let parts = SystemParts {
            clock: Arc::new(SystemClock::new()),
            placement: Placement::new(log.partitions()).unwrap(),
            log,
            limits: LIMITS,
            supervision: Supervision { shards: HASTY, tenants: HASTY, projectors: HASTY },
            projections: vec![Arc::clone(projection) as Arc<dyn Projection>],
            upkeep: None,
            quotas: crate::quotas::tests::unlimited(2).await,
            planted: Planted::None,
            tails: crate::live::tests::tails(&*self.log),
        };
        System::start(parts).await.unwrap()
    }

    async fn start_plain(&self, projection: &Arc<Remembers>) -> System {
        self.start(Arc::clone(&self.log) as Arc<dyn EventLog>, projection).await
    }
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

async fn send(system: &System, tenant: TenantId, text: &str) -> Result<Receipt, IngestError> {
    let mut builder = LineBatchBuilder::new(LineLimits::default(), SystemClock::new().now());
    builder.push_plain(text.as_bytes()).unwrap();
    system.ingest(tenant, vec![Arc::new(builder.finish())], Arc::default()).await
}

async fn followed(system: &System, receipt: &Receipt) {
    system.projections()[0].progress.reached(receipt.partition, receipt.last).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_reaches_the_projection_once_and_in_order() {
    let (world, projection) = (World::new(), Arc::<Remembers>::default());
    let system = world.start_plain(&projection).await;
    for number in 0..50 {
        for name in ["acme", "bolt"] {
            let receipt = send(&system, tenant(name), &format!("line {number}")).await.unwrap();
            assert_eq!(receipt.count, 1);
            followed(&system, &receipt).await;
        }
    }
    let expected: Vec<String> = (0..50).map(|number| format!("line {number}")).collect();
    assert_eq!(projection.texts(tenant("acme")), expected);
    assert_eq!(projection.texts(tenant("bolt")), expected);
    assert!(projection.handed.load(Ordering::Relaxed) > 90, "they come by the short way");
    assert_eq!((system.bytes_held(), system.waiting()), (0, 0));
    system.stop().await;
    assert!(matches!(send(&system, tenant("acme"), "late").await, Err(IngestError::Stopping)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_projection_goes_on_from_its_checkpoint_after_a_restart() {
    let (world, projection) = (World::new(), Arc::<Remembers>::default());
    let system = world.start_plain(&projection).await;
    followed(&system, &send(&system, tenant("acme"), "one").await.unwrap()).await;
    projection.is_closed.store(true, Ordering::Relaxed);
    send(&system, tenant("acme"), "two").await.unwrap();
    system.stop().await;
    projection.is_closed.store(false, Ordering::Relaxed);
    let system = world.start_plain(&projection).await;
    followed(&system, &send(&system, tenant("acme"), "three").await.unwrap()).await;
    assert_eq!(projection.texts(tenant("acme")), ["one", "two", "three"]);
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_cannot_be_taken_is_set_aside_and_the_others_go_on() {
    let projection = Arc::new(Remembers { poison: Some("poison"), ..Remembers::default() });
    let world = World::new();
    let system = world.start_plain(&projection).await;
    send(&system, tenant("acme"), "before").await.unwrap();
    let poisoned = send(&system, tenant("acme"), "poison").await.unwrap();
    followed(&system, &send(&system, tenant("acme"), "after").await.unwrap()).await;
    assert_eq!(projection.texts(tenant("acme")), ["before", "after"]);
    assert_eq!(*projection.set_aside.lock().unwrap(), [poisoned.last]);
    let figures = &system.projections()[0].figures[usize::from(poisoned.partition.number())];
    assert_eq!((figures.set_aside(), figures.retries() > 0), (1, true));
    system.stop().await;
    let written = world.log.read(poisoned.partition, poisoned.first, 1 << 20).await.unwrap().events;
    let letters =
        written.iter().filter_map(|event| match event::decode(&event.envelope, &event.body).unwrap() {
            Event::Note(Note::SetAside(letter)) => Some(letter),
            _ => None,
        });
    let letters: Vec<_> = letters.collect();
    assert_eq!((letters.len(), letters[0].offset, letters[0].reason.as_str()), (1, poisoned.last, "poison"));
    assert_eq!((letters[0].projection.as_str(), &letters[0].body), ("remembers", &written[0].body));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_that_keeps_failing_is_parked_and_can_be_revived() {
    let (world, projection) = (World::new(), Arc::<Remembers>::default());
    let bad = tenant("bad");
    let panics =
        Arc::new(Panics { log: Arc::clone(&world.log), tenant: bad, is_well: AtomicBool::new(false) });
    let system = world.start(Arc::clone(&panics) as Arc<dyn EventLog>, &projection).await;
    let parked = loop {
        match send(&system, bad, "boom").await {
            Err(IngestError::Parked(parked)) => break parked,
            Err(_) => {}
            Ok(receipt) => unreachable!("{receipt:?}"),
        }
        let receipt = send(&system, tenant("good"), "fine").await.unwrap();
        followed(&system, &receipt).await;
    };
    assert!(parked.to_string().contains("keeps failing"), "{parked}");
    let report = system.report(Depth::Everything).await.unwrap();
    assert_eq!((report.parked, report.tenants.len()), (vec![parked], 1));
    panics.is_well.store(true, Ordering::Relaxed);
    assert!(system.revive(bad).await && !system.revive(bad).await);
    followed(&system, &send(&system, bad, "well").await.unwrap()).await;
    assert_eq!(projection.texts(bad), ["well"]);
    system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_never_fit_and_what_has_no_credit_is_refused() {
    let (world, projection) = (World::new(), Arc::<Remembers>::default());
    projection.is_closed.store(true, Ordering::Relaxed);
    let system = world.start_plain(&projection).await;
    let large = "x".repeat(200_000);
    let too_large = send(&system, tenant("acme"), &large).await.unwrap_err();
    let text = "x".repeat(40_000);
    let refused = loop {
        match send(&system, tenant("acme"), &text).await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(refused.passes() && !too_large.passes());
    let (refused, too_large) = (refused.to_string(), too_large.to_string());
    assert!(too_large.contains("may be under way; send less at once"), "{too_large}");
    let expected = "too much is under way for tenant acme: 100000 bytes at once; send again a little later";
    assert_eq!(refused, expected);
    send(&system, tenant("other"), &text).await.unwrap();
    projection.is_closed.store(false, Ordering::Relaxed);
    let receipt = loop {
        if let Ok(receipt) = send(&system, tenant("acme"), "again").await {
            break receipt;
        }
    };
    followed(&system, &receipt).await;
    system.stop().await;
}

/// Panics until it has been begun so often.
#[derive(Debug)]
struct Falling {
    falls: u32,
    begun: AtomicU32,
    told: tokio::sync::mpsc::UnboundedSender<String>,
}

impl Job for Falling {
    fn name(&self) -> &str {
        "falling"
    }

    fn run<'a>(&'a self, turns: &'a crate::jobs::JobTurns) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let _turn = turns.take().await;
            assert!(self.begun.fetch_add(1, Ordering::Relaxed) >= self.falls, "on purpose");
            self.told.send("done".to_owned()).unwrap();
            std::future::pending::<()>().await;
        })
    }

    fn given_up<'a>(&'a self, reason: &'a str) -> BoxFuture<'a, ()> {
        self.told.send(reason.to_owned()).unwrap();
        Box::pin(std::future::ready(()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_fails_is_begun_again_and_given_up_if_it_fails_too_often() {
    let (world, projection) = (World::new(), Arc::<Remembers>::default());
    let system = world.start_plain(&projection).await;
    for (name, falls, expected) in [("acme", 1, "done"), ("bolt", 100, "it failed 3 times")] {
        let (told, mut telling) = tokio::sync::mpsc::unbounded_channel();
        let job = Arc::new(Falling { falls, begun: AtomicU32::new(0), told });
        system.start_job(tenant(name), Arc::clone(&job) as Arc<dyn Job>).await.unwrap();
        let said = telling.recv().await.unwrap();
        assert!(said.starts_with(expected), "{said}");
        // The same job runs once, and ends when it is told to.
        system.start_job(tenant(name), Arc::clone(&job) as Arc<dyn Job>).await.unwrap();
        system.end_job(tenant(name), "falling").await.unwrap();
        drop(job);
        send(&system, tenant(name), "a tenant feels nothing of it").await.unwrap();
    }
    system.stop().await;
}
