//! What must hold for the text of a query, whatever it is: in KQL, in the syntax of Lucene, with pipes behind it.
//!
//! Invariant: a text is either a query that compiles, and is printed so that it reads as itself, or there is
//! something to tell about it, at a place inside it. It does not run queries: the other bodies do.

use antler_config::limits::{PipeLimits, QueryLimits};
use antler_events::clock::Timestamp;
use antler_events::query::pipe::{self, Context, Pipe, TimeRange};
use antler_events::query::{
    Diagnostic, Diagnostics, Filter, Matcher, Parsed, Span, complete, parse, parse_lucene, print,
};

/// 2026-03-01T12:00:00Z.
pub(super) const NOW: Timestamp = Timestamp::from_nanos(1_772_366_400_000_000_000);

/// Codes of what has no room when it is written out.
const NO_ROOM: [&str; 7] = [
    "query_too_long",
    "too_deep",
    "too_many_clauses",
    "name_too_long",
    "wildcard_too_long",
    "regex_too_long",
    "too_many_regexes",
];

/// Panics if the text of a query breaks a promise.
pub fn fuzz_query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let limits = QueryLimits::default();
    check_parsed(&text, &parse(&text, NOW, &limits), &limits);
    check_parsed(&text, &parse_lucene(&text, NOW, &limits), &limits);
    let some = (0..=text.len()).step_by(1 + text.len() / 16);
    some.chain([text.len(), usize::MAX]).for_each(|cursor| check_completion(&text, cursor, &limits));
}

/// The pipes of a text behind the first `|`, if they can work; else there is something to tell.
pub(super) fn pipes_of(
    text: &str,
    pipes: Option<Span>,
    limits: &QueryLimits,
) -> Result<Vec<Pipe>, Vec<Diagnostic>> {
    let mut diagnostics = Diagnostics::new(usize::from(limits.diagnostics_max));
    let Some(span) = pipes else { return Ok(Vec::new()) };
    let pipes = pipe::parse(text, span.start, NOW, limits, &mut diagnostics);
    pipe::check(text, &pipes, &context(), &mut diagnostics);
    let diagnostics = diagnostics.into_sorted();
    if diagnostics.is_empty() {
        Ok(pipes.into_iter().map(|(pipe, _)| pipe).collect())
    } else {
        Err(diagnostics)
    }
}

pub(super) fn context() -> Context {
    let to = Timestamp::from_nanos(NOW.nanos() + 3_600_000_000_000);
    let range = TimeRange { from: NOW, to, utc_offset_seconds: 5_400 };
    Context { range, limits: PipeLimits::default() }
}

fn check_parsed(text: &str, parsed: &Parsed, limits: &QueryLimits) {
    check_diagnostics(text, &parsed.diagnostics, limits);
    if parsed.has_errors() {
        return;
    }
    let filter = &parsed.query.filter;
    let error = Matcher::new(filter).err();
    assert!(error.is_none(), "a filter without errors does not compile: {error:?}");
    check_printed(filter, limits);
    if let Some(span) = parsed.query.pipes {
        check_span(text, span);
        match pipes_of(text, Some(span), limits) {
            Ok(pipes) => check_printed_pipes(&pipes, limits),
            Err(diagnostics) => check_diagnostics(text, &diagnostics, limits),
        }
    }
}

fn check_diagnostics(text: &str, diagnostics: &[Diagnostic], limits: &QueryLimits) {
    assert!(diagnostics.len() <= 2 * usize::from(limits.diagnostics_max) + 1, "{}", diagnostics.len());
    for diagnostic in diagnostics {
        check_span(text, diagnostic.span);
        assert!(!diagnostic.message.is_empty() && !diagnostic.code.is_empty());
    }
}

fn check_span(text: &str, Span { start, end }: Span) {
    assert!(text.get(start..end).is_some(), "{start}..{end} is no part of the text");
}

/// Reading what is printed gives the tree again, unless it has no room.
fn check_printed(filter: &Filter, limits: &QueryLimits) {
    let printed = print(filter);
    let again = parse(&printed, NOW, limits);
    if again.has_errors() {
        let has_room = !again.diagnostics.iter().any(|diagnostic| NO_ROOM.contains(&diagnostic.code));
        assert!(!has_room, "{printed:?} is not read: {:?}", again.diagnostics);
        return;
    }
    assert_eq!(again.query.pipes, None, "{printed:?}");
    // What is no number is not equal to itself.
    assert_eq!(format!("{:?}", again.query.filter), format!("{filter:?}"), "{printed:?}");
}

fn check_printed_pipes(pipes: &[Pipe], limits: &QueryLimits) {
    let printed: Vec<String> = pipes.iter().map(Pipe::to_string).collect();
    let text = format!("|{}", printed.join(" | "));
    let again = pipes_of(&text, Some(Span::new(1, text.len())), limits);
    match again {
        Ok(again) => assert_eq!(format!("{again:?}"), format!("{pipes:?}"), "{text:?}"),
        Err(told) => {
            let has_room = !told.iter().any(|diagnostic| NO_ROOM.contains(&diagnostic.code));
            assert!(!has_room, "{text:?} is not read: {told:?}");
        }
    }
}

fn check_completion(text: &str, cursor: usize, limits: &QueryLimits) {
    let completion = complete(text, cursor, limits);
    let Span { start, end } = completion.replace;
    check_span(text, completion.replace);
    let cursor = text.floor_char_boundary(cursor);
    assert!(start <= cursor && cursor <= end, "the cursor {cursor} is outside of {start}..{end}");
}
