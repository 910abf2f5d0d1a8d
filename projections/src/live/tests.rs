//! The counters with seconds of our own making.
//!
//! Invariant: no test knows the time of day. They do not test how lines are read.

use antler_config::limits::LineLimits;
use antler_events::line::LineBatchBuilder;

use super::*;

const START: i64 = 1_772_352_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_nanos((START + second) * NANOS_PER_SECOND + 7)
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

fn batch(lines: &[&str]) -> LineBatch {
    let mut builder = LineBatchBuilder::new(LineLimits::default(), at(0));
    lines.iter().for_each(|line| builder.push(line.as_bytes()).unwrap());
    builder.finish()
}

fn count(counters: &LiveCounters, name: &str, second: i64, lines: &[&str]) {
    counters.count(tenant(name), &batch(lines), &LineDefaults::default(), at(second));
}

#[test]
fn lines_count_for_their_tenant_by_second_and_level() {
    let counters = LiveCounters::default();
    let lines = [r#"{"level":"ERROR","source":"a"}"#, r#"{"level":"warn","service":"b"}"#, r#"{"n":1}"#];
    count(&counters, "acme", 0, &lines);
    count(&counters, "acme", 3, &[r#"{"level":"fatal","source":"a"}"#, r#"{"level":"err","source":"a"}"#]);
    count(&counters, "bolt", 3, &[r#"{"level":"info","source":"c"}"#]);
    let rates = counters.rates(tenant("acme"), at(4));
    assert_eq!(rates.lines_per_second, 1.0);
    assert_eq!((rates.warnings_per_minute, rates.errors_per_minute, rates.criticals_per_minute), (1, 2, 1));
    assert_eq!(rates.top_sources, [("a".into(), 3), ("b".into(), 1)]);
    assert_eq!((rates.levels.of(None), rates.levels.of(Some(Level::Error))), (1, 2));
    let history = counters.history(tenant("acme"), at(4));
    let busy: Vec<_> = history.iter().filter(|counts| counts.lines > 0).collect();
    assert_eq!((history.len(), busy.len(), busy[0].lines, busy[1].criticals), (SECONDS, 2, 3, 1));
    assert_eq!(history.last().unwrap().second, START + 3);
    assert_eq!(counters.rates(tenant("other"), at(4)), Rates::default());
}

#[test]
fn what_a_sender_said_for_all_lines_counts_for_those_that_do_not_say_it() {
    let counters = LiveCounters::default();
    let defaults = LineDefaults {
        level: Some("error".to_owned()),
        service: Some("web".to_owned()),
        ..LineDefaults::default()
    };
    counters.count(tenant("acme"), &batch(&["{}", r#"{"level":"info","source":"a"}"#]), &defaults, at(0));
    let rates = counters.rates(tenant("acme"), at(1));
    assert_eq!((rates.errors_per_minute, rates.levels.of(Some(Level::Info))), (1, 1));
    assert_eq!(rates.top_sources, [("a".into(), 1), ("web".into(), 1)]);
}

#[test]
fn what_is_over_is_forgotten_and_a_clock_that_goes_back_is_borne() {
    let counters = LiveCounters::default();
    count(&counters, "quiet", 0, &["{}"]);
    count(&counters, "acme", 100, &[r#"{"level":"error","source":"old"}"#]);
    count(&counters, "acme", 90, &[r#"{"level":"error","source":"old"}"#]);
    assert_eq!(counters.rates(tenant("acme"), at(101)).errors_per_minute, 2);
    assert_eq!(counters.rates(tenant("acme"), at(161)).errors_per_minute, 0);
    count(&counters, "acme", 700, &[r#"{"source":"new"}"#]);
    let rates = counters.rates(tenant("acme"), at(701));
    assert_eq!(rates.top_sources, [("new".into(), 1)]);
    assert_eq!((rates.levels.of(Some(Level::Error)), counters.tenants()), (0, 1));
}

#[test]
fn sources_are_bounded_in_number_and_length() {
    let counters = LiveCounters::default();
    for second in 0..4 {
        let lines: Vec<String> =
            (0..1_000).map(|n| format!(r#"{{"source":"{second}-{n}-{}"}}"#, "é".repeat(500))).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        count(&counters, "acme", second, &lines);
    }
    let state = counters.lock();
    let recent = &state.tenants[&tenant("acme")];
    assert!(recent.source_names().all(|name| name.len() <= 120));
    assert_eq!(recent.source_names().count(), batch::SOURCES_MAX);
}
