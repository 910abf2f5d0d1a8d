//! What is said of questions that are kept: the history of what somebody asked, and searches with a name.
//!
//! Invariant: both have two addresses, and the same is said of both. It says what `http/search/` does, and a test of the
//! program holds the two together.

use serde_json::{Value, json};

use super::document::Area;
use super::operation::{Content, Operation, PAGES};
use super::schema::{
    Component, flag, list, map, moment, nullable, number, object, optional, page_of, reference, text, whole,
    word,
};

/// The paths of one kind, and what makes the ids of its operations differ from those of its other name.
struct Named {
    all: &'static str,
    one: &'static str,
    asked: &'static str,
    ids: [&'static str; 7],
}

pub(super) fn area() -> Area {
    let history = [
        Named {
            all: "/api/logs/search-history",
            one: "/api/logs/search-history/{id}",
            asked: "/api/logs/search-history/{id}/replay",
            ids: [
                "listHistory",
                "saveHistory",
                "clearHistory",
                "pastSearch",
                "forgetSearch",
                "replaySearch",
                "",
            ],
        },
        Named {
            all: "/api/search/history",
            one: "/api/search/history/{id}",
            asked: "/api/search/history/{id}/replay",
            ids: [
                "listHistoryToo",
                "saveHistoryToo",
                "clearHistoryToo",
                "pastSearchToo",
                "forgetSearchToo",
                "replaySearchToo",
                "",
            ],
        },
    ];
    let saved = [
        Named {
            all: "/api/logs/saved-searches",
            one: "/api/logs/saved-searches/{id}",
            asked: "/api/logs/saved-searches/{id}/run",
            ids: [
                "listSaved",
                "saveSearch",
                "savedSearch",
                "replaceSaved",
                "changeSaved",
                "deleteSaved",
                "runSaved",
            ],
        },
        Named {
            all: "/api/search/saved",
            one: "/api/search/saved/{id}",
            asked: "/api/search/saved/{id}/run",
            ids: [
                "listSavedToo",
                "saveSearchToo",
                "savedSearchToo",
                "replaceSavedToo",
                "changeSavedToo",
                "deleteSavedToo",
                "runSavedToo",
            ],
        },
    ];
    Area {
        tag: "kept searches",
        what: "What somebody asked before, and searches that have a name.",
        operations: history.iter().flat_map(of_history).chain(saved.iter().flat_map(of_saved)).collect(),
        components: components(),
    }
}

fn of_history(named: &Named) -> Vec<Operation> {
    let Named { all, one, asked, ids: [listed, saved, cleared, past, forgotten, replayed, _] } = *named;
    let of_one = |operation: Operation| operation.place("id", "1-7", "As the list has it.").failing(&[404]);
    vec![
        Operation::get(all, listed, "What I asked before")
            .described("The newest first. What a person searches for is saved by itself; `save=false` leaves it out.")
            .query(PAGES)
            .giving("A page of it.", reference("HistoryList"))
            .failing(&[422]),
        Operation::post(all, saved, "Save a question")
            .body(Content::json(past_body()).like(json!({
                "query": "disk", "filters": {"level": ["error"], "from": "now-1h"}, "results_count": 3,
            })))
            .answering(201, "It is in the history.", vec![Content::json(reference("PastSearch"))])
            .failing(&[400, 413, 415, 422, 503]),
        Operation::new("DELETE", all, cleared, "Forget all that I asked")
            .answering(204, "The history is empty.", Vec::new())
            .failing(&[503]),
        of_one(Operation::get(one, past, "One question")).giving("The question.", reference("PastSearch")),
        of_one(Operation::new("DELETE", one, forgotten, "Forget one question"))
            .answering(204, "It is forgotten.", Vec::new())
            .failing(&[503]),
        of_one(Operation::post(asked, replayed, "Ask it again"))
            .described("Relative times count from now. Parameters of a search may stand in the body, instead of its own.")
            .giving("As a search answers.", reference("SearchAnswer"))
            .failing(&[400, 413, 415, 422]),
    ]
}

fn of_saved(named: &Named) -> Vec<Operation> {
    let Named { all, one, asked, ids: [listed, saved, shown, replaced, changed, deleted, run] } = *named;
    let of_one = |operation: Operation| operation.place("id", "6f1c", "As the list has it.").failing(&[404]);
    let example = json!({
        "name": "full disks", "description": "Before somebody calls.", "query": "disk", "filters": {"from": "now-1d"},
        "columns": ["timestamp", "message"], "shared": true,
    });
    let body = || Content::json(saved_body()).like(example.clone());
    let now = "The search as it is now.";
    vec![
        Operation::get(all, listed, "Saved searches")
            .described("One's own, and those that others of the tenant share.")
            .query(PAGES)
            .giving("A page of them.", reference("SavedSearchList"))
            .failing(&[422]),
        Operation::post(all, saved, "Save a search")
            .described(
                "The query of a template has places such as `${name}`, which get their values when it runs.",
            )
            .body(body())
            .answering(201, "The search.", vec![Content::json(reference("SavedSearch"))])
            .failing(&[400, 409, 413, 415, 422]),
        of_one(Operation::get(one, shown, "One saved search"))
            .giving("The search.", reference("SavedSearch")),
        of_one(Operation::new("PUT", one, replaced, "Replace a saved search"))
            .body(body())
            .giving(now, reference("SavedSearch"))
            .failing(&[400, 409, 413, 415, 422]),
        of_one(Operation::new("PATCH", one, changed, "Change a saved search"))
            .described("What is not said stays as it is. Only its owner or an admin may.")
            .body(
                Content::json(object([("description", text("For people."))]))
                    .like(json!({"description": "Daily."})),
            )
            .giving(now, reference("SavedSearch"))
            .failing(&[400, 409, 413, 415, 422]),
        of_one(Operation::new("DELETE", one, deleted, "Delete a saved search"))
            .answering(204, "It is gone.", Vec::new())
            .failing(&[409]),
        of_one(Operation::post(asked, run, "Run a saved search"))
            .described("Parameters of a search may stand in the body, instead of its own.")
            .body_if_any(Content::json(run_body()).like(json!({"size": 5})))
            .giving("As a search answers.", reference("SearchAnswer"))
            .failing(&[400, 413, 415, 422]),
    ]
}

fn filters() -> Value {
    let values = json!({"type": ["string", "array"], "items": {"type": "string"}});
    map(values, "Parameters of a search: level, service, …; from and to are kept as they were written.")
}

fn past_body() -> Value {
    optional(
        object([]),
        [
            ("query", text("What was asked; it may be left out beside a filter.")),
            ("filters", filters()),
            ("results_count", whole("Lines that were found.")),
            ("execution_time_ms", number("How long it took.")),
        ],
    )
}

fn saved_body() -> Value {
    optional(
        object([("name", text("For people."))]),
        [
            ("description", text("For people.")),
            ("query", text("It may be left out beside a filter.")),
            ("syntax", word(&["kql", "lucene"], "Of the query.")),
            ("filters", filters()),
            ("columns", list(text("A field."), "What a page shows of each line.")),
            ("shared", flag("Whether the others of the tenant see it.")),
            ("template", flag("Whether its query has places.")),
        ],
    )
}

fn run_body() -> Value {
    let values = map(text("A value."), "Values of the places of a template, by name.");
    let mut body = optional(object([]), [("parameters", values), ("size", whole("Lines of a page."))]);
    body["additionalProperties"] = true.into();
    body
}

fn question() -> [(&'static str, Value); 3] {
    [
        ("query", text("As it was written.")),
        ("syntax", word(&["kql", "lucene"], "Of the query.")),
        ("filters", filters()),
    ]
}

fn components() -> Vec<Component> {
    let page = |of: &Value| json!({"results": [of], "total": 1, "page": 1, "size": 50, "next": null, "previous": null});
    let past = json!({
        "id": "1-7", "query": "disk", "syntax": "kql", "filters": {"level": ["error"], "from": "now-1h"},
        "results_count": 3, "execution_time_ms": 1.2, "created_at": "2026-03-01T08:00:00.000Z",
    });
    let saved = json!({
        "id": "6f1c", "name": "full disks", "description": "Before somebody calls.", "query": "disk", "syntax": "kql",
        "filters": {"from": "now-1d"}, "columns": ["timestamp", "message"], "shared": true, "template": false,
        "parameters": [], "owner": "6f1c", "created_at": "2026-03-01T08:00:00.000Z",
        "updated_at": "2026-03-01T08:00:00.000Z", "permalink": "/dashboard/search?saved=6f1c",
    });
    vec![
        Component::new("PastSearch", object(past_fields()), past.clone()),
        Component::new("HistoryList", page_of(reference("PastSearch")), page(&past)),
        Component::new("SavedSearch", object(saved_fields()), saved.clone()),
        Component::new("SavedSearchList", page_of(reference("SavedSearch")), page(&saved)),
    ]
}

fn past_fields() -> Vec<(&'static str, Value)> {
    let more = [
        ("id", text("Of the question.")),
        ("results_count", nullable(whole("Lines that were found."))),
        ("execution_time_ms", nullable(number("How long it took."))),
        ("created_at", moment("When it was asked.")),
    ];
    question().into_iter().chain(more).collect()
}

fn saved_fields() -> Vec<(&'static str, Value)> {
    let more = [
        ("id", text("Of the search.")),
        ("name", text("For people.")),
        ("description", text("For people.")),
        ("columns", list(text("A field."), "What a page shows of each line.")),
        ("shared", flag("Whether the others of the tenant see it.")),
        ("template", flag("Whether its query has places.")),
        ("parameters", list(text("A name."), "The places of a template.")),
        ("owner", text("Whose it is.")),
        ("created_at", moment("When it was saved.")),
        ("updated_at", moment("When it was changed.")),
        ("permalink", text("The page that asks it.")),
    ];
    question().into_iter().chain(more).collect()
}
