//! The parameters of questions, with all their names.
//!
//! Invariant: each is taken by the handlers that it is listed for; a test of the program sends every name with its example
//! and is not told that it is unknown. They are not read here.

use super::super::operation::{Form, Parameter};

const LEVELS: &str =
    "One of these levels: trace, debug, info, warning, error, critical, or none for lines without one.";

/// The query and what stands beside it.
pub(super) const QUESTION: &[Parameter] = &[
    Parameter::new(
        &["q", "query"],
        Form::Text,
        "disk or level:error",
        "The query: words, phrases, field:value, ranges, pipes.",
    ),
    Parameter::new(
        &["syntax"],
        Form::Word(&["kql", "lucene"]),
        "kql",
        "How the query is written; kql by default.",
    ),
    Parameter::new(&["level", "levels"], Form::List, "error,warning", LEVELS),
    Parameter::new(&["source"], Form::List, "nginx", "One of these sources."),
    Parameter::new(&["service", "service_name"], Form::List, "shop,pay", "One of these services."),
    Parameter::new(&["environment", "env"], Form::List, "production", "One of these environments."),
    Parameter::new(&["host", "hostname"], Form::List, "web-1", "One of these hosts."),
    Parameter::new(&["tags", "tag"], Form::List, "eu", "One of these tags."),
    Parameter::new(&["upload_id"], Form::List, "6f1c", "From one of these uploaded files."),
];

pub(super) const FROM: Parameter = Parameter::new(
    &["from", "start_date", "start_time", "start", "since"],
    Form::Moment,
    "now-15m",
    "Where the time begins: 2026-03-01T08:00:00Z, milliseconds since 1970, or relative to now.",
);

pub(super) const TO: Parameter = Parameter::new(
    &["to", "end_date", "end_time", "end"],
    Form::Moment,
    "now",
    "Where the time ends. A day is meant to its end, and now to the end of its second.",
);

pub(super) const CURSOR: Parameter = Parameter::new(
    &["cursor"],
    Form::Text,
    "01189c00a8c0…",
    "`next_cursor` of the page before, with the same question. It holds its place whatever arrives meanwhile.",
);

pub(super) const ORDER: Parameter = Parameter::new(
    &["sort", "ordering", "order"],
    Form::Word(&["-timestamp", "timestamp", "-@timestamp", "@timestamp", "desc", "asc", "newest", "oldest"]),
    "-timestamp",
    "Which end of time comes first; -timestamp by default.",
);

pub(super) const SAVE: Parameter = Parameter::new(
    &["save"],
    Form::Flag,
    "false",
    "Whether the question goes to the history of whoever asks; it does by default.",
);

pub(super) const TOTAL: Parameter =
    Parameter::new(&["total"], Form::Flag, "true", "Whether all lines that are found are counted.");

pub(super) const PAGE: &[Parameter] = &[
    Parameter::new(
        &["page"],
        Form::Whole(1, u32::MAX),
        "1",
        "Counted from 1; far pages are reached by cursors.",
    ),
    Parameter::new(
        &["size", "page_size", "limit"],
        Form::Whole(1, 10_000),
        "20",
        "Lines of a page; 50 by default.",
    ),
    CURSOR,
    ORDER,
    TOTAL,
    Parameter::new(
        &["include"],
        Form::List,
        "raw,highlight",
        "What is shown beside lines: raw, raw_log (its older name), highlight.",
    ),
    Parameter::new(&["highlight"], Form::Flag, "true", "The same as include=highlight."),
    Parameter::new(
        &["aggregations", "aggs"],
        Form::Any,
        "level,service",
        "Counts beside the lines: true, names of fields, or an object of terms and date_histogram.",
    ),
];

pub(super) const EXPORT: &[Parameter] = &[
    Parameter::new(
        &["format"],
        Form::Word(&["csv", "json", "ndjson", "jsonl", "txt", "raw"]),
        "ndjson",
        "Of the file; csv by default.",
    ),
    Parameter::new(
        &["columns", "fields"],
        Form::List,
        "timestamp,level,message",
        "Columns; `*` is for all that there are.",
    ),
    Parameter::new(&["include"], Form::List, "raw", "raw: lines also as they came."),
    CURSOR,
    ORDER,
];

pub(super) const VALUES: &[Parameter] =
    &[Parameter::new(&["size"], Form::Whole(1, 10_000), "5", "Values of each field; 10 by default.")];

pub(super) const BUCKETS: &[Parameter] = &[
    Parameter::new(
        &["interval"],
        Form::Text,
        "1d",
        "Length of a bucket: 30s, 5m, 1h, 1d, or auto. A plain number counts seconds.",
    ),
    Parameter::new(
        &["buckets"],
        Form::Whole(1, 10_000),
        "60",
        "About how many buckets, in place of an interval.",
    ),
];

pub(super) const FACETS: &[Parameter] = &[
    Parameter::new(&["fields"], Form::List, "service,level", "The fields whose values are counted.")
        .required(),
    Parameter::new(&["field"], Form::List, "host", "More of them, by another name."),
    Parameter::new(&["size"], Form::Whole(1, 10_000), "5", "Values of each field; 10 by default."),
];

pub(super) const NAMES: &[Parameter] = &[
    FROM,
    TO,
    Parameter::new(&["prefix"], Form::Text, "mes", "Fields that begin so."),
    Parameter::new(&["size"], Form::Whole(1, 10_000), "100", "How many; 1,000 by default."),
];

pub(super) const OF_FIELD: &[Parameter] = &[
    Parameter::new(&["prefix"], Form::Text, "sh", "Values that begin so."),
    Parameter::new(&["contains"], Form::Text, "ho", "Values that have this in them, in place of a prefix."),
    Parameter::new(&["size"], Form::Whole(1, 10_000), "20", "How many; 50 by default."),
];

pub(super) const PATTERNS: &[Parameter] = &[
    Parameter::new(
        &["sort", "order"],
        Form::Word(&["frequent", "rare", "newest", "changed"]),
        "frequent",
        "Which come first; frequent by default.",
    ),
    Parameter::new(&["size", "limit"], Form::Whole(1, 10_000), "20", "How many; 50 by default."),
    Parameter::new(&["new_since"], Form::Moment, "now-1h", "What was not seen before is new."),
    Parameter::new(&["only_new"], Form::Flag, "false", "Whether the others are left out."),
    Parameter::new(&["services"], Form::Whole(0, 1_000), "5", "How many services are named of each."),
    Parameter::new(&["examples"], Form::Whole(0, 100), "1", "How many lines are shown of each."),
];

pub(super) const VALIDATE: &[Parameter] = &[
    Parameter::new(&["q", "query"], Form::Text, "level:err", "The query as it is so far."),
    Parameter::new(
        &["cursor"],
        Form::Whole(0, u32::MAX),
        "9",
        "Where somebody types, in UTF-16 units; the end by default.",
    ),
    Parameter::new(&["syntax"], Form::Word(&["kql", "lucene"]), "kql", "How the query is written."),
    FROM,
    TO,
];

pub(super) const EXPLAIN: &[Parameter] = &[
    Parameter::new(&["size", "page_size"], Form::Whole(1, 10_000), "20", "Lines of a page; 50 by default."),
    ORDER,
    TOTAL,
];

pub(super) const CONTEXT: &[Parameter] = &[
    Parameter::new(&["before"], Form::Whole(0, 10_000), "5", "Lines before it; 10 by default."),
    Parameter::new(&["after"], Form::Whole(0, 10_000), "5", "Lines after it; 10 by default."),
    Parameter::new(
        &["same"],
        Form::List,
        "service,host",
        "What neighbours have in common with it: service, host, source, environment, or nothing.",
    ),
];
