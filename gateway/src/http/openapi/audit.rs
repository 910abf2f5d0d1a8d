//! What is said of the audit: who did what when, from where, and what was before and after.
//!
//! Invariant: it says what `http/audit` does, and a test of the program holds the two together. It decides nothing.

use serde_json::{Value, json};

use super::document::Area;
use super::operation::{Content, Form, Operation, Parameter};
use super::schema::{
    Component, map, moment, nullable, object, page_example, page_with, reference, text, whole, word,
};

const FILTER: &[Parameter] = &[
    Parameter::new(&["from", "start_date", "start_time"], Form::Moment, "now-7d", "Not before this time."),
    Parameter::new(&["to", "end_date", "end_time"], Form::Moment, "now", "Before the end of this time."),
    Parameter::new(&["actor"], Form::Text, "person", "A kind of actor, or the id of a person or key."),
    Parameter::new(&["action"], Form::Text, "key_created", "What was done."),
    Parameter::new(&["object"], Form::Text, "key", "A kind of thing, an id, or both: `key/6f1c`."),
    Parameter::new(&["address"], Form::Text, "192.0.2.7", "From where the request came."),
    Parameter::new(&["request_id"], Form::Text, "17c0ffee-2a", "The `X-Request-Id` of the request."),
];

const PLACE: &[Parameter] = &[
    Parameter::new(
        &["page"],
        Form::Whole(1, u32::MAX),
        "1",
        "Counted from 1, among the newest 50,000 entries.",
    ),
    Parameter::new(&["size", "page_size"], Form::Whole(1, 1_000), "20", "Entries of a page; 50 by default."),
    Parameter::new(&["cursor"], Form::Text, "0-17", "The `next_cursor` of the page before."),
];

const FORMAT: &[Parameter] =
    &[Parameter::new(&["format"], Form::Word(&["ndjson", "jsonl", "csv"]), "csv", "`ndjson` by default.")];

pub(super) fn area() -> Area {
    Area {
        tag: "audit",
        what: "What was done in the tenant: every change, every login, and reads as far as `audit.reads` says so.",
        operations: operations(),
        components: components(),
    }
}

fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/api/audit", "listAudit", "What was done")
            .described(
                "The newest first. Each entry has the hash of its event, over that of the one before, and `head` is \
                 the end of this chain: who notes its receipt elsewhere can have `antler verify --receipt` prove later \
                 that nothing up to it was changed. A page may be short, or empty, and go on all the same.",
            )
            .query(FILTER)
            .query(PLACE)
            .giving("A page of entries.", reference("AuditList"))
            .failing(&[422]),
        Operation::get("/api/audit/{id}", "oneAuditEntry", "One entry")
            .place("id", "0-17", "Of the entry.")
            .giving("The entry.", reference("AuditEntry"))
            .failing(&[404]),
        Operation::get("/api/audit/export", "exportAudit", "All of it as a file")
            .described("The newest first, as many as there are. In CSV no cell is a formula.")
            .query(FILTER)
            .query(FORMAT)
            .answering(
                200,
                "A JSON object per line, or CSV.",
                vec![
                    Content::of("application/x-ndjson", text("An entry per line.")),
                    Content::of("text/csv", text("A row per entry.")),
                ],
            )
            .failing(&[422]),
        Operation::get("/api/admin/tenants/{id}/audit", "tenantAudit", "What was done in any tenant")
            .place("id", "engines-7h2k", "Of the tenant.")
            .query(FILTER)
            .query(PLACE)
            .giving("A page of entries, as its own people see them.", reference("AuditList"))
            .failing(&[404, 422]),
    ]
}

fn components() -> Vec<Component> {
    let kinds = ["person", "key", "operator", "visitor", "system"];
    let kind = "A visitor has not proved who it is, and the system is the program itself.";
    let actor = object([("kind", word(&kinds, kind)), ("id", nullable(text("Of the person or key.")))]);
    let thing = object([
        ("kind", text("Such as member, key, session or request.")),
        ("id", nullable(text("Which one; null if a tenant has one of the kind."))),
    ]);
    let values = |what| map(json!({}), what);
    let entry = object([
        ("id", text("Of the entry.")),
        ("at", moment("When it was recorded.")),
        ("actor", actor),
        ("address", nullable(text("From where the request came."))),
        ("request_id", nullable(text("The `X-Request-Id` of the request."))),
        ("action", text("What was done, in the past tense.")),
        ("object", thing),
        ("before", values("What became other, as it was. Secrets are never shown.")),
        ("after", values("The same as it is from then on.")),
        ("previous", text("Hash of the entry before.")),
        ("hash", text("Of this entry.")),
    ]);
    let head = object([
        ("id", text("Of the last entry.")),
        ("at", moment("When it was recorded.")),
        ("entries", whole("How many there are.")),
        ("hash", text("Of the last entry.")),
        ("receipt", reference("Receipt")),
    ]);
    let fields = [
        ("next_cursor", nullable(text("What the next page is asked with."))),
        ("head", nullable(head)),
        ("total", whole("All entries; with a condition, those of the newest 50,000 that it lets through.")),
    ];
    let page = page_with(reference("AuditEntry"), fields);
    let mut list = page_example(example());
    (list["next_cursor"], list["head"]) = (Value::Null, Value::Null);
    vec![Component::new("AuditEntry", entry, example()), Component::new("AuditList", page, list)]
}

fn example() -> Value {
    json!({
        "id": "0-17", "at": "2026-03-01T08:00:00Z", "actor": {"kind": "person", "id": "6f1c"},
        "address": "192.0.2.7", "request_id": "17c0ffee-2a", "action": "member_role_changed",
        "object": {"kind": "member", "id": "9a0b"}, "before": {"role": "viewer"}, "after": {"role": "analyst"},
        "previous": "5d".repeat(32), "hash": "e1".repeat(32),
    })
}
