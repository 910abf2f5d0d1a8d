//! Tails over a real log in a temporary folder, with frames that are plain text.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use antler_config::limits::{LineLimits, QueryLimits};
use antler_events::clock::{Clock, SystemClock};
use antler_events::files::{FileSystem, RealFiles};
use antler_events::ids::TenantId;
use antler_events::line::LineBatchBuilder;
use antler_events::log::EventLog;
use antler_events::log::segment::{Opened, SegmentLog, SegmentOptions};
use antler_events::placement::Placement;
use antler_events::query::parse;
use antler_projections::live::LiveCounters;
use bytes::Bytes;

use super::frame::{FrameBounds, FrameForm, TailLine};
use super::inbox::{TailBounds, Tails};
use super::projection::LiveProjection;
use super::queue::{Gap, QueueBounds, Told};
use super::request::{Begin, Subscription, TailError, TailRequest};
use super::seq::Seq;
use crate::log_writers::LogWriters;
use crate::planted::Planted;
use crate::projector::Projection;
use crate::supervision::Supervision;
use crate::system::{System, SystemLimits, SystemParts};

const ROOMY: QueueBounds = QueueBounds { frames_max: 1_000, bytes_max: 1 << 20 };

pub(crate) fn tails(log: &dyn EventLog) -> Arc<Tails> {
    Tails::new(log, bounds()).unwrap()
}

fn bounds() -> TailBounds {
    TailBounds {
        tails_max: 3,
        inbox_bytes_max: 1 << 20,
        waiting_bytes_max: 1 << 30,
        linger: Duration::ZERO,
        frames: FrameBounds { lines_max: 10, bytes_max: 1_000 },
        lines: LineLimits::default(),
    }
}

/// Each line as its number and its text; counts what it wrote, and panics at lines that say so.
#[derive(Debug, Default)]
struct Text {
    written: AtomicUsize,
}

impl FrameForm for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn line(&self, tenant: TenantId, line: &TailLine<'_>, out: &mut Vec<u8>) {
        self.written.fetch_add(1, Ordering::Relaxed);
        let text = String::from_utf8_lossy(line.line.raw());
        assert!(!text.contains("poison"), "on purpose");
        out.extend_from_slice(format!("{} {tenant} {text}\n", line.seq).as_bytes());
    }

    fn frame(&self, _count: u64, _first: Seq, _last: Seq, lines: &[u8]) -> Bytes {
        Bytes::copy_from_slice(lines)
    }
}

struct World {
    _dir: tempfile::TempDir,
    system: System,
    form: Arc<Text>,
    tails: Arc<Tails>,
    counters: Arc<LiveCounters>,
    _writers: LogWriters,
}

impl World {
    async fn start(bounds: TailBounds) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
        let options =
            SegmentOptions { linger: Duration::ZERO, ..SegmentOptions::new(dir.path().join("log"), 2) };
        let Opened { log, committers, .. } = SegmentLog::open(&files, options).unwrap();
        let writers = LogWriters::start(Arc::clone(&log), committers).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let tails = Tails::new(&*log, bounds).unwrap();
        let counters = Arc::<LiveCounters>::default();
        let projection =
            LiveProjection::new(Arc::clone(&tails), Arc::clone(&counters), Arc::clone(&clock), 2);
        let limits = SystemLimits {
            tenant_bytes_max: 10_000_000,
            bytes_max: 20_000_000,
            writing_bytes_max: 1 << 20,
            handover_bytes_max: 1 << 20,
            jobs_max: 4,
            jobs_per_tenant_max: 2,
        };
        let parts = SystemParts {
            clock,
            placement: Placement::new(2).unwrap(),
            log,
            limits,
            supervision: Supervision::default(),
            projections: vec![Arc::new(projection) as Arc<dyn Projection>],
            upkeep: None,
            tails: Arc::clone(&tails),
            quotas: crate::quotas::tests::unlimited(2).await,
            planted: Planted::None,
        };
        let system = System::start(parts).await.unwrap();
        Self { _dir: dir, system, form: Arc::default(), tails, counters, _writers: writers }
    }

    fn request(&self, query: &str, begin: Begin, queue: QueueBounds) -> TailRequest {
        let filter = parse(query, SystemClock::new().now(), &QueryLimits::default()).query.filter;
        TailRequest::new(filter, Arc::clone(&self.form) as Arc<dyn FrameForm>, begin, queue).unwrap()
    }

    async fn tail(&self, query: &str, begin: Begin) -> Subscription {
        self.system.tail(acme(), &self.request(query, begin, ROOMY)).await.unwrap()
    }

    async fn send(&self, tenant: TenantId, lines: &[String]) {
        let mut builder = LineBatchBuilder::new(LineLimits::default(), SystemClock::new().now());
        lines.iter().for_each(|line| builder.push_plain(line.as_bytes()).unwrap());
        self.system.ingest(tenant, vec![Arc::new(builder.finish())], Arc::default()).await.unwrap();
    }

    async fn say(&self, text: &str) {
        self.send(acme(), &[text.to_owned()]).await;
    }
}

fn acme() -> TenantId {
    TenantId::parse("acme").unwrap()
}

/// What a reader was told: lines with their numbers, and gaps.
#[derive(Debug, Default)]
struct Heard {
    lines: Vec<(u64, String)>,
    gaps: Vec<Gap>,
}

impl Heard {
    fn take_in(&mut self, told: &Told) {
        match told {
            Told::Frame(frame) => {
                let text = String::from_utf8(frame.bytes.to_vec()).unwrap();
                for line in text.lines() {
                    let (seq, text) = line.split_once(" acme ").expect("a line of another tenant");
                    self.lines.push((seq.parse().unwrap(), text.to_owned()));
                }
            }
            Told::Gap(gap) => self.gaps.push(*gap),
            Told::Ended => panic!("the tail ended"),
        }
    }

    fn texts(&self) -> Vec<&str> {
        self.lines.iter().map(|(_, text)| text.as_str()).collect()
    }

    fn missed(&self) -> u64 {
        self.gaps.iter().map(|gap| gap.count.unwrap()).sum()
    }

    /// Waits for so many lines, those included that were missed.
    async fn hear(&mut self, subscription: &Subscription, lines: usize) {
        while self.lines.len() + (self.missed() as usize) < lines {
            self.take_in(&subscription.next().await);
        }
    }
}

async fn heard(subscription: &Subscription, lines: usize) -> Vec<String> {
    let mut heard = Heard::default();
    heard.hear(subscription, lines).await;
    assert_eq!(heard.gaps, []);
    heard.lines.into_iter().map(|(_, text)| text).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_one_filter_share_each_frame_and_see_their_tenant_only() {
    let world = World::start(bounds()).await;
    let (one, other) = (world.tail("wanted", Begin::Now).await, world.tail("wanted", Begin::Now).await);
    world.send(TenantId::parse("bolt").unwrap(), &["wanted by bolt".to_owned()]).await;
    let lines = ["wanted 1", "no", "wanted 2"].map(str::to_owned);
    world.send(acme(), &lines).await;
    let (Told::Frame(one), Told::Frame(other)) = (one.next().await, other.next().await) else {
        panic!("no frames")
    };
    assert_eq!((one.lines, one.bytes.as_ptr()), (2, other.bytes.as_ptr()));
    assert_eq!(world.form.written.load(Ordering::Relaxed), 2);
    assert_eq!((one.first.row(), one.last.row()), (0, 2));
    let report = world.system.report(crate::platform::Depth::Everything).await.unwrap();
    assert_eq!(report.tenants.iter().find(|tenant| tenant.tenant == acme()).unwrap().tails, 1);
    let now = Clock::now(&SystemClock::new());
    assert_eq!(world.counters.history(acme(), now).len(), 300);
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_loses_lines_alone_and_is_told_how_many() {
    let world = World::start(bounds()).await;
    let small = QueueBounds { frames_max: 2, bytes_max: 1 << 20 };
    let slow = world.system.tail(acme(), &world.request("line", Begin::Now, small)).await.unwrap();
    let quick = world.tail("line", Begin::Now).await;
    let mut all = Heard::default();
    for number in 0..50 {
        world.say(&format!("line {number}")).await;
        all.hear(&quick, number + 1).await;
    }
    let mut some = Heard::default();
    some.hear(&slow, 50).await;
    assert_eq!((all.gaps.len(), all.lines.len()), (0, 50));
    assert_eq!((some.lines.len(), some.missed()), (2, 48));
    let (first, last) = (all.lines[2].0, all.lines[49].0);
    assert_eq!((some.gaps[0].from.number(), some.gaps[0].to.number()), (first, last));
    // It goes on behind the gap.
    world.say("line after").await;
    assert_eq!(heard(&slow, 1).await, ["line after"]);
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_readers_share_one_budget_and_the_slow_ones_give_way() {
    let world = World::start(TailBounds { waiting_bytes_max: 20_000, ..bounds() }).await;
    let budget = &world.tails.budget;
    let (mut slow, filters) = (Vec::new(), ["line", "line or nothing"]);
    for number in 0..20 {
        slow.push(world.tail(filters[number % 2], Begin::Now).await);
    }
    let quick = world.tail("line and not nothing", Begin::Now).await;
    assert_eq!(budget.readers(), 21);
    let mut all = Heard::default();
    for number in 0..200 {
        world.say(&format!("line {number} {}", "x".repeat(200))).await;
        all.hear(&quick, number + 1).await;
        assert!(budget.bytes() < 20_000 + 1_000, "{} bytes wait", budget.bytes());
    }
    assert_eq!((all.gaps.len(), all.lines.len()), (0, 200));
    assert!(budget.bytes() > 10_000 && budget.missed() > 0, "{budget:?}");
    let (mut missed, mut gaps) = (0, 0);
    for subscription in &slow {
        let mut some = Heard::default();
        some.hear(subscription, 200).await;
        assert!(some.missed() > 50 && some.lines.len() > 10, "{} were missed", some.missed());
        missed += some.missed();
        gaps += some.gaps.len() as u64;
    }
    assert_eq!((budget.missed(), budget.gaps()), (missed, gaps));
    drop((slow, quick, all));
    world.system.stop().await;
    assert_eq!((budget.lines() + missed, budget.readers(), budget.bytes()), (21 * 200, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_goes_on_behind_the_line_it_had_last() {
    let world = World::start(bounds()).await;
    let lines: Vec<String> = (0..25).map(|number| format!("line {number}")).collect();
    let first = world.tail("*", Begin::Now).await;
    world.send(acme(), &lines).await;
    let mut before = Heard::default();
    before.hear(&first, 25).await;
    drop(first);
    for at in [0, 9, 24] {
        let after = Seq::from_number(before.lines[at].0).unwrap();
        let resumed = world.tail("*", Begin::At(after.next())).await;
        world.say("and one more").await;
        let expected: Vec<&str> =
            lines[at + 1..].iter().map(String::as_str).chain(["and one more"]).collect();
        let mut heard = Heard::default();
        heard.hear(&resumed, expected.len()).await;
        // What earlier rounds sent comes too.
        assert_eq!(heard.texts()[..expected.len() - 1], expected[..expected.len() - 1]);
        assert!(heard.texts().ends_with(&["and one more"]));
    }
    let ahead = Seq::from_number(1 << 40).unwrap();
    let refused = world.system.tail(acme(), &world.request("*", Begin::At(ahead), ROOMY)).await;
    assert!(matches!(refused, Err(TailError::Ahead { .. })), "{refused:?}");
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_reader_is_given_nothing_and_goes_on_where_it_was() {
    let world = World::start(bounds()).await;
    let (paused, other) = (world.tail("line", Begin::Now).await, world.tail("line", Begin::Now).await);
    world.say("line 1").await;
    assert_eq!(heard(&paused, 1).await, ["line 1"]);
    paused.pause();
    for number in 2..5 {
        world.say(&format!("line {number}")).await;
    }
    assert_eq!(heard(&other, 4).await.len(), 4);
    assert_eq!((paused.pending(), paused.queue.take()), (3, None));
    paused.resume();
    assert_eq!(heard(&paused, 3).await, ["line 2", "line 3", "line 4"]);
    world.say("line 5").await;
    assert_eq!(heard(&paused, 1).await, ["line 5"]);
    assert_eq!(paused.pending(), 0);
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tail_without_readers_ends_and_filters_are_bounded() {
    let world = World::start(bounds()).await;
    let mut open = Vec::new();
    for query in ["a", "b", "c"] {
        open.push(world.tail(query, Begin::Now).await);
    }
    let request = world.request("d", Begin::Now, ROOMY);
    let refused = world.system.tail(acme(), &request).await.unwrap_err().to_string();
    assert_eq!(refused, "3 different filters are followed for tenant acme already; close some of them");
    open.clear();
    let tail = loop {
        match world.system.tail(acme(), &request).await {
            Ok(tail) => break tail,
            Err(TailError::TooMany { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    world.say("d").await;
    assert_eq!(heard(&tail, 1).await, ["d"]);
    world.system.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_a_tail_that_fails_are_told_and_others_go_on() {
    let world = World::start(bounds()).await;
    let (bad, good) = (world.tail("*", Begin::Now).await, world.tail("fine", Begin::Now).await);
    world.say("a poison").await;
    world.say("fine").await;
    assert_eq!(bad.next().await, Told::Ended);
    assert_eq!(heard(&good, 1).await, ["fine"]);
    let position = bad.position();
    let refused = world.system.tail(acme(), &world.request("*", Begin::Now, ROOMY)).await;
    assert!(matches!(refused, Err(TailError::Failing { .. }) | Ok(_)), "{refused:?}");
    assert!(position <= world.tail("fine", Begin::Now).await.position());
    world.system.stop().await;
}

/// Reads at its own speed, leaves and comes back, until the last line.
async fn wander(world: &World, seed: u64, last: &str) -> Heard {
    let mut random = seed;
    let mut draw = move |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let queue = QueueBounds { frames_max: 2 + draw(4) as usize, bytes_max: 400 };
    let begin = Begin::At(Seq::default());
    let mut subscription = world.system.tail(acme(), &world.request("line", begin, queue)).await.unwrap();
    let mut heard = Heard::default();
    while heard.lines.last().is_none_or(|(_, text)| text != last)
        && heard.gaps.last().is_none_or(|gap| gap.to.number() < u64::MAX)
    {
        match tokio::time::timeout(Duration::from_millis(500), subscription.next()).await {
            Ok(told) => heard.take_in(&told),
            // The last line was in a gap.
            Err(_) => break,
        }
        match draw(30) {
            0 => {
                let begin = Begin::At(subscription.position());
                subscription = world.system.tail(acme(), &world.request("line", begin, queue)).await.unwrap();
            }
            1 => {
                subscription.pause();
                tokio::task::yield_now().await;
                subscription.resume();
            }
            2..5 => tokio::time::sleep(Duration::from_millis(draw(4))).await,
            _ => {}
        }
    }
    heard
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_speed_lines_are_contiguous_or_the_gap_is_told() {
    // An inbox so small that the tail has to read the log now and then.
    let world = Arc::new(World::start(TailBounds { inbox_bytes_max: 3_000, ..bounds() }).await);
    let quick = tokio::spawn({
        let world = Arc::clone(&world);
        async move { wander(&world, 0, "line 599").await }
    });
    let readers: Vec<_> = (1..9)
        .map(|seed| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { wander(&world, seed, "line 599").await })
        })
        .collect();
    let mut sent = Vec::new();
    for number in (0..600).step_by(6) {
        let lines: Vec<String> = (number..number + 6)
            .flat_map(|number| [format!("line {number}"), format!("noise {number}")])
            .collect();
        world.send(acme(), &lines).await;
        world.send(TenantId::parse("bolt").unwrap(), &["line of bolt".to_owned()]).await;
        sent.extend((number..number + 6).map(|number| format!("line {number}")));
    }
    // The whole truth, from the log.
    let all = {
        let tail = world.tail("line", Begin::At(Seq::default())).await;
        let mut all = Heard::default();
        all.hear(&tail, sent.len()).await;
        all
    };
    assert_eq!(all.texts(), sent);
    for reader in readers.into_iter().chain([quick]) {
        check(&all, &reader.await.unwrap());
    }
    world.system.stop().await;
}

/// Every line was heard once, or is in a gap that counts it.
fn check(all: &Heard, heard: &Heard) {
    assert!(heard.lines.windows(2).all(|pair| pair[0].0 < pair[1].0), "lines do not rise");
    let numbers: BTreeSet<u64> = heard.lines.iter().map(|(seq, _)| *seq).collect();
    let mut missing = 0;
    for (seq, text) in &all.lines {
        let of_gap = |gap: &&Gap| (gap.from.number()..=gap.to.number()).contains(seq);
        match (numbers.contains(seq), heard.gaps.iter().find(of_gap)) {
            (true, None) => {}
            (false, Some(_)) => missing += 1,
            other => panic!("line {text}: {other:?}"),
        }
    }
    assert_eq!(missing, heard.missed());
}
