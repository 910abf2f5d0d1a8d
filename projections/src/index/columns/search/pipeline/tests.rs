//! Pipes over groups against the same pipes on every passing line, in plain code.
//!
//! Invariant: the same table, and the same lines behind it. The grammar of lines and filters is that of the query
//! language's own tests.

use std::sync::atomic::AtomicBool;

use antler_config::limits::{PipeLimits, QueryLimits};
use antler_events::clock::{SystemClock, Timestamp};
use antler_events::query::diagnose::Diagnostics;
use antler_events::query::pipe::pipeline::Warning;
use antler_events::query::pipe::{Context, Pipe, TimeRange};
use antler_events::query::tree::FieldName;
use antler_events::query::{generate, pipe, reference};
use proptest::prelude::*;
use proptest::sample::select;

use super::super::tests::{Batch, Sharing, open, sealed, tenant, with_budgets, with_sharing};
use super::*;
use crate::index::columns::group::SealedGroup;
use crate::index::columns::open::OpenGroup;

const PIPES: [&str; 43] = [
    "limit 3",
    "where a > 5 | fields a, message | limit 2",
    "fields service, a",
    "drop a | sort by b desc, timestamp",
    "sort by timestamp desc, a | limit 4",
    "eval c = a * 2 | stats sum(c) by level",
    "extract \"<n>out\" | stats count() by n",
    "patterns",
    "limit 4 | stats count() by level",
    "where a:* | stats count()",
    "stats count()",
    "stats count(a), count(message), count(tags), rate()",
    "stats count() by level",
    "stats count() by service, level",
    "stats sum(a), avg(a), min(a), max(a), p50(a), p95(a), distinct(a), rate(a)",
    "stats sum(a), avg(b_kb), min(message), max(a_ms), p50(a), distinct(message) by service",
    "stats first(a), last(message), min(timestamp), max(timestamp), distinct(timestamp) by level",
    "stats first(level), last(host) by host",
    "stats count() by bin(1h), level",
    "stats p99(a_ms), first(b) by bin(7m), service",
    "stats count() by bin(timestamp, 1w)",
    "stats count() by bin(a, 2)",
    "stats sum(b) by bin(a, 0.5), level | where level:* or sum_b > 1 | sort by sum_b",
    "stats count() by timestamp",
    "stats count() by time, a",
    "stats count() by tags",
    "stats count() by message | sort by count desc | limit 2",
    "stats count() by environment, source",
    "top a",
    "top 2 service by level",
    "rare 3 message",
    "uniq service, host",
    "uniq a, b, level | stats count() by level",
    "uniq msg, app, severity, b_kb, é",
    "stats distinct(rid), count(rid)",
    "stats distinct(rid) by service",
    "where a_ms > 60000 | stats distinct(rid), distinct(a_ms)",
    "where a_ms:1* | stats distinct(message), distinct(tags) by level",
    "top host",
    "stats count(), rate() by host",
    "stats count() by level",
    "stats p95(a), p50(a_ms), avg(a), sum(a_ms), min(a), max(a), count(a) by service, level",
    "stats rate(a), sum(b), max(b) by bin(1m)",
];

fn pipes(text: &str) -> Vec<Pipe> {
    let mut diagnostics = Diagnostics::new(10);
    let pipes = pipe::parse(text, 0, generate::ARRIVAL, &QueryLimits::default(), &mut diagnostics);
    let complaints = diagnostics.into_sorted();
    assert!(complaints.is_empty(), "{text}: {complaints:?}");
    pipes.into_iter().map(|(pipe, _)| pipe).collect()
}

fn context() -> Context {
    let to = Timestamp::from_nanos(generate::ARRIVAL.nanos() + 3_600_000_000_000);
    let range = TimeRange { from: generate::ARRIVAL, to, utc_offset_seconds: 5_400 };
    Context { range, limits: PipeLimits::default() }
}

/// The table that the pipeline makes of the passing lines of a tenant, and all of those lines, newest first.
fn expected(
    batches: &[Batch],
    of: u8,
    (filter, period): (&Filter, Period),
    mut pipeline: Pipeline,
) -> (Table, Vec<Vec<u8>>) {
    let fields: Vec<FieldName> = pipeline.reads().iter().map(|read| read.field.clone()).collect();
    let filter = Filter::all_of(vec![filter.clone(), pipeline.filter().clone()]);
    let mut passing = Vec::new();
    for ((_, lines, defaults), offset) in batches.iter().zip(1u64..).filter(|((other, ..), _)| *other == of) {
        let batch = generate::batch(lines);
        for (line, at) in batch.lines().zip(0u32..) {
            let is_inside = (period.0..=period.1).contains(&line.timestamp().nanos());
            if is_inside && reference::matches(&filter, line, defaults) {
                let cells: Vec<Cell> =
                    fields.iter().map(|field| Cell::of_line(line, defaults, field)).collect();
                passing.push(((line.timestamp(), offset, at), line.raw().to_vec(), cells));
            }
        }
    }
    passing.sort_by_key(|(position, ..)| std::cmp::Reverse(*position));
    let (mut raw, mut flow) = (Vec::new(), Flow::More);
    for (key, (_, line, cells)) in passing.into_iter().enumerate() {
        if flow == Flow::More {
            flow = pipeline.push_row(key as u128, cells);
        }
        raw.push(line);
    }
    (pipeline.finish(), raw)
}

const ALL_TIME: Period = (i64::MIN, i64::MAX);

impl SearchGroup for OpenGroup {
    fn span(&self) -> (i64, i64) {
        GroupView::span(self).unwrap()
    }

    fn with<R>(&self, read: impl FnOnce(&dyn GroupView) -> R) -> Result<R, ReadError> {
        Ok(read(self))
    }
}

fn check(batches: &[Batch], filter: &Filter, text: &str) {
    check_in(batches, &open(batches), filter, text, ALL_TIME);
}

fn check_in(batches: &[Batch], group: &OpenGroup, filter: &Filter, text: &str, period: Period) {
    check_groups(batches, &sealed(group), filter, text, period);
    check_groups(batches, std::slice::from_ref(group), filter, text, period);
}

fn check_groups<S: SearchGroup + Sync>(
    batches: &[Batch],
    groups: &[S],
    filter: &Filter,
    text: &str,
    period: Period,
) {
    let context = context();
    let pipeline = Pipeline::new(&pipes(text), &context).unwrap();
    let plan = plan(filter, &pipeline).unwrap();
    for number in 0..2 {
        let (table, raw) = expected(batches, number, (filter, period), pipeline.clone());
        let wanted = table.lines.iter().flat_map(|lines| &lines.keys);
        let wanted: Vec<Vec<u8>> = wanted.map(|key| raw[*key as usize].clone()).collect();
        with_budgets(batches.len() + text.len(), |budget| {
            let asked = PipeSearch { plan: &plan, period, pipeline: pipeline.clone(), context: &context };
            let answer = run(tenant(number), groups, asked, budget);
            assert!(answer.damaged.is_empty() && answer.stopped.is_none());
            assert_eq!(shown(&answer.table), shown(&table), "{text}");
            let lines = answer.table.lines.map(|lines| lines.keys).unwrap_or_default();
            let mut damaged = Vec::new();
            let found = hits(groups, &lines, &mut damaged).into_iter().map(|hit| hit.unwrap().raw);
            assert_eq!(found.collect::<Vec<_>>(), wanted, "{text}");
        });
    }
}

type Shown = (Vec<std::sync::Arc<str>>, Vec<Vec<Cell>>, Vec<Warning>);

fn shown(table: &Table) -> Shown {
    (table.columns.clone(), table.rows.clone(), table.warnings.clone())
}

/// Lines of eleven days, each a group, one in two of another tenant.
fn eleven_days() -> Vec<SealedGroup> {
    let day = |number: u64| -> Vec<Vec<u8>> {
        let line = |n: u64| {
            let (time, value) = (1_772_366_400_000 + (number * 20 + n) * 4_320_000, n * 7 % 31 + number);
            format!(r#"{{"time":{time},"service":"s{value}","a":{n}.5,"rid":"{}"}}"#, id(value))
        };
        (0..20).map(|n| line(n).into_bytes()).collect()
    };
    let batches: Vec<Batch> =
        (0..22).map(|number| ((number % 2) as u8, day(number / 2), Default::default())).collect();
    sealed(&open(&batches))
}

#[test]
fn limits_cut_the_same_whoever_joins_in() {
    let groups = eleven_days();
    assert!(groups.len() > 8, "{}", groups.len());
    let few =
        |groups_max, group_bytes_max| PipeLimits { groups_max, group_bytes_max, ..PipeLimits::default() };
    let small = PipeLimits { distinct_values_max: 9, percentile_values_max: 7, ..few(30, 100_000) };
    for limits in [few(5, 1 << 20), few(1_000, 2_000), few(1_000, 0), small] {
        let context = Context { limits, ..context() };
        for text in PIPES {
            let pipeline = Pipeline::new(&pipes(text), &context).unwrap();
            let plan = plan(&Filter::All, &pipeline).unwrap();
            let answer = |budget: &Budget<'_>| {
                let asked = PipeSearch {
                    plan: &plan,
                    period: ALL_TIME,
                    pipeline: pipeline.clone(),
                    context: &context,
                };
                let answer = run(tenant(0), &groups, asked, budget);
                assert!(answer.damaged.is_empty() && answer.stopped.is_none());
                shown(&answer.table)
            };
            let (clock, is_cancelled) = (SystemClock::new(), AtomicBool::new(false));
            let alone = answer(&Budget::alone(&clock, &is_cancelled));
            for sharing in Sharing::ALL {
                with_sharing(sharing, u64::MAX, |budget| assert_eq!(answer(budget), alone, "{text}"));
            }
        }
    }
}

#[test]
fn a_deadline_ends_what_is_shared() {
    let (groups, context) = (eleven_days(), context());
    for text in ["stats count(a) by service", "sort by a", "stats count()"] {
        let pipeline = Pipeline::new(&pipes(text), &context).unwrap();
        let plan = plan(&Filter::All, &pipeline).unwrap();
        for (sharing, seconds) in
            Sharing::ALL.into_iter().flat_map(|sharing| [0, 2, 4, 7].map(|at| (sharing, at)))
        {
            with_sharing(sharing, seconds, |budget| {
                let asked = PipeSearch {
                    plan: &plan,
                    period: ALL_TIME,
                    pipeline: pipeline.clone(),
                    context: &context,
                };
                assert_eq!(run(tenant(0), &groups, asked, budget).stopped, Some(Stop::Deadline), "{text}");
            });
        }
    }
}

#[test]
fn a_search_that_is_cancelled_says_so() {
    let batches: Vec<Batch> = vec![(0, vec![br#"{"a":1}"#.to_vec()], Default::default())];
    let context = context();
    let pipeline = Pipeline::new(&pipes("stats count()"), &context).unwrap();
    let plan = plan(&Filter::All, &pipeline).unwrap();
    let (clock, is_cancelled) = (SystemClock::new(), AtomicBool::new(true));
    let budget = Budget::alone(&clock, &is_cancelled);
    let asked = PipeSearch { plan: &plan, period: ALL_TIME, pipeline, context: &context };
    let answer = run(tenant(0), &sealed(&open(&batches)), asked, &budget);
    assert_eq!(answer.stopped, Some(Stop::Cancelled));
    assert_eq!(answer.table.rows, [[Cell::count(0)]]);
}

/// Ids of three kinds, and now and then what is none.
fn id(number: u64) -> String {
    let high = number.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    match number % 5 {
        0 => format!("{high:016x}"),
        1 => format!("{high:016x}{number:016x}"),
        2 => format!("{high:016X}{number:016x}"),
        3 => format!("{:08x}-0000-4000-8000-{:012x}", high >> 32, number),
        _ => format!("none-{}", number % 3),
    }
}

/// Many lines: services that repeat, numbers of two scales, ids that do not repeat, now and then another shape.
fn many(count: u64) -> Vec<Vec<u8>> {
    let line = |n: u64| {
        let drawn = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let (service, level, ms) = (drawn >> 60, ["info", "warn", "error"][(n % 3) as usize], drawn >> 48);
        let time = 1_772_366_400_000 + n * 250;
        match n % 50 {
            0 => format!("plain {ms}"),
            2 => format!(r#"{{"time":{time},"level":"odd{level}","service":{service},"a":1}}"#),
            3 => format!(r#"{{"time":{time},"severity":40,"app":"s{service}","a":1}}"#),
            1 => format!(r#"{{"time":{time},"a":["x",{ms}],"b":"{}","tags":["t{service}"]}}"#, ms % 10),
            _ => format!(
                r#"{{"time":{time},"level":"{level}","service":"s{service}","host":"h{service}","a":{}.{},"a_ms":{ms},"message":"id {drawn:x}","rid":"{}"}}"#,
                ms % 100,
                ms % 10,
                id(drawn >> 52)
            ),
        }
    };
    (0..count).map(|n| line(n).into_bytes()).collect()
}

/// What the cells of a roll-up know, or nearly.
const COUNTED_PIPES: [&str; 10] = [
    "stats count()",
    "stats count() by bin(1m), level",
    "stats count(), rate() by bin(5m)",
    "stats count() by service, bin(2m), level",
    "stats count(), count(level), distinct(service), min(service) by bin(1m)",
    "stats count() by bin(90s), level",
    "top service",
    "rare 2 level by service",
    "uniq service, level",
    "stats first(level) by service",
];

fn filters() -> impl Strategy<Value = Filter> {
    let texts = [
        "*",
        "level:error",
        "not level:error and service:*",
        "service:(s1 or s2 or plain)",
        "level:warn or service:s3",
        "not service:s*",
        "level:*",
        "level:warn* and not (service:s4 or level:info)",
        "a_ms > 30000 and level:info",
        "timestamp >= \"2026-03-01T12:05:07Z\" and level:(info or error)",
        "not timestamp < \"2026-03-01T12:05:07Z\"",
    ];
    select(texts.to_vec()).prop_map(|text| {
        let parsed = antler_events::query::parse(text, generate::ARRIVAL, &QueryLimits::default());
        parsed.into_query().unwrap().filter
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn counted_groups_give_the_table_of_all_passing_lines(
        sizes in proptest::collection::vec((0u8..2, 1u64..900), 1..4),
        filter in filters(),
        (from, length) in (-60i64..500, 0i64..700),
        is_cut in any::<bool>(),
        is_turned in any::<bool>(),
    ) {
        let start = 1_772_366_400_000_000_000 + from * 777_777_777;
        let period = if is_cut { (start, start + length * 777_777_777) } else { ALL_TIME };
        let lines = |count| {
            let mut lines = many(count);
            if is_turned {
                lines.reverse();
            }
            lines
        };
        let batches: Vec<Batch> =
            sizes.into_iter().map(|(of, count)| (of, lines(count), Default::default())).collect();
        let group = open(&batches);
        COUNTED_PIPES.iter().for_each(|pipes| check_in(&batches, &group, &filter, pipes, period));
    }
}

#[test]
fn large_groups_give_the_table_of_all_passing_lines() {
    let batches: Vec<Batch> = vec![
        (1, many(700), Default::default()),
        (0, many(5_000), Default::default()),
        (0, many(300), Default::default()),
    ];
    PIPES.iter().for_each(|pipes| check(&batches, &Filter::All, pipes));
    let of_one: Vec<Batch> = vec![(0, many(20_000), Default::default())];
    PIPES.iter().for_each(|pipes| check(&of_one, &Filter::All, pipes));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn groups_give_the_table_of_all_passing_lines(
        batches in proptest::collection::vec((0u8..2, generate::lines(6), generate::defaults()), 1..4),
        filter in generate::filter(),
        pipes in select(PIPES.to_vec()),
        is_filtered in any::<bool>(),
    ) {
        check(&batches, if is_filtered { &filter } else { &Filter::All }, pipes);
    }
}
