//! Lines and questions for the cases.
//!
//! Invariant: the same call gives the same lines. It asserts only that what it was asked to feed is taken.

use std::sync::Arc;
use std::time::Duration;

use antler_config::limits::{LineLimits, PipeLimits, QueryLimits};
use antler_events::clock::Timestamp;
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::line::{LineBatch, LineBatchBuilder};
use antler_events::query::diagnose::Diagnostics;
use antler_events::query::pipe::{self, Context, Pipe, TimeRange};
use antler_events::query::tree::Filter;

use crate::index::port::feed::TenantLines;
use crate::index::port::{
    After, ApplyReport, BatchAt, Bounds, FoundLine, LinePage, LineQuery, Order, Period, SearchIndex,
    TableQuery,
};

/// 2026-03-01T08:00:00Z.
pub(super) const START: i64 = 1_772_352_000_000_000_000;
pub(super) const SECOND: i64 = 1_000_000_000;
pub(super) const DAY: i64 = 86_400 * SECOND;

pub(super) const BOUNDS: Bounds = Bounds { time: Duration::from_secs(3_600), memory_bytes: 64 << 20 };

pub(super) fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).expect("a good name")
}

pub(super) fn partition(number: u16) -> PartitionId {
    PartitionId::new(number)
}

pub(super) fn at(nanos: i64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

/// Seconds after the start.
pub(super) fn second(seconds: i64) -> Timestamp {
    at(START + seconds * SECOND)
}

/// Lines of a tenant at an offset; lines without a time of their own have that of the arrival.
pub(super) fn event(name: &str, offset: u64, received_at: Timestamp, lines: &[impl AsRef<[u8]>]) -> BatchAt {
    said(name, offset, received_at, lines, LineDefaults::default())
}

/// The same with what the sender said for all lines.
pub(super) fn said(
    name: &str,
    offset: u64,
    received_at: Timestamp,
    lines: &[impl AsRef<[u8]>],
    defaults: LineDefaults,
) -> BatchAt {
    let lines = TenantLines {
        tenant: tenant(name),
        batch: Arc::new(batch(received_at, lines)),
        arrival: Arc::new(Arrival { protocol: "http".to_owned(), origin: "192.0.2.7".to_owned(), defaults }),
    };
    BatchAt { offset: Offset::new(offset), lines: Some(lines) }
}

fn batch(received_at: Timestamp, lines: &[impl AsRef<[u8]>]) -> LineBatch {
    let mut builder = LineBatchBuilder::new(LineLimits::default(), received_at);
    for line in lines {
        let line = line.as_ref();
        builder.push(line).or_else(|_| builder.push_plain(line)).expect("a line that is not too long");
    }
    builder.finish()
}

/// Applies events, and does what is due where there is no room for them.
pub(super) async fn feed(index: &dyn SearchIndex, number: u16, events: Vec<BatchAt>) -> ApplyReport {
    let mut report = index.apply(partition(number), events.clone()).await.expect("events are applied");
    while report.refused.is_some() {
        assert!(index.upkeep().await.expect("upkeep"), "who refuses has something to do");
        let rest: Vec<_> = events.iter().filter(|event| event.offset > report.applied).cloned().collect();
        let next = index.apply(partition(number), rest).await.expect("events are applied");
        report = ApplyReport {
            events: report.events + next.events,
            lines: report.lines + next.lines,
            known: report.known + next.known,
            ..next
        };
    }
    report
}

/// Does everything that is due.
pub(super) async fn keep_up(index: &dyn SearchIndex) {
    while index.upkeep().await.expect("upkeep") {}
}

pub(super) fn filter(text: &str) -> Filter {
    let parsed = antler_events::query::parse(text, second(0), &QueryLimits::default());
    parsed.into_query().expect("a good filter").filter
}

pub(super) fn newest(text: &str, limit: u32) -> LineQuery {
    LineQuery { filter: filter(text), asked_at: second(0), ..LineQuery::newest(limit) }
}

pub(super) fn oldest(text: &str, limit: u32) -> LineQuery {
    LineQuery { order: Order::OldestFirst, ..newest(text, limit) }
}

pub(super) fn seconds(first: i64, last: i64) -> Period {
    Period { first: second(first), last: second(last) }
}

pub(super) fn pipes(text: &str) -> Vec<Pipe> {
    let mut diagnostics = Diagnostics::new(50);
    let pipes = pipe::parse(text, 0, second(0), &QueryLimits::default(), &mut diagnostics);
    assert_eq!(diagnostics.into_sorted(), [], "{text}");
    pipes.into_iter().map(|(pipe, _)| pipe).collect()
}

/// Pipes over all lines that a filter wants, of the ten days from the start on.
pub(super) fn table(text: &str, of: &str) -> TableQuery {
    let range = TimeRange { from: at(START - DAY), to: at(START + 9 * DAY), utc_offset_seconds: 0 };
    let context = Context { range, limits: PipeLimits::default() };
    TableQuery { filter: filter(of), pipes: pipes(text), context }
}

pub(super) async fn page(index: &dyn SearchIndex, name: &str, query: LineQuery) -> LinePage {
    index.search(tenant(name), query, BOUNDS).await.expect("a page")
}

/// All lines by pages, and how many pages that took.
pub(super) async fn by_pages(
    index: &dyn SearchIndex,
    name: &str,
    query: LineQuery,
    bounds: impl Fn(usize) -> Bounds,
) -> (Vec<FoundLine>, usize) {
    let mut lines = Vec::new();
    let mut query = query;
    for number in 0..100_000 {
        let page = index.search(tenant(name), query.clone(), bounds(number)).await.expect("a page");
        assert!(page.lines.len() <= query.limit as usize, "a page has at most its limit");
        assert!(page.next.is_some() || !page.coverage.is_partial, "what is partial can be gone on with");
        lines.extend(page.lines);
        let Some(next) = page.next else { return (lines, number + 1) };
        query.after = Some(After::Cursor(next));
    }
    panic!("paging does not end");
}

/// What lines say, in the order of the answer.
pub(super) fn texts(lines: &[FoundLine]) -> Vec<String> {
    lines.iter().map(|line| String::from_utf8_lossy(&line.raw).into_owned()).collect()
}

/// Events of three tenants in two partitions: times go forth and back, many are the same, services and levels
/// change. Answers those of each partition.
pub(super) fn mixed(count: u64, lines_each: u64) -> [Vec<BatchAt>; 2] {
    let mut partitions = [Vec::new(), Vec::new()];
    for number in 0..count {
        let name = ["acme", "bolt", "acme", "acme", "cord"][number as usize % 5];
        let received_at = second(number as i64 * 3);
        let lines: Vec<String> = (0..lines_each).map(|line| mixed_line(number, line)).collect();
        let defaults = LineDefaults {
            service: Some(["api", "web gate"][number as usize % 2].to_owned()),
            level: (number % 3 == 0).then(|| "warn".to_owned()),
            tags: (0..number % 3).map(|tag| format!("tag-{tag}")).collect(),
            ..LineDefaults::default()
        };
        let events = &mut partitions[(number % 2) as usize];
        events.push(said(name, 1 + number / 2, received_at, &lines, defaults));
    }
    partitions
}

fn mixed_line(number: u64, line: u64) -> String {
    // Whole seconds, so that many are the same; some are minutes late.
    let late = if (number + line).is_multiple_of(7) { 400 } else { 0 };
    let time = second((number * 3 + line % 3) as i64 - late);
    let id = number * 1_000 + line;
    match (number + line) % 6 {
        0 => format!(
            r#"{{"@timestamp":"{time}","level":"info","message":"request {id} took {line} ms","ms":{line}}}"#
        ),
        1 => format!("plain {id} \u{6f22}\u{5b57} error without fields"),
        2 => format!(
            r#"{{"time":"{time}","severity":"ERROR","msg":"timeout of {id}","host":"h-{}","ok":false}}"#,
            id % 4
        ),
        3 => format!(
            r#"{{"ts":"{time}","service":"db","a":{{"b":[1,"two",{}]}},"message":"größe"}}"#,
            line % 5
        ),
        4 => format!(
            r#"{{"@timestamp":"{time}","level":"debug","user":"u{}","path":"/x/{}"}}"#,
            id % 10,
            line % 3
        ),
        _ => format!(r#"{{"message":"no time {id}","n":{}.50,"e":null,"f":[]}}"#, id % 8),
    }
}

/// Feeds the mixed events, in turns.
pub(super) async fn feed_mixed(index: &dyn SearchIndex, partitions: &[Vec<BatchAt>; 2]) {
    let longest = partitions.iter().map(Vec::len).max().unwrap_or(0);
    for at in (0..longest).step_by(3) {
        for (events, number) in partitions.iter().zip(0..) {
            let some: Vec<_> = events.iter().skip(at).take(3).cloned().collect();
            feed(index, number, some).await;
        }
    }
}
