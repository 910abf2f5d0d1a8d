//! Cases of single lines and their neighbours, and of filters.

use antler_config::limits::AccountLimits;
use antler_events::access::StreamPatterns;
use antler_events::query::tree::Filter;

use super::Subject;
use super::given::*;
use crate::index::port::{
    ContextQuery, FoundLine, HistogramQuery, LineId, LineQuery, Period, Resolution, SearchIndex,
};
use crate::index::reference::ReferenceIndex;

pub(super) async fn a_line_is_found_by_its_id(subject: Subject) {
    let index = subject.index();
    feed_mixed(&*index, &mixed(100, 3)).await;
    for _ in 0..2 {
        let all = page(&*index, "acme", newest("*", 10_000)).await.lines;
        for line in all.iter().step_by(17) {
            let id: LineId = line.id().to_string().parse().expect("an id that was given out");
            let found = index.line(tenant("acme"), id, BOUNDS).await.expect("an answer");
            assert_eq!(found.line.as_ref(), Some(line));
            assert!(!found.coverage.is_partial);
        }
        index.flush().await.expect("a flush");
        keep_up(&*index).await;
    }
}

pub(super) async fn an_unknown_id_finds_nothing(subject: Subject) {
    let index = subject.index();
    feed(&*index, 0, vec![event("acme", 5, second(0), &["a", "b"])]).await;
    for _ in 0..2 {
        for unknown in ["0-5-2", "0-4-0", "0-6-0", "1-5-0", "65535-18446744073709551615-4294967295"] {
            let found = index.line(tenant("acme"), unknown.parse().expect("an id"), BOUNDS).await;
            assert_eq!(found.expect("an answer").line, None, "{unknown}");
            let query = ContextQuery::new(unknown.parse().expect("an id"), 5, 5);
            let context = index.context(tenant("acme"), query, BOUNDS).await.expect("an answer");
            assert_eq!((context.line, context.before, context.after), (None, vec![], vec![]));
        }
        index.flush().await.expect("a flush");
    }
}

pub(super) async fn a_context_has_the_neighbours_of_a_line(subject: Subject) {
    let index = subject.index();
    feed_services(&*index).await;
    let check = async |line: &FoundLine, (before, after), expected: &[u64]| {
        let query = ContextQuery::new(line.id(), before, after);
        let context = index.context(tenant("acme"), query, BOUNDS).await.expect("a context");
        assert_eq!(context.line.as_ref(), Some(line));
        let around: Vec<_> =
            context.before.iter().chain(context.line.iter()).chain(&context.after).cloned().collect();
        let expected: Vec<_> = expected.iter().map(|number| format!("number {number}")).collect();
        assert_eq!(messages(&around), expected);
    };
    let all = page(&*index, "acme", oldest("*", 100)).await.lines;
    // Every third line is of one service and host.
    check(&all[9], (2, 2), &[3, 6, 9, 12, 15]).await;
    check(&all[3], (5, 1), &[0, 3, 6]).await;
    check(&all[28], (1, 9), &[25, 28]).await;
    check(&all[10], (0, 1), &[10, 13]).await;
    check(&all[10], (0, 0), &[10]).await;
    // These say nothing of a service.
    check(&all[11], (2, 2), &[5, 8, 11, 14, 17]).await;
}

pub(super) async fn a_context_of_nothing_in_common_has_all_neighbours(subject: Subject) {
    let index = subject.index();
    feed_services(&*index).await;
    let all = page(&*index, "acme", oldest("*", 100)).await.lines;
    let query = ContextQuery { id: all[12].id(), before: 3, after: 2, same: Vec::new() };
    let context = index.context(tenant("acme"), query, BOUNDS).await.expect("a context");
    assert_eq!((&context.before[..], &context.after[..]), (&all[9..12], &all[13..15]));
    let query = ContextQuery::new(all[12].id(), 10_000, 1);
    assert!(index.context(tenant("acme"), query, BOUNDS).await.is_err(), "too many neighbours are refused");
}

/// Thirty lines of two services and of none; the time of some is the same.
async fn feed_services(index: &dyn SearchIndex) {
    for number in 0..30u64 {
        let said = ["\"service\":\"api*\",\"host\":\"h1\",", "\"app\":\"api gateway\",\"host\":\"h1\",", ""];
        let line = format!(r#"{{{}"message":"number {number}"}}"#, said[number as usize % 3]);
        let time = second(number as i64 / 4);
        feed(index, 0, vec![event("acme", number * 2 + 1, time, &[line])]).await;
        if number == 13 {
            index.flush().await.expect("a flush");
        }
    }
}

fn messages(lines: &[FoundLine]) -> Vec<String> {
    let message = |line: &FoundLine| {
        let batch = line.parsed().expect("a line that was taken");
        batch.line(0).and_then(|line| line.message().map(|text| text.into_owned())).unwrap_or_default()
    };
    lines.iter().map(message).collect()
}

/// Filters of every kind; `mixed` has something for most.
pub(super) const FILTERS: [&str; 26] = [
    "*",
    "error",
    "level:error",
    "level>=warning",
    "not level:*",
    "service:api",
    "service:\"web gate\" or service:db",
    "timeout and host:h-2",
    "message:\"took 2 ms\"",
    "message:time*",
    "ms>=2",
    "ms<2",
    "a.b:two",
    "a.b>3",
    "user:u7 and path:\"/x/1\"",
    "path:/\\/x\\/[12]/",
    "größe",
    "漢字",
    "ok:false",
    "n:3.5",
    "e:*",
    "tags:tag-1",
    "u*:u3",
    "timestamp >= \"2026-03-01T08:01:00Z\" and timestamp < \"2026-03-01T08:02:00Z\"",
    "not (level:info or level:debug) and not timeout",
    "nowhere",
];

pub(super) async fn filters_find_what_looking_at_every_line_finds(subject: Subject) {
    let (index, partitions, reference) = (subject.index(), mixed(240, 4), ReferenceIndex::new());
    feed_mixed(&*index, &partitions).await;
    feed_mixed(&reference, &partitions).await;
    for _ in 0..2 {
        for text in FILTERS {
            for name in ["acme", "bolt"] {
                let query = LineQuery { wants_total: true, ..newest(text, 200) };
                let expected = page(&reference, name, query.clone()).await;
                assert_eq!(page(&*index, name, query).await, expected, "{text} of {name}");
            }
            let explained = index.explain(tenant("acme"), newest(text, 200), BOUNDS).await.expect("a plan");
            let found = page(&*index, "acme", newest(text, 200)).await.lines.len();
            assert_eq!(explained.lines, found as u64);
            assert!(!explained.steps.is_empty() && !explained.to_string().is_empty());
        }
        index.flush().await.expect("a flush");
    }
}

pub(super) async fn lines_are_found_by_the_streams_they_are_filed_under(subject: Subject) {
    let (index, reference) = (subject.index(), ReferenceIndex::new());
    let filed = [
        r#"{"service":"api-gateway"}"#,
        r#"{"service":"api","level":"error"}"#,
        r#"{"data_stream":{"dataset":"nginx.access","namespace":"PT"},"service":"x"}"#,
        r#"{"data_stream":{"dataset":["first","api"]}}"#,
        r#"{"data_stream.dataset":"second","data_stream.dataset":"api"}"#,
        r#"{"data_stream":{"type":"metrics","dataset":""},"app":"api"}"#,
        "a line without anything",
    ];
    for number in 0..70 {
        let batch = || vec![event("acme", number + 1, second(number as i64), &[filed[number as usize % 7]])];
        feed(&*index, 0, batch()).await;
        feed(&reference, 0, batch()).await;
        if number == 40 {
            index.flush().await.expect("a flush");
        }
    }
    let limits = AccountLimits::default();
    let streams = |texts: &[&str]| {
        Filter::Filed(StreamPatterns::parse(texts.iter().copied(), &limits).expect("patterns"))
    };
    let check = async |filter: Filter, lines: usize| {
        let query = LineQuery { filter: filter.clone(), wants_total: true, ..newest("*", 100) };
        let expected = page(&reference, "acme", query.clone()).await;
        assert_eq!(expected.lines.len(), lines, "{filter:?}");
        assert_eq!(page(&*index, "acme", query).await, expected, "{filter:?}");
        let counts = HistogramQuery { filter, period: Period::ALWAYS, resolution: Resolution::Buckets(1) };
        let counts = index.histogram(tenant("acme"), counts, BOUNDS).await.expect("counts");
        assert_eq!(counts.buckets.iter().map(|bucket| bucket.lines()).sum::<u64>(), lines as u64);
    };
    check(streams(&["logs-api-*"]), 10).await;
    check(streams(&["*-api-*", "logs-api_gateway-default"]), 30).await;
    check(streams(&["logs-*-pt"]), 10).await;
    check(streams(&["logs-first-default", "logs-second-*"]), 20).await;
    check(streams(&["logs-generic-default"]), 10).await;
    check(streams(&["traces-*"]), 0).await;
    check(Filter::Not(Box::new(streams(&["logs-*"]))), 10).await;
    check(Filter::And(vec![filter("level:error"), streams(&["logs-api-*"])]), 10).await;
    check(Filter::And(vec![filter("level:error"), streams(&["logs-*-pt"])]), 0).await;
    check(Filter::Or(vec![filter("level:error"), streams(&["logs-*-pt"])]), 20).await;
}
