//! What is said of work in the background: of tenants, and of the server itself.
//!
//! Invariant: it says what `http/jobs` and `http/admin/jobs` do, and a test of the program holds them together. It decides
//! nothing.

use serde_json::{Value, json};

use super::document::Area;
use super::operation::{Content, Form, Operation, PAGES, Parameter};
use super::schema::{Component, flag, moment, nullable, object, page_of, reference, text, whole, word};
use crate::http::jobs::STATES;

const STATE: &[Parameter] = &[Parameter::new(
    &["state"],
    Form::Word(&STATES),
    "succeeded",
    "Jobs that are there; may be given again and again.",
)];

pub(super) fn area() -> Area {
    Area {
        tag: "jobs",
        what: "Work in the background.",
        operations: [of_tenant(), of_upkeep()].concat(),
        components: components(),
    }
}

fn of_tenant() -> Vec<Operation> {
    let of_job = |operation: Operation| {
        operation
            .place("id", "6f1c", "As the list has it.")
            .giving("The job as it is now.", reference("Job"))
            .failing(&[404])
    };
    vec![
        Operation::get("/api/jobs", "listJobs", "List the jobs of the tenant")
            .described("Files whose lines are read, or were, exports and imports. The newest first.")
            .query(PAGES)
            .query(STATE)
            .giving("A page of them.", reference("JobList"))
            .failing(&[422]),
        of_job(Operation::get("/api/jobs/{id}", "job", "One of them")),
        of_job(Operation::post("/api/jobs/{id}/cancel", "cancelJob", "Stop a job"))
            .described("What was done stays. A job that has ended stays as it is. An export or import is stopped by administrators.")
            .failing(&[409]),
        of_job(Operation::post("/api/jobs/{id}/retry", "retryJob", "Go on with a job"))
            .described("With one that failed or was stopped, from where it was.")
            .failing(&[409]),
    ]
}

fn of_upkeep() -> Vec<Operation> {
    vec![
        Operation::get("/api/admin/jobs", "listUpkeep", "The upkeep of the server")
            .query(PAGES)
            .giving("What is done again and again.", page_of(reference("UpkeepJob")))
            .failing(&[422]),
        Operation::post("/api/admin/jobs/{id}/run", "runUpkeep", "Do it now")
            .described("Answers at once; the list tells when it was done.")
            .place("id", "retention", "As the list has it.")
            .answering(202, "It is begun as soon as may be.", vec![Content::json(reference("UpkeepJob"))])
            .failing(&[404]),
    ]
}

fn components() -> Vec<Component> {
    let job = job_example();
    let page = json!({"results": [job], "total": 1, "page": 1, "size": 50, "next": null, "previous": null});
    vec![
        Component::new("Job", job_schema(), job),
        Component::new("JobList", page_of(reference("Job")), page),
        Component::new("UpkeepJob", upkeep(), upkeep_example()),
    ]
}

fn job_schema() -> Value {
    let result = object([
        ("total", whole("Entries that were read.")),
        ("indexed", whole("Of them, those that are stored.")),
        ("failed", whole("Of them, those that could not be taken.")),
    ]);
    let error = object([("code", text("For programs.")), ("message", text("For people."))]);
    object([
        ("id", text("Of the job.")),
        ("kind", word(&["upload", "export", "import"], "What it is about.")),
        ("name", text("Of the file or archive.")),
        ("state", word(&STATES, "Where it is.")),
        ("progress", whole("Percent.")),
        ("result", result),
        ("tries", nullable(whole("Since the server started; null for a job that has ended."))),
        ("error", nullable(error)),
        ("user_id", text("Who wanted it.")),
        ("created_at", moment("When it was asked for.")),
        ("started_at", nullable(moment("When this try began; null unless it is under way."))),
        ("updated_at", moment("When something of it was recorded last.")),
        ("took_ms", nullable(whole("The try that succeeded."))),
    ])
}

fn job_example() -> Value {
    json!({
        "id": "6f1c", "kind": "upload", "name": "disks.ndjson", "state": "succeeded", "progress": 100,
        "result": {"total": 2, "indexed": 2, "failed": 0}, "tries": null, "error": null, "user_id": "6f1c",
        "created_at": "2026-03-01T08:00:00.000Z", "started_at": null, "updated_at": "2026-03-01T08:00:01.000Z",
        "took_ms": 12,
    })
}

fn upkeep() -> Value {
    let last = object([
        ("began_at", moment("When.")),
        ("took_ms", whole("How long it took.")),
        ("succeeded", flag("Whether it did what it should.")),
        ("result", text("What came of it.")),
    ]);
    object([
        ("id", text("Of the job.")),
        ("what", text("What it does.")),
        ("state", word(&["running", "asked", "resting"], "How it is.")),
        ("running_since", nullable(moment("Since when."))),
        ("last", nullable(last)),
        ("next_at", nullable(moment("When it is done again; null: whenever there is something to do."))),
        ("done", whole("Pieces of work since the start of the server.")),
        ("failed", whole("Those that failed.")),
    ])
}

fn upkeep_example() -> Value {
    json!({
        "id": "retention", "what": "has lines go that are older than their tenants keep them", "state": "resting",
        "running_since": null,
        "last": {
            "began_at": "2026-03-01T08:00:00.000Z", "took_ms": 3, "succeeded": true, "result": "no line was too old",
        },
        "next_at": "2026-03-01T09:00:00.000Z", "done": 1, "failed": 0,
    })
}
