//! What is said of searching: questions about lines, and their answers.
//!
//! Invariant: it says what `http/search/` does, and a test of the program holds the two together. What is asked by GET can
//! be posted too, by the same names. It decides nothing.

mod components;
mod parameters;

use serde_json::{Value, json};

use self::parameters::{
    BUCKETS, CONTEXT, EXPLAIN, EXPORT, FACETS, FROM, NAMES, OF_FIELD, PAGE, PATTERNS, QUESTION, SAVE, TO,
    VALIDATE, VALUES,
};
use super::document::Area;
use super::operation::{Content, Operation, PAGES, Parameter};
use super::schema::reference;

pub(super) fn area() -> Area {
    Area {
        tag: "search",
        what: "Questions about lines. Their time is limited; an answer that lacks lines is `partial`.",
        operations: [pages(), counts(), names(), queries(), lines()].concat(),
        components: components::components(),
    }
}

/// The parameters that the live tail shares with searches.
pub(super) fn watching() -> Vec<Parameter> {
    QUESTION.iter().chain([&FROM]).copied().collect()
}

fn question(more: &[Parameter]) -> Vec<Parameter> {
    QUESTION.iter().chain([&FROM, &TO]).chain(more).copied().collect()
}

/// A question by GET, and the same by POST.
struct Asked {
    path: &'static str,
    ids: [&'static str; 2],
    summary: &'static str,
    description: &'static str,
    parameters: Vec<Parameter>,
    example: Value,
    answers: Vec<Content>,
}

impl Asked {
    fn both(self) -> Vec<Operation> {
        let Self { path, ids: [get, post], summary, description, parameters, example, answers } = self;
        let both = [
            Operation::get(path, get, summary).query(&parameters).failing(&[400, 413, 415]),
            Operation::post(path, post, summary).asked(&parameters, &example),
        ];
        let finish = |operation: Operation| {
            operation.described(description).answering(200, "The answer.", answers.clone()).failing(&[422])
        };
        both.map(finish).into()
    }
}

fn json_of(name: &str) -> Vec<Content> {
    vec![Content::json(reference(name))]
}

fn pages() -> Vec<Operation> {
    let newest = Operation::get("/api/logs", "newestLines", "The newest lines")
        .described("A search as a list, with links to its pages.")
        .query(&question(PAGE))
        .giving("A page of lines.", reference("LineList"))
        .failing(&[400, 413, 415, 422]);
    let search = Asked {
        path: "/api/logs/search",
        ids: ["search", "postSearch"],
        summary: "Search lines",
        description: "A page of lines with its total. Pipes (`| stats …`) are answered by `columns` and `rows`.",
        parameters: question(&[PAGE, &[SAVE]].concat()),
        example: json!({
            "q": "disk and not debug", "level": ["error", "warning"], "from": "now-24h", "size": 20,
            "aggregations": {"by_service": {"terms": {"field": "service", "size": 5}},
                             "over_time": {"date_histogram": {"interval": "1h"}}},
        }),
        answers: json_of("SearchAnswer"),
    };
    let search_too = Asked {
        path: "/api/search",
        ids: ["searchToo", "postSearchToo"],
        summary: "Search lines, by a shorter address",
        parameters: search.parameters.clone(),
        example: search.example.clone(),
        answers: search.answers.clone(),
        ..search
    };
    let file = |media| Content::of(media, json!({"type": "string"}));
    let lines = json!({"type": "array", "items": {"type": "object", "additionalProperties": true}});
    let export = Asked {
        path: "/api/logs/export",
        ids: ["exportLines", "postExport"],
        summary: "Export lines",
        description: "All lines that are found, or the table of pipes. One that fails midway breaks off.",
        parameters: question(EXPORT),
        example: json!({"q": "level:error", "format": "csv", "columns": ["timestamp", "service", "message"]}),
        answers: vec![
            file("text/csv"),
            Content::json(lines),
            file("application/x-ndjson"),
            file("text/plain"),
            file("application/octet-stream"),
        ],
    };
    [vec![newest], search.both(), search_too.both(), export.both()].concat()
}

fn counts() -> Vec<Operation> {
    let stats = Asked {
        path: "/api/logs/stats",
        ids: ["stats", "postStats"],
        summary: "A question at a glance",
        description: "Totals, errors, the most frequent values, and what the tenant has stored.",
        parameters: question(VALUES),
        example: json!({"q": "disk", "from": "now-24h"}),
        answers: json_of("Stats"),
    };
    let histogram = Asked {
        path: "/api/logs/histogram",
        ids: ["histogram", "postHistogram"],
        summary: "Counts over time and level",
        description: "Buckets without lines are left out.",
        parameters: question(BUCKETS),
        example: json!({"q": "disk", "from": "now-24h", "interval": "1h"}),
        answers: json_of("Histogram"),
    };
    let facets = Asked {
        path: "/api/logs/facets",
        ids: ["facets", "postFacets"],
        summary: "The most frequent values of fields",
        description: "Counted over all lines that are found.",
        parameters: question(FACETS),
        example: json!({"fields": ["service", "level"], "size": 5}),
        answers: json_of("Facets"),
    };
    [stats.both(), histogram.both(), facets.both()].concat()
}

fn names() -> Vec<Operation> {
    let fields = Operation::get("/api/logs/fields", "fields", "The fields that lines have")
        .query(NAMES)
        .giving("By their names.", reference("Fields"))
        .failing(&[400, 413, 415, 422]);
    let streams = Operation::get("/api/logs/streams", "streams", "The streams that lines are filed under")
        .described("Those with the most lines first. A key that is kept to streams sees these alone.")
        .query(PAGES)
        .query(&[FROM, TO])
        .giving("A page of them.", reference("Streams"))
        .failing(&[400, 413, 415, 422]);
    let values = Asked {
        path: "/api/logs/fields/{name}/values",
        ids: ["fieldValues", "postFieldValues"],
        summary: "The values of a field",
        description: "The most frequent first, of all lines or of those that a query finds.",
        parameters: question(OF_FIELD),
        example: json!({"q": "disk", "prefix": "sh"}),
        answers: json_of("FieldValues"),
    };
    let values = values.both().into_iter();
    let values =
        values.map(|of| of.place("name", "service", "As queries name the field, dotted if it is nested."));
    let patterns = Asked {
        path: "/api/logs/patterns",
        ids: ["patterns", "postPatterns"],
        summary: "What messages have in common",
        description: "Messages that differ in numbers, names and the like are one pattern.",
        parameters: [question(PATTERNS), BUCKETS.to_vec()].concat(),
        example: json!({"q": "disk", "from": "now-24h", "new_since": "now-1h"}),
        answers: json_of("Patterns"),
    };
    [vec![fields, streams], values.collect(), patterns.both()].concat()
}

fn queries() -> Vec<Operation> {
    let validate = Asked {
        path: "/api/logs/validate-query",
        ids: ["validateQuery", "postValidateQuery"],
        summary: "What is wrong with a query, and what could stand next",
        description: "For editors: diagnostics and completions. A wrong query is no failure here.",
        parameters: VALIDATE.to_vec(),
        example: json!({"q": "level:err", "cursor": 9}),
        answers: json_of("QueryCheck"),
    };
    let explain = Asked {
        path: "/api/logs/explain",
        ids: ["explain", "postExplain"],
        summary: "How a search is answered",
        description: "The search is run; its steps and costs are told in place of its lines.",
        parameters: question(EXPLAIN),
        example: json!({"q": "disk and level:error"}),
        answers: json_of("Explanation"),
    };
    [validate.both(), explain.both()].concat()
}

fn lines() -> Vec<Operation> {
    let of_line = |path, id, summary| {
        Operation::get(path, id, summary)
            .place("id", "0-17-0", "As results have it: partition, offset and line.")
            .failing(&[404])
    };
    let bytes = Content::of("application/octet-stream", json!({"type": "string", "format": "binary"}));
    vec![
        of_line("/api/logs/{id}", "line", "One line")
            .giving("The line, as it came in `raw`, and how it came.", reference("Line")),
        of_line("/api/logs/{id}/raw", "rawLine", "One line byte for byte").answering(
            200,
            "The line as it came.",
            vec![bytes],
        ),
        of_line("/api/logs/{id}/context", "context", "A line among its neighbours")
            .query(CONTEXT)
            .giving("Lines before and after it.", reference("Context"))
            .failing(&[400, 413, 415, 422]),
    ]
}
