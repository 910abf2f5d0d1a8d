//! Groups of several pages: answers from their ends, ties across the ends of pages, periods that cut pages.
//!
//! Invariant: the answers are those of sorting and counting all lines.

use antler_config::limits::QueryLimits;
use antler_events::clock::Timestamp;
use antler_events::query;

use super::*;
use crate::index::columns::plane::PAGE;
use crate::index::columns::search::budget::Stop;

/// A second has about so many lines, in several batches.
const LINES_PER_SECOND: usize = 700;
const BATCH_LINES: usize = 1_500;

fn line(at: usize) -> Vec<u8> {
    let second = at / LINES_PER_SECOND;
    let (minute, second) = (second / 60, second % 60);
    let level = if at.is_multiple_of(97) { "error" } else { "info" };
    let service = ["api", "web", "checkout"][at % 3];
    let message = match at % 5 {
        0 => format!("request {at} failed: context deadline exceeded"),
        1 => format!("served {} bytes in {} ms", at * 7, at % 90),
        _ => "heartbeat".to_owned(),
    };
    let trace = (at as u64 / 4).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let seldom = if at.is_multiple_of(11) { format!(",\"message2\":\"{message}\"") } else { String::new() };
    format!(
        "{{\"time\":\"2026-03-01T08:{minute:02}:{second:02}Z\",\"level\":\"{level}\",\"service\":\"{service}\",\
         \"message\":\"{message}\"{seldom},\"trace_id\":\"{trace:016x}\"}}"
    )
    .into_bytes()
}

/// Two lines of three are of the first tenant; a few come late.
fn batches() -> Vec<Batch> {
    let lines: Vec<Vec<u8>> = (0..4 * PAGE).map(line).collect();
    let mut batches: Vec<Batch> = (lines.chunks(BATCH_LINES).zip(0u8..))
        .map(|(lines, number)| (u8::from(number % 3 == 2), lines.to_vec(), LineDefaults::default()))
        .collect();
    batches.swap(3, 9);
    batches
}

#[test]
fn answers_of_many_pages_are_those_of_sorting_all_lines() {
    let batches = batches();
    let group = open(&batches);
    let groups = sealed(&group);
    let filters = [
        "*",
        "service:checkout",
        "level:error and service:api and message:failed",
        "message:\"context deadline exceeded\"",
        "trace_id:0000000000000000 or trace_id:9e3779b97f4a7c15",
        "nowhere",
        "message2:failed and not service:web",
        "time >= \"2026-03-01T08:00:20Z\" and time < \"2026-03-01T08:00:50Z\" and level:error",
    ];
    for (filter, at) in filters.into_iter().zip(0usize..) {
        let parsed = query::parse(filter, Timestamp::default(), &QueryLimits::default());
        let filter = parsed.into_query().unwrap().filter;
        let expected = expected(&batches, 0, &filter);
        for (limit, cut) in [(1, usize::MAX), (100, 40 * at), (LINES_PER_SECOND, 7), (9_000, usize::MAX)] {
            check_lines(&groups, &filter, &expected, limit, cut);
        }
        check_counts(&groups, &filter, &expected);
    }
}

#[test]
fn a_search_that_nobody_waits_for_ends_and_says_so() {
    let group = open(&batches()[..2]);
    let groups = sealed(&group);
    let plan = Plan::new(&Filter::All).unwrap();
    let (period, order) = ((i64::MIN, i64::MAX), Order::NewestFirst);
    let asked = LineSearch { plan: &plan, period, order, limit: 9, after: None };
    let (clock, is_cancelled) = (SystemClock::new(), AtomicBool::new(true));
    let budget = Budget::alone(&clock, &is_cancelled);
    let answer = lines::search(tenant(0), &groups, &asked, &budget);
    assert_eq!((answer.stopped, answer.hits.len()), (Some(Stop::Cancelled), 0));
    let found = asked.ends_of(tenant(0), &groups[0], period, 0, false, &budget).unwrap();
    assert_eq!((found.stopped, found.found.len()), (Some(Stop::Cancelled), 0));
}
