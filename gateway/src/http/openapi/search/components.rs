//! The answers of searches, as schemas.
//!
//! Invariant: every answer about many lines ends with `took`, `partial` and `warnings`. They are not checked here: a test
//! of the program compares them with what it is answered.

use serde_json::{Value, json};

use super::super::schema::{
    Component, flag, list, map, moment, nullable, number, object, optional, page_of, reference, text, whole,
    word,
};

pub(super) fn components() -> Vec<Component> {
    [of_lines(), of_counts(), of_names(), of_queries()].concat()
}

/// The fields of an answer, and what every answer ends with.
fn answer<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    object(fields.into_iter().chain([
        ("took", number("Milliseconds.")),
        ("partial", flag("Lines are missing that were asked for; the warnings say why.")),
        ("warnings", list(text("A sentence."), "What whoever asks may want to know.")),
    ]))
}

fn answered(mut example: Value) -> Value {
    example["took"] = json!(3.21);
    example["partial"] = json!(false);
    example["warnings"] = json!([]);
    example
}

fn query() -> (&'static str, Value) {
    ("query", text("As it was asked."))
}

fn of_lines() -> Vec<Component> {
    let context = answer([
        ("before", list(reference("Line"), "The nearest last.")),
        ("line", reference("Line")),
        ("after", list(reference("Line"), "The nearest first.")),
    ]);
    let found = search_example();
    let mut listed = found.clone();
    listed["next"] = "/api/logs/?cursor=01189c00a8c0".into();
    listed["previous"] = Value::Null;
    let links = page_of(json!({}))["properties"].clone();
    let links = ["next", "previous"].map(|name| (name, links[name].clone()));
    vec![
        Component::new("Line", line(), line_example()),
        Component::new("SearchAnswer", search(), found),
        Component::new("LineList", optional(search(), links), listed),
        Component::new(
            "Context",
            context,
            answered(json!({"before": [], "line": line_example(), "after": []})),
        ),
    ]
}

/// A line has the fixed fields, and all of its own.
fn line() -> Value {
    let said = |what: &str| nullable(text(what));
    let fixed = object([
        ("id", text("Partition, offset and line.")),
        ("timestamp", moment("When it happened.")),
        ("received_at", moment("When it came.")),
        (
            "level",
            said("Normalised: trace, debug, info, warning, error or critical. Another word is as it came."),
        ),
        ("message", said("What it says.")),
        ("source", said("Where it is from.")),
        ("service", said("Which service wrote it.")),
        ("environment", said("Where that runs.")),
        ("host", said("On which host.")),
    ]);
    let arrival = object([("protocol", text("By which it came.")), ("origin", text("From where."))]);
    let marks = list(list(whole("UTF-16 units."), "Begin and end."), "Places that match.");
    let mut line = optional(
        fixed,
        [
            ("raw", text("The line as it came, where it was asked for.")),
            ("raw_log", text("The same under its older name.")),
            ("arrival", arrival),
            ("highlight", map(marks, "By field, where it was asked for.")),
            (
                "original",
                json!({"type": "object", "additionalProperties": true,
                "description": "What the line itself says under one of the fixed names, if it says something else."}),
            ),
        ],
    );
    line["additionalProperties"] = true.into();
    line["description"] =
        "A line: what it means under fixed names, and its other fields as they were sent.".into();
    line
}

fn line_example() -> Value {
    json!({
        "id": "0-17-0", "timestamp": "2026-03-01T08:00:00.000Z", "received_at": "2026-03-01T08:00:01.204Z",
        "level": "warning", "message": "disk 91 % full", "source": null, "service": "shop", "environment": null,
        "host": null, "disk": "sda1", "original": {"level": "warn"},
    })
}

fn search() -> Value {
    let found = answer([
        query(),
        (
            "results",
            list(
                json!({"type": "object", "additionalProperties": true, "description":
            "A line (see Line), or as much of it as a pipe has left."}),
                "The lines of this page.",
            ),
        ),
        ("total", nullable(whole("Lines that are found."))),
        ("total_is_exact", flag("False if there may be more.")),
        ("page", whole("Counted from 1.")),
        ("size", whole("Lines of a page.")),
        ("next_cursor", nullable(text("With it the next page is asked for."))),
        (
            "aggregations",
            map(
                json!({"type": "object", "additionalProperties": true,
            "description": "Values of a field, or counts over time."}),
                "Under the names that they were asked with.",
            ),
        ),
    ]);
    let rows = list(
        list(json!({"description": "A text, a number, a flag or null."}), "One row."),
        "Of the table of pipes.",
    );
    optional(found, [("columns", list(text("A name."), "Of the table of pipes.")), ("rows", rows)])
}

fn search_example() -> Value {
    answered(json!({
        "query": "disk", "results": [line_example()], "total": 1, "total_is_exact": true, "page": 1, "size": 50,
        "next_cursor": null, "aggregations": {},
    }))
}

fn counted() -> Value {
    object([("value", text("The value.")), ("count", whole("Lines that have it."))])
}

fn levels() -> Value {
    map(whole("Lines."), "By level; none is for lines without one.")
}

fn of_counts() -> Vec<Component> {
    let values = |what| list(reference("ValueCount"), what);
    let storage = object([
        ("lines", whole("Lines of the tenant.")),
        ("raw_bytes", whole("As they came.")),
        ("stored_bytes", whole("As they are kept.")),
        ("earliest", nullable(moment("Of the first line."))),
        ("latest", nullable(moment("Of the last line."))),
    ]);
    let stats = answer([
        query(),
        ("total", whole("Lines that are found.")),
        ("errors", whole("Of the levels error and critical.")),
        ("error_rate", number("Their share.")),
        ("by_level", levels()),
        ("by_service", values("The most frequent.")),
        ("by_source", values("The most frequent.")),
        ("by_environment", values("The most frequent.")),
        ("by_host", values("The most frequent.")),
        ("storage", storage),
    ]);
    let bucket = object([
        ("start", moment("Where it begins.")),
        ("count", whole("Lines in it.")),
        ("levels", levels()),
    ]);
    let histogram = answer([
        query(),
        ("total", whole("Lines that are found.")),
        ("interval_ms", number("Length of a bucket.")),
        ("buckets", list(bucket, "Those that have lines.")),
    ]);
    let facet = object([
        ("field", text("Its name.")),
        ("values", values("The most frequent.")),
        ("others", whole("How often there are other values.")),
    ]);
    let facets = answer([query(), ("facets", list(facet, "In the order in which they were asked for."))]);
    let shop = json!([{"value": "shop", "count": 12}]);
    vec![
        Component::new("ValueCount", counted(), json!({"value": "shop", "count": 12})),
        Component::new(
            "Stats",
            stats,
            answered(json!({
                "query": "", "total": 12, "errors": 3, "error_rate": 0.25, "by_level": {"info": 9, "error": 3},
                "by_service": shop, "by_source": [], "by_environment": [], "by_host": [],
                "storage": {"lines": 12, "raw_bytes": 5232, "stored_bytes": 410, "earliest": "2026-03-01T08:00:00.000Z",
                            "latest": "2026-03-01T08:10:00.000Z"},
            })),
        ),
        Component::new(
            "Histogram",
            histogram,
            answered(json!({
                "query": "", "total": 12, "interval_ms": 60_000.0,
                "buckets": [{"start": "2026-03-01T08:00:00.000Z", "count": 12, "levels": {"info": 9, "error": 3}}],
            })),
        ),
        Component::new(
            "Facets",
            facets,
            answered(json!({
                "query": "", "facets": [{"field": "service", "values": shop, "others": 0}],
            })),
        ),
    ]
}

fn of_names() -> Vec<Component> {
    let field = object([
        ("name", text("As queries have it.")),
        ("types", list(word(&["text", "number", "boolean", "time"], "A kind of values."), "That there are.")),
        ("count", whole("Lines that have it.")),
        ("role", nullable(text("The name under which queries find it whatever its sender calls it."))),
    ]);
    let fields = answer([("results", list(field, "The fields.")), ("total", whole("How many they are."))]);
    let stream = object([
        ("name", text("As keys and rules of retention match it.")),
        ("lines", whole("That are filed under it, and stored.")),
    ]);
    let streams = answer([
        ("results", list(stream, "Those with the most lines first.")),
        ("total", whole("How many there are.")),
        ("page", whole("Counted from 1.")),
        ("size", whole("Streams of a page.")),
        ("next", nullable(text("The address of the next page."))),
        ("previous", nullable(text("The address of the page before."))),
    ]);
    let values = answer([
        ("field", text("Its name.")),
        ("results", list(reference("ValueCount"), "The most frequent first.")),
        ("total", whole("How many they are.")),
        ("others", whole("How often there are other values.")),
    ]);
    vec![
        Component::new(
            "Fields",
            fields,
            answered(json!({
                "results": [{"name": "disk", "types": ["text"], "count": 12, "role": null}], "total": 1,
            })),
        ),
        Component::new(
            "Streams",
            streams,
            answered(json!({
                "results": [{"name": "logs-shop-default", "lines": 12}], "total": 1, "page": 1, "size": 50,
                "next": null, "previous": null,
            })),
        ),
        Component::new(
            "FieldValues",
            values,
            answered(json!({
                "field": "service", "results": [{"value": "shop", "count": 12}], "total": 1, "others": 0,
            })),
        ),
        Component::new("Pattern", pattern(), pattern_example()),
        Component::new(
            "Patterns",
            patterns(),
            answered(json!({
                "query": "", "results": [pattern_example()], "total": 1, "others": {"patterns": 0, "lines": 0},
                "lines": {"total": 12, "classified": 12, "without_message": 0, "unclassified": 0},
                "interval_ms": 60_000.0,
            })),
        ),
    ]
}

fn pattern() -> Value {
    let bucket = object([("start", moment("Where it begins.")), ("count", whole("Lines in it."))]);
    object([
        ("id", text("The same for the same pattern.")),
        ("pattern", text("The message, with what varies left open.")),
        ("count", whole("Lines that have it.")),
        ("share", number("Of the lines that have a pattern.")),
        ("first_seen", nullable(moment("In the time that is asked for."))),
        ("last_seen", nullable(moment("In the time that is asked for."))),
        ("is_new", flag("Whether it was not seen before new_since.")),
        ("count_before", nullable(whole("Lines before new_since."))),
        ("levels", nullable(levels())),
        ("services", list(reference("ValueCount"), "The most frequent.")),
        ("buckets", list(bucket, "Over time, if an interval is asked for.")),
        ("examples", list(reference("Line"), "As many as are asked for.")),
    ])
}

fn pattern_example() -> Value {
    json!({
        "id": "9c3f01d2", "pattern": "disk <*> % full", "count": 12, "share": 1.0,
        "first_seen": "2026-03-01T08:00:00.000Z", "last_seen": "2026-03-01T08:10:00.000Z", "is_new": false,
        "count_before": null, "levels": {"warning": 12}, "services": [{"value": "shop", "count": 12}], "buckets": [],
        "examples": [line_example()],
    })
}

fn patterns() -> Value {
    let others = object([("patterns", whole("That were left out.")), ("lines", whole("Of those."))]);
    let lines = object([
        ("total", whole("That were looked at.")),
        ("classified", whole("That have a pattern.")),
        ("without_message", whole("That have no message.")),
        ("unclassified", whole("That are not sorted yet.")),
    ]);
    answer([
        query(),
        ("results", list(reference("Pattern"), "In the order that was asked for.")),
        ("total", whole("Patterns, those included that were left out.")),
        ("others", others),
        ("lines", lines),
        ("interval_ms", number("Length of a bucket.")),
    ])
}

fn of_queries() -> Vec<Component> {
    let suggestion = object([
        ("text", text("As it is written in the query.")),
        ("kind", word(&["word", "pipe", "function", "field", "value"], "What it is.")),
        ("detail", nullable(text("What it is, for people."))),
        ("count", nullable(whole("Lines that have it."))),
    ]);
    let completion = object([
        ("start", whole("What a suggestion is put in place of, in UTF-16 units.")),
        ("end", whole("Where that ends.")),
        ("prefix", text("What stands there.")),
        ("suggestions", list(suggestion, "What could stand there.")),
    ]);
    let check = answer([
        query(),
        ("valid", flag("Whether it can run.")),
        ("diagnostics", list(reference("Diagnostic"), "In the order of the text.")),
        ("understood", nullable(text("The filter as it was understood."))),
        ("completion", completion),
    ]);
    let right = answered(json!({
        "query": "level:err", "valid": true, "diagnostics": [], "understood": "level:error",
        "completion": {"start": 6, "end": 9, "prefix": "err", "suggestions": [
            {"text": "error", "kind": "value", "detail": null, "count": null},
        ]},
    }));
    let told = answered(json!({
        "query": "disk", "filter": "disk", "lines": 1, "text": "1 step …",
        "steps": [with_cost(json!({"what": "lines", "parts": 1, "ways": [], "looked_at": {}}))],
    }));
    vec![
        Component::new(
            "Diagnostic",
            diagnostic(),
            json!({
                "start": 4, "end": 9, "code": "unclosed_quote", "message": "There is no closing quote.",
                "severity": "error", "expected": "\"", "suggestion": null,
            }),
        ),
        Component::new("QueryCheck", check, right),
        Component::new("Explanation", explanation(), told),
    ]
}

fn diagnostic() -> Value {
    object([
        ("start", whole("In UTF-16 units.")),
        ("end", whole("In UTF-16 units.")),
        ("code", text("For programs.")),
        ("message", text("For people.")),
        ("severity", word(&["error", "warning"], "Whether the query can run.")),
        ("expected", nullable(text("What could stand there."))),
        ("suggestion", nullable(text("What to put in place of it."))),
    ])
}

fn explanation() -> Value {
    let cost = || {
        [
            ("stored_bytes_read", whole("From storage.")),
            ("cached_bytes_read", whole("From memory.")),
            ("took_ms", number("Of all threads together.")),
        ]
    };
    let way = object(
        [
            ("what", text("The way.")),
            ("parts", whole("Of the index.")),
            ("names", list(text("A part."), "The first of them.")),
        ]
        .into_iter()
        .chain(cost()),
    );
    let step = object(
        [
            ("what", text("The step.")),
            ("parts", whole("Of the index.")),
            ("ways", list(way, "How parts were dealt with.")),
            ("looked_at", map(whole("How often."), "By what it is.")),
        ]
        .into_iter()
        .chain(cost()),
    );
    answer([
        query(),
        ("filter", text("As it was understood.")),
        ("lines", whole("Of the page, which is not given.")),
        ("steps", list(step, "In their order.")),
        ("text", text("The same for people.")),
    ])
}

fn with_cost(mut step: Value) -> Value {
    for (name, cost) in
        [("stored_bytes_read", json!(4_096)), ("cached_bytes_read", json!(0)), ("took_ms", json!(0.4))]
    {
        step[name] = cost;
    }
    step
}
