//! What must hold for a regex on texts, whatever both are.
//!
//! The first line of the bytes is the regex, the others are texts; each becomes the message of a few lines that
//! differ in a number, so that templates come about. Invariant: matcher and groups, open and sealed, find what
//! the crate `regex` finds in the plain texts. It does not measure time: a run that does not end is seen.

use antler_config::limits::QueryLimits;
use antler_events::event::lines::LineDefaults;
use antler_events::line::{LineBatch, Role};
use antler_events::query::tree::{Condition, FieldName, Filter, Test};
use antler_events::query::{Matcher, parse, print};
use antler_projections::index::columns::search::lines::{LineSearch, Order, search};
use antler_projections::index::columns::search::plan::Plan;
use antler_projections::index::columns::search::select::SearchGroup;
use regex::Regex;

use super::queries::NOW;
use super::stand::{ALWAYS, Held, batch, open_group, opened, sealed_files, tenant, with_budget};

/// Texts beyond these are left out.
const TEXTS_MAX: usize = 40;

/// Panics if a regex finds something else than it should.
pub fn fuzz_regex(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (source, texts) = text.split_once('\n').unwrap_or((&text, ""));
    let filter =
        Filter::Is(Condition { field: FieldName::Role(Role::Message), test: Test::Regex(source.into()) });
    // A user's regex comes through the parser, which refuses what is too dear.
    let Ok(query) = parse(&print(&filter), NOW, &QueryLimits::default()).into_query() else { return };
    // Some cannot be written: the empty one, one with an escaped slash, and one that ends within an escape. They
    // are printed as others, which mean the same if they mean anything.
    let filter = query.filter;
    let Filter::Is(Condition { test: Test::Regex(read), .. }) = &filter else {
        unreachable!("a regex is written, and {filter:?} was read")
    };
    let again = parse(&print(&filter), NOW, &QueryLimits::default()).into_query().map(|query| query.filter);
    assert_eq!(again.ok().as_ref(), Some(&filter), "what was read is not read again");
    let plain = Regex::new(read).expect("what the parser lets pass compiles");
    let texts: Vec<String> = texts.split('\n').take(TEXTS_MAX).flat_map(varied).collect();
    if let Ok(asked) = Regex::new(source) {
        let same = texts.iter().all(|text| asked.is_match(text) == plain.is_match(text));
        assert!(same, "/{read}/ was read, not /{source}/");
    }
    let lines: Vec<Vec<u8>> = texts.iter().map(|text| line_of(text)).collect();
    let batch = batch(lines.iter().map(Vec::as_slice));
    assert_eq!(batch.len(), lines.len(), "a line is refused");
    let expected: Vec<&[u8]> = texts
        .iter()
        .zip(&lines)
        .filter(|(text, _)| plain.is_match(text))
        .map(|(_, line)| &line[..])
        .collect();
    check_matcher(&batch, &filter, &expected);
    let open = Held(open_group(&batch));
    let sealed: Vec<_> =
        sealed_files(&open.0).iter().map(|bytes| opened(bytes).expect("a sealed group opens")).collect();
    assert_eq!(found(&[open], &filter), expected, "open, /{source}/");
    assert_eq!(found(&sealed, &filter), expected, "sealed, /{source}/");
}

/// A text as it is, and with numbers.
fn varied(text: &str) -> [String; 3] {
    [text.to_owned(), format!("{text} 17"), format!("{text} 18 of {text}")]
}

fn line_of(message: &str) -> Vec<u8> {
    let message = serde_json::to_string(message).expect("a text can be written as JSON");
    format!(r#"{{"message":{message}}}"#).into_bytes()
}

fn check_matcher(batch: &LineBatch, filter: &Filter, expected: &[&[u8]]) {
    let matcher = Matcher::new(filter).expect("what the parser lets pass compiles");
    let defaults = LineDefaults::default();
    let bound = matcher.for_batch(batch, &defaults);
    let found: Vec<&[u8]> =
        batch.lines().filter(|line| bound.matches(*line)).map(|line| line.raw()).collect();
    assert_eq!(found, expected, "matcher");
}

/// The lines that are found, in the order in which they came.
fn found<G: SearchGroup + Sync>(groups: &[G], filter: &Filter) -> Vec<Vec<u8>> {
    let plan = Plan::new(filter).expect("what the parser lets pass compiles");
    let asked =
        LineSearch { plan: &plan, period: ALWAYS, order: Order::OldestFirst, limit: usize::MAX, after: None };
    let answer = with_budget(|budget| search(tenant(0), groups, &asked, budget));
    assert!(answer.damaged.is_empty(), "a whole group cannot be read: {:?}", answer.damaged);
    answer.hits.into_iter().map(|hit| hit.raw).collect()
}
