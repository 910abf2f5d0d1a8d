//! The column store as an index: the conformance suite with small and large groups, damage, cancellation.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use antler_config::limits::{LineLimits, QueryLimits};
use antler_events::clock::{Clock, SystemClock, Timestamp};
use antler_events::event::lines::Arrival;
use antler_events::files::{FileSystem, RealFiles};
use antler_events::line::LineBatchBuilder;
use tempfile::TempDir;

use super::*;
use crate::index::columns::store::StoreOptions;
use crate::index::conformance::tests::at_once;
use crate::index::conformance::{CASES, IndexUnderTest};
use crate::index::port::feed::TenantLines;
use crate::index::port::{
    Cost, Coverage, InlineWorkers, JobList, Period, Step, Total, Warning, Work, WorkLost,
};

/// Passes a little whenever it is looked at, so that questions end at every place.
#[derive(Debug, Default)]
struct TickingClock {
    nanos: AtomicU64,
    /// Beside one nanosecond.
    step: u64,
}

impl Clock for TickingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(0)
    }

    fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.nanos.fetch_add(1 + self.step, Ordering::Relaxed))
    }
}

#[derive(Debug)]
struct InFolder {
    dir: TempDir,
    rows_max: u32,
    clock: Arc<dyn Clock>,
    workers: Arc<dyn Workers>,
}

impl InFolder {
    fn new(rows_max: u32, clock: Arc<dyn Clock>) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), rows_max, clock, workers: Arc::new(InlineWorkers) }
    }

    fn open(&self) -> ColumnIndex {
        open(self.dir.path(), self.rows_max, &self.clock, Arc::clone(&self.workers))
    }
}

fn open(dir: &Path, rows_max: u32, clock: &Arc<dyn Clock>, workers: Arc<dyn Workers>) -> ColumnIndex {
    let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
    let options = StoreOptions { rows_max, ..StoreOptions::new(dir.to_owned()) };
    ColumnIndex::new(ColumnStore::open(&files, options).unwrap().store, Arc::clone(clock), workers)
}

impl IndexUnderTest for InFolder {
    fn index(&self) -> Arc<dyn SearchIndex> {
        Arc::new(self.open())
    }

    fn reopen(&self) -> Option<Arc<dyn SearchIndex>> {
        Some(Arc::new(self.open()))
    }
}

fn conforms(rows_max: u32, clock: &Arc<dyn Clock>, workers: &Arc<dyn Workers>) {
    for case in CASES {
        println!("{}", case.name);
        let folder = InFolder::new(rows_max, Arc::clone(clock));
        at_once((case.run)(Arc::new(InFolder { workers: Arc::clone(workers), ..folder })));
    }
}

/// Two threads join in, or come too late.
#[derive(Debug)]
struct ThreeThreads;

impl Workers for ThreeThreads {
    fn run(&self, work: Work) -> BoxFuture<'static, Result<(), WorkLost>> {
        InlineWorkers.run(work)
    }

    fn width(&self) -> usize {
        3
    }

    fn share(&self, count: usize, job: &(dyn Fn(usize) + Sync)) {
        let jobs = JobList::new(count);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| jobs.work_off(job));
            }
            jobs.work_off(job);
        });
    }
}

#[test]
fn it_conforms_with_small_groups_that_are_shared() {
    let clock = TickingClock { step: 50_000, ..TickingClock::default() };
    conforms(150, &(Arc::new(clock) as Arc<dyn Clock>), &(Arc::new(ThreeThreads) as Arc<dyn Workers>));
}

fn inline() -> Arc<dyn Workers> {
    Arc::new(InlineWorkers)
}

#[test]
fn it_conforms_with_small_groups() {
    conforms(150, &(Arc::new(TickingClock::default()) as Arc<dyn Clock>), &inline());
}

#[test]
fn it_conforms_with_one_large_group() {
    conforms(131_072, &(Arc::new(SystemClock::new()) as Arc<dyn Clock>), &inline());
}

const BOUNDS: Bounds = Bounds { time: Duration::from_secs(3_600), memory_bytes: 64 << 20 };
const START: i64 = 1_772_352_000_000_000_000;
const DAY: i64 = 86_400_000_000_000;

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

/// Ten lines on each of five days, each day in its group.
fn fill(index: &ColumnIndex) {
    for day in 0..5u64 {
        let received_at = Timestamp::from_nanos(START + day as i64 * DAY);
        let mut builder = LineBatchBuilder::new(LineLimits::default(), received_at);
        for line in 0..10 {
            let text = format!(
                r#"{{"message":"day{day} line {line}","level":"error","host":"h-{}","ms":{line}}}"#,
                line % 2
            );
            builder.push(text.as_bytes()).unwrap();
        }
        let lines = TenantLines {
            tenant: tenant(),
            batch: Arc::new(builder.finish()),
            arrival: Arc::new(Arrival::default()),
        };
        let batch = BatchAt { offset: Offset::new(day + 1), lines: Some(lines) };
        at_once(index.apply(PartitionId::new(0), vec![batch])).unwrap();
        at_once(index.flush()).unwrap();
    }
}

fn group_files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> =
        std::fs::read_dir(dir.join("groups")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn texts(page: &LinePage) -> Vec<String> {
    page.lines.iter().map(|line| String::from_utf8_lossy(&line.raw).into_owned()).collect()
}

#[test]
fn a_damaged_group_is_named_and_taken_out_and_the_rest_is_right() {
    let folder = InFolder::new(10, Arc::new(SystemClock::new()));
    let index = folder.open();
    fill(&index);
    let whole = at_once(index.search(tenant(), LineQuery::newest(100), BOUNDS)).unwrap();
    assert_eq!((whole.lines.len(), whole.coverage.is_partial), (50, false));
    drop(index);
    let file = group_files(folder.dir.path()).remove(2);
    let mut bytes = std::fs::read(&file).unwrap();
    for byte in bytes.iter_mut().skip(16).take(200) {
        *byte ^= 0x55;
    }
    std::fs::write(&file, bytes).unwrap();
    let index = folder.open();
    let query = LineQuery { wants_total: true, ..LineQuery::newest(100) };
    for round in 0..2 {
        let page = at_once(index.search(tenant(), query.clone(), BOUNDS)).unwrap();
        let others: Vec<_> = texts(&whole).into_iter().filter(|text| !text.contains("day2")).collect();
        assert_eq!(texts(&page), others, "round {round}");
        assert!(page.coverage.is_partial && matches!(page.total, Some(Total::AtLeast(_))));
        let is_named = page.coverage.warnings.iter().any(|warning| match warning {
            Warning::Unreadable { part, .. } => round == 0 && part == "group 3",
            Warning::SetAside { part, .. } => round == 1 && part == "group 3",
            _ => false,
        });
        assert!(is_named, "round {round}: {:?}", page.coverage);
    }
    assert_eq!(index.statistics().set_aside.len(), 1);
    assert!(!at_once(index.verify()).unwrap().is_whole());
    // Days without damage are whole.
    let period = Period { first: whole.lines[0].position.time, ..Period::ALWAYS };
    let page = at_once(index.search(tenant(), LineQuery { period, ..query }, BOUNDS)).unwrap();
    assert_eq!((page.lines.len(), page.coverage), (10, Coverage::whole()));
}

/// Keeps work for later.
#[derive(Debug, Default)]
struct LateWorkers(Mutex<Vec<Held>>);

struct Held(Work);

impl fmt::Debug for Held {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Held")
    }
}

impl Workers for LateWorkers {
    fn run(&self, work: Work) -> BoxFuture<'static, Result<(), WorkLost>> {
        self.0.lock().unwrap().push(Held(work));
        Box::pin(std::future::pending())
    }
}

#[test]
fn a_question_that_nobody_waits_for_reads_nothing() {
    let ticks = Arc::new(TickingClock::default());
    let clock = Arc::clone(&ticks) as Arc<dyn Clock>;
    let folder = InFolder::new(10, Arc::clone(&clock));
    fill(&folder.open());
    let workers = Arc::new(LateWorkers::default());
    let index = open(folder.dir.path(), 10, &clock, Arc::clone(&workers) as Arc<dyn Workers>);
    for is_dropped in [false, true] {
        let mut asked = index.search(tenant(), LineQuery::newest(100), BOUNDS);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(asked.as_mut().poll(&mut context).is_pending());
        let kept = (!is_dropped).then_some(asked);
        let before = ticks.nanos.load(Ordering::Relaxed);
        let work = workers.0.lock().unwrap().pop().unwrap();
        (work.0)();
        let has_read = ticks.nanos.load(Ordering::Relaxed) > before;
        assert_eq!(has_read, !is_dropped);
        drop(kept);
    }
}

/// Never runs anything.
#[derive(Debug)]
struct LostWorkers;

impl Workers for LostWorkers {
    fn run(&self, _work: Work) -> BoxFuture<'static, Result<(), WorkLost>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

#[test]
fn work_that_is_not_done_is_an_error() {
    let folder = InFolder::new(10, Arc::new(SystemClock::new()));
    let index = open(folder.dir.path(), 10, &folder.clock, Arc::new(LostWorkers));
    let answer = at_once(index.search(tenant(), LineQuery::newest(1), BOUNDS));
    assert!(matches!(answer, Err(SearchError::Lost(_))), "{answer:?}");
    assert!(matches!(at_once(index.flush()), Err(IndexError::Lost(_))));
}

fn explain(index: &ColumnIndex, text: &str, query: &LineQuery) -> Explanation {
    let parsed = antler_events::query::parse(text, Timestamp::from_nanos(0), &QueryLimits::default());
    let query = LineQuery { filter: parsed.into_query().unwrap().filter, ..query.clone() };
    let explanation = at_once(index.explain(tenant(), query, BOUNDS)).unwrap();
    for step in &explanation.steps {
        assert_eq!(step.parts, 5);
        assert_eq!(step.ways.iter().map(|way| way.parts).sum::<u64>(), 5, "{explanation}");
        let (mut cost, mut names) = (Cost::default(), BTreeSet::new());
        step.ways.iter().for_each(|way| cost.add(way.cost));
        step.ways.iter().for_each(|way| names.extend(way.names.clone()));
        assert_eq!(cost, step.cost, "{explanation}");
        assert_eq!(names, (1..=5).map(|number| format!("group {number}")).collect(), "{explanation}");
    }
    explanation
}

/// Parts of a step whose way begins so.
fn parts(step: &Step, begin: &str) -> u64 {
    step.ways.iter().filter(|way| way.what.starts_with(begin)).map(|way| way.parts).sum()
}

#[test]
fn an_explanation_accounts_for_every_group() {
    let folder = InFolder::new(10, Arc::new(SystemClock::new()));
    let index = folder.open();
    fill(&index);
    let newest = explain(&index, "*", &LineQuery::newest(5));
    assert_eq!(parts(&newest.steps[0], "not needed"), 4, "{newest}");
    assert_eq!(newest.steps[0].ways[0].names, ["group 5"], "{newest}");
    let absent = explain(&index, "nowheretobefound", &LineQuery::newest(5));
    assert_eq!((parts(&absent.steps[0], "left out by the filter"), absent.lines), (5, 0), "{absent}");
    let one = explain(&index, "day3", &LineQuery::newest(50));
    assert_eq!((one.lines, parts(&one.steps[0], "answered by templates")), (10, 5), "{one}");
    let cost = one.steps[0].cost;
    assert!(cost.stored_bytes_read + cost.cached_bytes_read > 0 && cost.took > Duration::ZERO, "{one}");
}

#[test]
fn an_explanation_names_the_way_of_each_group() {
    let folder = InFolder::new(10, Arc::new(SystemClock::new()));
    let index = folder.open();
    fill(&index);
    let counting = || LineQuery { wants_total: true, ..LineQuery::newest(1) };
    let check = |text: &str, expected: &str| {
        let explanation = explain(&index, text, &counting());
        assert_eq!(parts(&explanation.steps[1], expected), 5, "{text}: {explanation}");
    };
    check("nowheretobefound", "left out by the filter of tokens");
    check("service:api or not service:*", "counted by the roll-up");
    check("level:error", "counted by the roll-up");
    check("host:h-1", "counted by dictionaries");
    check("message:line", "counted by templates, without rows");
    check("message:line and host:h-1", "answered by templates");
    check("ms > 3 and host:h-1", "answered by dictionaries and numbers");
    let period = Period { first: Timestamp::from_nanos(START + 3 * DAY), ..Period::ALWAYS };
    let late = explain(&index, "level:error", &LineQuery { period, ..counting() });
    assert_eq!(parts(&late.steps[1], "outside the time"), 3, "{late}");
}
