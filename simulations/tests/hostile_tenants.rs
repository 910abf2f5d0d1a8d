//! Memory of the column store when tenants are many and hostile.
//!
//! Ten thousand tenants at once, then one that sends a new field name in each line while another goes on as
//! usual, then lines of a hundred thousand fields and names of 64 KiB. Invariant: the memory that is resident
//! grows by no more than a stated bound, every line comes back byte for byte, what overflowed is found, and a
//! tenant beside a hostile one is served as before. It is alone in its process, because it measures all of it.
//! It does not measure time: `bench store` does. Works on Linux only.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use antler_config::limits::{LineLimits, QueryLimits};
use antler_events::clock::{SystemClock, Timestamp};
use antler_events::event::lines::Arrival;
use antler_events::files::{FileSystem, RealFiles};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::LineBatchBuilder;
use antler_events::query;
use antler_projections::index::columns::search::budget::Budget;
use antler_projections::index::columns::search::lines::{self, LineSearch, Order};
use antler_projections::index::columns::search::plan::Plan;
use antler_projections::index::columns::store::{ColumnStore, StoreOptions};
use antler_simulations::bench::memory::MemoryMark;

/// With the settings as they are: 128 MiB of open groups, two more that wait, blocks and directories.
const GROWTH_MAX: u64 = 350 << 20;
const PARTITION: PartitionId = PartitionId::new(0);
const ARRIVAL: Timestamp = Timestamp::from_nanos(1_772_352_000_000_000_000);
const TENANTS: usize = 10_000;
const LINES_PER_BATCH: usize = 20;
const NEW_NAMES: usize = 200_000;
const HOSTILE: &str = "hostile";
const CALM: &str = "calm";

struct World {
    store: ColumnStore,
    offset: u64,
}

impl World {
    fn open(dir: &Path) -> Self {
        let files: Arc<dyn FileSystem> = Arc::new(RealFiles);
        let opened = ColumnStore::open(&files, StoreOptions::new(dir.join("index"))).unwrap();
        Self { store: opened.store, offset: 0 }
    }

    fn apply(&mut self, tenant: &str, lines: impl Iterator<Item = Vec<u8>>) {
        let mut builder = LineBatchBuilder::new(LineLimits::default(), ARRIVAL);
        lines.for_each(|line| builder.push(&line).unwrap());
        self.offset += 1;
        let (offset, batch) = (Offset::new(self.offset), builder.finish());
        let applied = self.store.apply(id(tenant), PARTITION, offset, &batch, &Arrival::default()).unwrap();
        assert_eq!(applied.rows as usize, batch.len());
        if applied.seal_due {
            while self.store.seal_next().unwrap().is_some() {}
        }
    }

    fn seal(&self) {
        self.store.flush().unwrap();
        while self.store.seal_next().unwrap().is_some() {}
    }

    /// The lines that a question finds, the oldest first.
    fn ask(&self, tenant: &str, question: &str, limit: usize) -> Vec<Vec<u8>> {
        let asked = query::parse(question, ARRIVAL, &QueryLimits::default()).into_query().unwrap();
        let plan = Plan::new(&asked.filter).unwrap();
        let (clock, is_cancelled) = (SystemClock::new(), AtomicBool::new(false));
        let budget = Budget::alone(&clock, &is_cancelled);
        let period = (i64::MIN, i64::MAX);
        let search = LineSearch { plan: &plan, period, order: Order::OldestFirst, limit, after: None };
        let answer = lines::search(id(tenant), &self.store.snapshot().groups, &search, &budget);
        assert!(answer.damaged.is_empty() && answer.stopped.is_none(), "{question}");
        answer.hits.into_iter().map(|hit| hit.raw).collect()
    }
}

fn id(tenant: &str) -> TenantId {
    TenantId::parse(tenant).unwrap()
}

fn usual_line(tenant: usize, number: usize) -> Vec<u8> {
    let (user, took) = (number * 7_919 + tenant, number % 250);
    let level = ["info", "warn", "error"][number % 3];
    format!(
        "{{\"level\":\"{level}\",\"message\":\"user {user} of tenant {tenant} logged in after {took} ms\",\
         \"service\":\"api-{}\",\"trace_id\":\"{:032x}\",\"took\":{took}.5}}",
        tenant % 40,
        user * 31
    )
    .into_bytes()
}

fn line_with_a_new_name(number: usize) -> Vec<u8> {
    format!("{{\"level\":\"info\",\"name{number}\":\"value{number} word{number}\",\"n\":{number}}}")
        .into_bytes()
}

/// A hundred thousand fields, most of which are beyond what a line may have.
fn wide_line(number: usize) -> Vec<u8> {
    let fields: String = (0..100_000).map(|field| format!("\"{field:x}\":0,")).collect();
    format!("{{\"first\":{number},{fields}\"last\":\"lastword{number}\"}}").into_bytes()
}

/// Names of 64 KiB, names with control characters, one key twice, values that change their type.
fn odd_line(number: usize) -> Vec<u8> {
    let long = "k".repeat(64 << 10);
    let value = ["1", "\"one\"", "true", "null", "[]", "{\"a\":1}", "1e400", "[1,\"x\"]"][number % 8];
    format!(
        "{{\"{long}{number}\":\"oddword{number}\",\"\\u0001\\u001b[0m\":\"controlword{number}\",\
         \"twice\":1,\"twice\":\"second{number}\",\"changing\":{value}}}"
    )
    .into_bytes()
}

fn tenants_at_once(world: &mut World) {
    for round in 0..3 {
        for tenant in 0..TENANTS {
            let numbers = (0..LINES_PER_BATCH).map(|at| round * LINES_PER_BATCH + at);
            world.apply(&format!("tenant-{tenant}"), numbers.map(|number| usual_line(tenant, number)));
        }
    }
}

/// Two of three lines are hostile.
fn new_names_beside_a_calm_tenant(world: &mut World) {
    for first in (0..NEW_NAMES).step_by(LINES_PER_BATCH) {
        let numbers = first..first + LINES_PER_BATCH;
        world.apply(HOSTILE, numbers.clone().map(line_with_a_new_name));
        world.apply(CALM, numbers.step_by(2).map(|number| usual_line(0, number)));
    }
}

#[test]
fn hostile_tenants_are_bounded_and_hurt_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::open(folder.path());
    let mark = MemoryMark::set().unwrap();
    tenants_at_once(&mut world);
    let with_tenants = mark.grown_bytes().unwrap();
    world.seal();
    let groups = world.store.statistics().groups;
    new_names_beside_a_calm_tenant(&mut world);
    world.seal();
    let new_groups = world.store.statistics().groups - groups;
    let with_names = mark.grown_bytes().unwrap();
    (0..60).for_each(|number| world.apply("wide", [wide_line(number)].into_iter()));
    (0..200).for_each(|number| world.apply("odd", [odd_line(number)].into_iter()));
    world.seal();
    let grown = mark.grown_bytes().unwrap();
    println!(
        "{} MiB with {TENANTS} tenants, {} MiB with new names, {} MiB at last",
        with_tenants >> 20,
        with_names >> 20,
        grown >> 20
    );
    assert!(grown <= GROWTH_MAX, "{} MiB", grown >> 20);
    // The rows of both would fill 2.3 groups.
    assert!(new_groups <= 4, "{new_groups} groups of new names");
    check_lines(&world);
    check_questions(&world);
}

fn check_lines(world: &World) {
    for tenant in (0..TENANTS).step_by(1_117) {
        let expected: Vec<_> = (0..3 * LINES_PER_BATCH).map(|number| usual_line(tenant, number)).collect();
        assert_eq!(world.ask(&format!("tenant-{tenant}"), "*", 1_000), expected, "tenant {tenant}");
    }
    let check = |tenant: &str, expected: &mut dyn Iterator<Item = Vec<u8>>| {
        let found = world.ask(tenant, "*", usize::MAX);
        let mut count = 0;
        for (found, expected) in found.iter().zip(&mut *expected) {
            assert!(*found == expected, "line {count} of {tenant}");
            count += 1;
        }
        assert!(count == found.len() && expected.next().is_none(), "{count} lines of {tenant}");
    };
    check(HOSTILE, &mut (0..NEW_NAMES).map(line_with_a_new_name));
    check(CALM, &mut (0..NEW_NAMES).step_by(2).map(|number| usual_line(0, number)));
    check("wide", &mut (0..60).map(wide_line));
    check("odd", &mut (0..200).map(odd_line));
}

/// What was not refused a column, what was, and what no line has as a field.
fn check_questions(world: &World) {
    let check = |tenant: &str, question: &str, expected: Vec<Vec<u8>>| {
        assert!(world.ask(tenant, question, 10) == expected, "{question}");
    };
    for number in [3, 77_777, NEW_NAMES - 1] {
        let line = || vec![line_with_a_new_name(number)];
        check(HOSTILE, &format!("word{number}"), line());
        check(HOSTILE, &format!("name{number}:\"value{number} word{number}\""), line());
        check(HOSTILE, &format!("name{number}:word{number}"), line());
        check(HOSTILE, &format!("n:{number}"), line());
        check(CALM, &format!("word{number}"), Vec::new());
    }
    check("wide", "lastword7", vec![wide_line(7)]);
    check("wide", "first:8 lastword8", vec![wide_line(8)]);
    check("odd", "oddword9", vec![odd_line(9)]);
    check("odd", "controlword10", vec![odd_line(10)]);
    check("odd", "twice:second11 and twice:1", vec![odd_line(11)]);
}
