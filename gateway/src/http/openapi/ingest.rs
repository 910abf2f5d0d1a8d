//! What is said of sending lines, and of those that were not taken.
//!
//! Invariant: it says what `http/logs` and `http/dead_letters` do, and a test of the program holds them together. It
//! decides nothing.

use serde_json::{Value, json};

use super::document::Area;
use super::operation::{Content, Form, Operation, PAGES, Parameter};
use super::schema::{
    Component, flag, list, moment, nullable, object, optional, page_of, reference, text, whole, word,
};

pub(super) fn area() -> Area {
    Area {
        tag: "ingest",
        what: "Lines on their way in. An answer leaves when they are on stable storage.",
        operations: [vec![one(), many()], letters()].concat(),
        components: components(),
    }
}

/// What a sender says once for all lines.
const DEFAULTS: &[Parameter] = &[
    Parameter::new(&["source"], Form::Text, "nginx", "Of lines that name no source."),
    Parameter::new(&["service"], Form::Text, "shop", "Of lines that name no service."),
    Parameter::new(&["environment", "env"], Form::Text, "production", "Of lines that name no environment."),
    Parameter::new(&["level"], Form::Text, "info", "Of lines that name no level."),
    Parameter::new(&["host"], Form::Text, "web-1", "Of lines that name no host."),
    Parameter::new(&["tags"], Form::List, "eu,blue", "Of all lines, beside their own."),
];

const LIMIT: &str =
    "Bodies and lines that are under way take room that the tenant has a share of; without room it is 429.";

fn sending(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::post(path, id, summary)
        .query(DEFAULTS)
        .header(
            "Idempotency-Key",
            "order-4711",
            "Within 24 h a repeat with the same key gets the first answer, and stores nothing.",
        )
        .header("Content-Encoding", "identity", "identity, gzip, deflate or zstd.")
        .with("x-antler-limit", LIMIT.into())
        .failing(&[400, 408, 413, 415, 422, 429])
}

fn one() -> Operation {
    let sentence = "One JSON object. Its time, level, message and the like are found under their usual names; all other \
                    fields are kept under their own, and the line comes back byte for byte. One that would begin a stream \
                    beyond the limit of the tenant is refused with 422.";
    sending("/api/logs", "sendLine", "Send a line")
        .described(sentence)
        .body(Content::json(line()).like(line_example()))
        .answering(201, "It is stored.", stored())
        .answering(200, FIRST, bulk())
        .answering(207, FIRST, bulk())
}

fn many() -> Operation {
    let two = format!("{}\n{}\n", line_example(), json!({"level": "error", "message": "out of paper"}));
    let array = json!({"type": "array", "items": line()});
    let wrapped = json!({"type": "object", "required": ["logs"], "properties": {"logs": array}});
    let lines = json!({"type": "string", "description": "A line each."});
    sending("/api/logs/bulk", "sendLines", "Send many lines")
        .described(
            "Lines of text, a JSON object per line, an array, or `{\"logs\":[…]}`. A line that cannot be taken is kept among \
             the dead letters; the others are stored. So is a line that would begin another stream of a tenant that has as \
             many as it may.",
        )
        .body(Content::of("application/x-ndjson", lines.clone()).like(two.into()))
        .body(Content::json(json!({"oneOf": [array, wrapped]})).like(json!({"logs": [line_example()]})))
        .body(Content::of("text/plain", lines).like("one\ntwo\n".into()))
        .answering(200, "All are stored.", bulk())
        .answering(207, "Some are stored, and some rejected.", bulk())
        .answering(201, FIRST, stored())
}

const FIRST: &str = "The first answer to the same Idempotency-Key, which the other address gave.";

fn stored() -> Vec<Content> {
    vec![Content::json(reference("Stored"))]
}

fn bulk() -> Vec<Content> {
    vec![Content::json(reference("BulkAnswer"))]
}

fn letters() -> Vec<Operation> {
    let of_letter = |operation: Operation| operation.place("id", "1", "As the list has it.").failing(&[404]);
    let mended = optional(object([]), [("raw", text("The line mended; without it the line as it came."))]);
    let delete = |path, id, summary| Operation::new("DELETE", path, id, summary);
    vec![
        Operation::get("/api/logs/dead-letters", "listDeadLetters", "List dead letters")
            .described(
                "Lines that were rejected and events that were set aside, the newest first. Long ones are cut.",
            )
            .query(PAGES)
            .giving("A page of them.", reference("DeadLetterList"))
            .failing(&[422]),
        delete("/api/logs/dead-letters", "dropLetters", "Drop all dead letters")
            .described("Those that are there now.")
            .answering(204, "They are gone.", Vec::new()),
        of_letter(Operation::get("/api/logs/dead-letters/{id}", "deadLetter", "One dead letter"))
            .giving("The letter with all its bytes.", reference("DeadLetter")),
        of_letter(delete("/api/logs/dead-letters/{id}", "dropLetter", "Drop a dead letter"))
            .answering(204, "It is gone.", Vec::new()),
        of_letter(Operation::post(
            "/api/logs/dead-letters/{id}/replay",
            "replayLetter",
            "Send a rejected line again",
        ))
        .described("As it came, then also as plain text, or mended. The letter goes once the line is stored.")
        .body(Content::json(mended).like(json!({"raw": "{\"message\": \"mended\"}"})))
        .answering(201, "It is stored.", vec![Content::json(reference("Stored"))])
        .failing(&[400, 409, 413, 415, 422, 429]),
    ]
}

fn line() -> Value {
    json!({"type": "object", "additionalProperties": true, "description": "A line: any JSON object."})
}

fn line_example() -> Value {
    json!({"timestamp": "2026-03-01T08:00:00Z", "level": "warn", "service": "shop",
        "message": "disk 91 % full", "disk": "sda1"})
}

fn components() -> Vec<Component> {
    let receipt = json!({
        "partition": 0, "first": 17, "last": 17, "count": 1,
        "hash": "4d0b9f6e8c0a4c6d9a5f1d0e2b7c3a81f0e9d8c7b6a5948372615f4e3d2c1b0a",
    });
    let stored = json!({"id": "0-17-0", "receipt": receipt});
    let bulk = json!({
        "accepted": 1, "rejected": 1, "receipt": receipt,
        "errors": [{"line": 2, "code": "invalid_json", "message": "byte 13 of the line: this is no value"}],
    });
    let letter = letter_example();
    let page = json!({
        "results": [letter], "total": 1, "counted": 1, "page": 1, "size": 50, "next": null, "previous": null,
    });
    let mut letters = page_of(reference("DeadLetter"));
    letters["properties"]["counted"] = whole("How many there have ever been.");
    vec![
        Component::new("Receipt", receipt_schema(), receipt),
        Component::new(
            "Stored",
            object([("id", text("Of the line.")), ("receipt", reference("Receipt"))]),
            stored,
        ),
        Component::new("BulkAnswer", bulk_schema(), bulk),
        Component::new("DeadLetter", letter_schema(), letter),
        Component::new("DeadLetterList", letters, page),
    ]
}

fn receipt_schema() -> Value {
    let mut schema = object([
        ("partition", whole("Of the event log.")),
        ("first", whole("Offset of the first event.")),
        ("last", whole("Offset of the last event.")),
        ("count", whole("Lines in these events.")),
        ("hash", text("Of the last event, which holds all before it by their hashes.")),
    ]);
    schema["description"] =
        "A proof of storage, which `antler verify --receipt` holds against the log.".into();
    schema
}

fn bulk_schema() -> Value {
    let error = object([
        ("line", whole("Counted from 1.")),
        ("code", text("For programs.")),
        ("message", text("For people.")),
    ]);
    object([
        ("accepted", whole("Lines that are stored.")),
        ("rejected", whole("Lines that are dead letters.")),
        ("errors", list(error, "The first 100 of what was rejected, and why.")),
        ("receipt", nullable(reference("Receipt"))),
    ])
}

fn letter_schema() -> Value {
    object([
        ("id", text("Of the letter.")),
        ("at", moment("When it was set aside.")),
        ("protocol", nullable(text("By which a line came."))),
        ("origin", nullable(text("Where a line came from."))),
        ("line", nullable(whole("The number of a line, as its sender sees it."))),
        ("projection", nullable(text("What could not take an event."))),
        ("event", nullable(text("Partition and offset of an event."))),
        ("code", text("For programs.")),
        ("message", text("For people.")),
        ("raw", text("What came.")),
        ("encoding", word(&["text", "base64"], "How raw is written.")),
        ("cut", flag("Whether raw is only the beginning.")),
        ("bytes", whole("Of the whole.")),
    ])
}

fn letter_example() -> Value {
    json!({
        "id": "1", "at": "2026-03-01T08:00:00.000Z", "protocol": "http", "origin": "192.0.2.7", "line": 2,
        "projection": null, "event": null, "code": "invalid_json", "message": "byte 13 of the line: this is no value",
        "raw": "{\"message\": broken", "encoding": "text", "cut": false, "bytes": 18,
    })
}
