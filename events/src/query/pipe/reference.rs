//! The table of pipes: documentation and test at once.
//!
//! Invariant: every pipe that can be written has an entry, and the example of each entry gives exactly what stands
//! beside it. It does not describe the functions of `eval`: `expression::function` does.

use super::{PipeParser, eval, extract, fields, limit, patterns, sort, stats, top, uniq};

/// What there is to know of a pipe.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub name: &'static str,
    pub syntax: &'static str,
    pub what: &'static str,
    /// Pipes that show it, on `lines`.
    pub example: &'static str,
    pub lines: &'static [&'static str],
    /// The columns and rows of the answer.
    pub answer: &'static [&'static str],
    /// None for `where`, whose filter is read by the reader of filters.
    pub(super) parse: Option<PipeParser>,
}

/// Lines of most examples.
const REQUESTS: &[&str] = &[
    r#"{"timestamp":"2026-03-01T12:00:05Z","level":"info","service":"api","path":"/users","ms":20}"#,
    r#"{"timestamp":"2026-03-01T12:00:40Z","level":"error","service":"api","path":"/orders","ms":900}"#,
    r#"{"timestamp":"2026-03-01T12:01:10Z","level":"info","service":"web","path":"/users","ms":35}"#,
    r#"{"timestamp":"2026-03-01T12:01:30Z","level":"info","service":"api","path":"/users","ms":45}"#,
];

const MESSAGES: &[&str] = &[
    r#"{"timestamp":"2026-03-01T12:00:01Z","message":"GET /users took 12ms for bob"}"#,
    r#"{"timestamp":"2026-03-01T12:00:02Z","message":"GET /users took 7ms for eve"}"#,
    r#"{"timestamp":"2026-03-01T12:00:03Z","message":"disk full"}"#,
];

/// Every pipe, in the order of the documentation.
pub const PIPES: &[Entry] = &[
    Entry {
        name: "where",
        syntax: "where FILTER",
        what: "Leaves the rows for which a filter holds; it can ask for columns that were computed.",
        example: "stats count() by service | where count > 1",
        lines: REQUESTS,
        answer: &["service | count", "api | 3"],
        parse: None,
    },
    Entry {
        name: "fields",
        syntax: "fields a, b   or   fields -a, -b",
        what: "Leaves these columns in this order, or all but these.",
        example: "fields service, ms | limit 2",
        lines: REQUESTS,
        answer: &["service | ms", "api | 20", "api | 900"],
        parse: Some(fields::parse),
    },
    Entry {
        name: "drop",
        syntax: "drop a, b",
        what: "Takes columns away.",
        example: "stats count(), max(ms) by service | drop count",
        lines: REQUESTS,
        answer: &["service | max_ms", "api | 900", "web | 35"],
        parse: Some(fields::parse_drop),
    },
    Entry {
        name: "sort",
        syntax: "sort by a [asc|desc], b   or   sort -a",
        what: "Orders rows: truth values, numbers, times, levels, then texts without case; what is missing stands last.",
        example: "sort by service, ms desc | fields service, ms",
        lines: REQUESTS,
        answer: &["service | ms", "api | 900", "api | 45", "api | 20", "web | 35"],
        parse: Some(sort::parse),
    },
    Entry {
        name: "limit",
        syntax: "limit N",
        what: "Leaves the first rows.",
        example: "sort by ms | limit 1 | fields ms",
        lines: REQUESTS,
        answer: &["ms", "20"],
        parse: Some(limit::parse),
    },
    Entry {
        name: "head",
        syntax: "head [N]",
        what: "The same as limit; 10 rows without a number.",
        example: "fields path | head 1",
        lines: REQUESTS,
        answer: &["path", "/users"],
        parse: Some(limit::parse_head),
    },
    Entry {
        name: "stats",
        syntax: "stats FUNCTION(field) [as name], … [by field, bin(1m), bin(field, 100) [as name], …]",
        what: "Measures groups: count, sum, avg, min, max, p50 to p99.9, distinct, first, last, rate (per second).",
        example: "stats count(), avg(ms) as mean, p95(ms) by bin(1m), service",
        lines: REQUESTS,
        answer: &[
            "timestamp | service | count | mean | p95_ms",
            "2026-03-01T12:00:00.000Z | api | 2 | 460 | 900",
            "2026-03-01T12:01:00.000Z | api | 1 | 45 | 45",
            "2026-03-01T12:01:00.000Z | web | 1 | 35 | 35",
        ],
        parse: Some(stats::parse),
    },
    Entry {
        name: "top",
        syntax: "top [N] field, … [by field, …]",
        what: "The most frequent values with their share in percent; 10 without a number.",
        example: "top 1 path by service",
        lines: REQUESTS,
        answer: &["service | path | count | percent", "api | /users | 2 | 66.67", "web | /users | 1 | 100"],
        parse: Some(top::parse_top),
    },
    Entry {
        name: "rare",
        syntax: "rare [N] field, … [by field, …]",
        what: "The least frequent values.",
        example: "rare 1 path",
        lines: REQUESTS,
        answer: &["path | count | percent", "/orders | 1 | 25"],
        parse: Some(top::parse_rare),
    },
    Entry {
        name: "uniq",
        syntax: "uniq field, …",
        what: "Each combination of values once, with how many rows have it.",
        example: "uniq service, path",
        lines: REQUESTS,
        answer: &["service | path | count", "api | /orders | 1", "api | /users | 2", "web | /users | 1"],
        parse: Some(uniq::parse),
    },
    Entry {
        name: "patterns",
        syntax: "patterns [N] [of field]",
        what: "Messages that differ only in their variables, as one pattern, the most frequent first.",
        example: r#"eval message = replace(replace(message, "bob", "u1"), "eve", "u2") | patterns 1 | drop example"#,
        lines: MESSAGES,
        answer: &[
            "pattern | count | first_seen | last_seen",
            "GET /users took <word> for <word> | 2 | 2026-03-01T12:00:01.000Z | 2026-03-01T12:00:02.000Z",
        ],
        parse: Some(patterns::parse),
    },
    Entry {
        name: "extract",
        syntax: "extract \"text <name> text\" [from field]   or   extract /(?<name>…)/ [from field]",
        what: "Makes columns of what is found in a text: a name reaches to the text behind it, a group of an expression is itself.",
        example: r#"extract "took <ms>ms for <user>" | extract /^(?<verb>[A-Z]+) / | fields verb, ms, user"#,
        lines: MESSAGES,
        answer: &["verb | ms | user", "GET | 12 | bob", "GET | 7 | eve", " |  | "],
        parse: Some(extract::parse),
    },
    Entry {
        name: "eval",
        syntax: "eval name = EXPRESSION, …",
        what: "Computes columns: + - * / %, comparison, and or not, texts joined by +, durations as milliseconds, functions.",
        example: r#"eval seconds = ms / 1000, slow = if(ms > 500ms, "slow", "fine") | fields path, seconds, slow | limit 2"#,
        lines: REQUESTS,
        answer: &["path | seconds | slow", "/users | 0.02 | fine", "/orders | 0.9 | slow"],
        parse: Some(eval::parse),
    },
];
