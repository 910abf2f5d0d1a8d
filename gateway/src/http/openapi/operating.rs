//! What is said of running the server: health, metrics, actors, and this document.
//!
//! Invariant: it says what `http/health`, `http/metrics`, `http/admin` and `http/openapi` do, and a test of the program
//! holds them together. It decides nothing.

use serde_json::{Value, json};

use super::document::Area;
use super::monitor;
use super::operation::{Content, Operation, PAGES};
use super::schema::{
    Component, flag, list, map, moment, nullable, number, object, optional, page_example, page_with,
    reference, text, whole, word,
};

pub(super) fn area() -> Area {
    Area {
        tag: "operations",
        what: "How the server is, for those who run it.",
        operations: [states(), actors(), monitor::operations(), documents()].concat(),
        components: components().into_iter().chain(monitor::components()).collect(),
    }
}

fn states() -> Vec<Operation> {
    let health = |path, id| {
        Operation::get(path, id, "Health")
            .described("Whether what the server depends on works, part by part.")
            .giving("It works.", reference("Health"))
            .answering(
                503,
                "Something that the server cannot do without does not work.",
                vec![Content::json(reference("Health"))],
            )
    };
    let status = || vec![Content::json(reference("Status"))];
    let metrics = json!({"type": "string", "description": "The text format of Prometheus."});
    vec![
        health("/health", "health"),
        health("/api/health", "healthOfApi"),
        Operation::get("/live", "live", "Whether the process answers")
            .giving("It does.", reference("Status")),
        Operation::get("/ready", "ready", "Whether the server takes work")
            .giving("It does.", reference("Status"))
            .answering(503, "It is stopping.", status()),
        Operation::get("/metrics", "metrics", "Figures for Prometheus")
            .described("Open to anybody, unless `listeners.metrics_token` is set: then it needs that one.")
            .answering(200, "All figures.", vec![Content::of("text/plain", metrics)])
            .with("security", json!([{}, {"operatorToken": []}]))
            .failing(&[401]),
    ]
}

fn actors() -> Vec<Operation> {
    vec![
        Operation::get("/api/admin/actors", "actors", "The state of the actors")
            .described("The operator sees the platform and all tenants; an admin of a tenant sees its own.")
            .giving("The tree of actors.", reference("Actors")),
        Operation::get("/api/admin/slow-queries", "slowQueries", "Questions that took long")
            .described(
                "The latest since the start, beyond `limits.search.slow_after`. The operator sees those of all tenants; an \
                 admin of a tenant sees its own.",
            )
            .query(PAGES)
            .giving("The latest first.", reference("SlowQueries"))
            .failing(&[422]),
        Operation::get("/api/admin/support-bundle", "supportBundle", "What somebody has to know who helps")
            .described(
                "Version, settings, sizes of folders, health, figures, actors, upkeep, questions that took long, and what the \
                 server has said lately. Secrets are masked; lines are not in it.",
            )
            .answering(
                200,
                "An archive: tar, compressed with gzip.",
                vec![Content::of("application/gzip", json!({"type": "string", "format": "binary"}))],
            ),
        Operation::post("/api/admin/tenants/{id}/revive", "reviveTenant", "Let a tenant run again")
            .described("For one that was set aside because it kept failing.")
            .place("id", "engines-7h2k", "Of the tenant.")
            .giving("It may run.", reference("Revived"))
            .failing(&[404]),
    ]
}

fn documents() -> Vec<Operation> {
    let text = || json!({"type": "string"});
    let kept = |path, id, summary| {
        Operation::get(path, id, summary).answering(304, "It is as `If-None-Match` says.", Vec::new())
    };
    let page = |path, id, summary| {
        kept(path, id, summary).answering(200, "A page.", vec![Content::of("text/html", text())])
    };
    let file = |path, id, summary| {
        let files = ["text/javascript", "text/css", "text/plain"].map(|media| Content::of(media, text()));
        kept(path, id, summary)
            .place("file", "begin.js", "As the page names it.")
            .answering(200, "The file.", files.into())
            .failing(&[404])
    };
    vec![
        kept("/api/schema", "schema", "This document")
            .described("OpenAPI 3.1 in JSON.")
            .giving("The document.", json!({"type": "object", "additionalProperties": true})),
        page("/api/docs", "docs", "This document in Swagger UI"),
        page("/api/redoc", "redoc", "This document in ReDoc"),
        file("/api/docs/{file}", "docsFile", "A file of the page of Swagger UI"),
        file("/api/redoc/{file}", "redocFile", "A file of the page of ReDoc"),
    ]
}

fn components() -> Vec<Component> {
    let dependency = object([
        ("status", word(&["ok", "skipped", "degraded", "unhealthy"], "How it is.")),
        ("latency_ms", number("How long it took to ask.")),
        ("detail", text("For people.")),
    ]);
    let health = object([
        ("status", word(&["ok", "degraded", "unhealthy"], "The worst of its parts.")),
        ("version", text("Of the program.")),
        ("uptime_s", whole("Since the start.")),
        ("dependencies", map(dependency, "By their names.")),
    ]);
    let healthy = json!({
        "status": "ok", "version": env!("CARGO_PKG_VERSION"), "uptime_s": 86_400,
        "dependencies": {"log": {"status": "ok", "latency_ms": 0.02, "detail": "4 of 4 partitions take appends"}},
    });
    let status = object([("status", word(&["alive", "ready", "stopping"], "In a word."))]);
    let revived =
        object([("id", text("Of the tenant.")), ("revived", flag("Whether it had been set aside."))]);
    vec![
        Component::new("Health", health, healthy),
        Component::new("Status", status, json!({"status": "ready"})),
        Component::new("Actors", tree(), tree_example()),
        Component::new("SlowQueries", slow_queries(), slow_queries_example()),
        Component::new("Revived", revived, json!({"id": "engines-7h2k", "revived": true})),
    ]
}

fn slow_queries() -> Value {
    let slow = object([
        ("at", moment("When it was answered.")),
        ("tenant_id", text("Whose lines.")),
        ("asked_by", text("`user ID` or `key ID`.")),
        ("request_id", text("As in the answer's header X-Request-Id.")),
        ("path", text("Where it was asked.")),
        ("query", text("What was asked, cut if it is long. `/api/logs/explain/` tells how it is answered.")),
        ("took_ms", number("Until the answer began.")),
        ("status", whole("Of the answer.")),
        ("found", nullable(whole("Lines that pass, or rows; null if they were not counted."))),
        ("partial", flag("Whether lines were missing from the answer.")),
        ("answer_bytes", nullable(whole("Of its body; null if that is sent as it is found."))),
    ]);
    optional(
        page_with(slow, [("slow_after_ms", whole("What counts as long."))]),
        [("since_start", whole("How many there were, of all tenants; for the operator only."))],
    )
}

fn slow_queries_example() -> Value {
    let mut page = page_example(json!({
        "at": "2026-03-01T08:00:00.000Z", "tenant_id": "engines-7h2k", "asked_by": "user 6f1c",
        "request_id": "18c9a3f0e1-2a", "path": "/api/logs/search/", "query": "disk", "took_ms": 1_204.5,
        "status": 200, "found": 17, "partial": false, "answer_bytes": 5_102,
    }));
    (page["slow_after_ms"], page["since_start"]) = (1_000.into(), 1.into());
    page
}

fn tree() -> Value {
    let shard = object([
        ("partition", whole("That it writes to.")),
        ("status", word(&["running", "starting"], "How it is.")),
        ("failures", whole("How often it was started again.")),
    ]);
    let tenant = object([
        ("id", text("Of the tenant.")),
        ("status", word(&["running", "parked"], "Parked is who kept failing.")),
        ("bytes_held", whole("Of lines that are under way.")),
        ("shards", list(shard, "That write its lines.")),
    ]);
    let platform = object([
        ("tenants_running", whole("Tenants that run.")),
        ("tenants_parked", whole("Tenants that are set aside.")),
        ("bytes_held", whole("Of lines that are under way.")),
        ("bytes_held_max", whole("As many as there may be.")),
        ("batches_waiting", whole("For their turn to be written.")),
    ]);
    let tenant = optional(tenant, [("reason", text("Why it is parked."))]);
    let projectors = list(projector(), "For the operator only.");
    optional(
        object([("tenants", list(tenant, "Those that the caller may see."))]),
        [("platform", platform), ("projectors", projectors)],
    )
}

fn projector() -> Value {
    let lag = object([
        ("events", whole("Events to go.")),
        ("bytes", whole("Bytes of them.")),
        ("seconds", number("Since the oldest of them was written.")),
    ]);
    object([
        ("projection", text("What it feeds.")),
        ("partition", whole("That it follows.")),
        ("status", word(&["running", "waiting", "starting"], "Waiting is who cannot go on and tries again.")),
        ("failures", whole("How often it was started again.")),
        ("events", whole("That it has passed on.")),
        ("retries", whole("That were passed on anew.")),
        ("set_aside", whole("That the projection could not take.")),
        ("lag", lag),
    ])
}

fn tree_example() -> Value {
    json!({
        "platform": {
            "tenants_running": 1, "tenants_parked": 0, "bytes_held": 0, "bytes_held_max": 268_435_456,
            "batches_waiting": 0,
        },
        "tenants": [{
            "id": "engines-7h2k", "status": "running", "bytes_held": 0,
            "shards": [{"partition": 0, "status": "running", "failures": 0}],
        }],
        "projectors": [{
            "projection": "index", "partition": 0, "status": "running", "failures": 0, "events": 17, "retries": 0,
            "set_aside": 0, "lag": {"events": 0, "bytes": 0, "seconds": 0.0},
        }],
    })
}
