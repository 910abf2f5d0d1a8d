//! What is said of archives: what a tenant takes with it, and what it brings.
//!
//! Invariant: it says what `http/archives` does, and a test of the program holds the two together. It decides nothing.

use serde_json::{Value, json};

use super::document::Area;
use super::operation::{Content, Operation, PAGES};
use super::schema::{
    Component, list, moment, nullable, object, optional, page_of, reference, text, whole, word,
};
use crate::http::archives::PARTS;
use crate::http::jobs::STATES;

const OF_EXPORT: &str = "The archive is a tar: `manifest.json` says what it is; `settings.ndjson` has name, limits, retention, \
     people with their roles, and saved searches, and never a secret; `files/ID.json` and `files/ID` are the uploaded files; \
     `lines/000001.ndjson.zst` and so on are the lines in the order of time, each with `raw` as it came byte for byte \
     (`raw_base64` if it is no UTF-8), `received_at`, `stream`, `defaults` and how it came; `end.json` names all these with \
     their SHA-256, so that an archive without it is torn. It is written in the background, also over a restart, from where \
     it was. Files that are still being read are not in it.";
const OF_IMPORT: &str = "Into the tenant of whoever asks. The archive is read from end to end first: one that is torn, damaged, \
     of another version or no archive is refused with what is wrong with it, and nothing of it is taken. Then lines are \
     stored in the background as all lines are, with their bytes, times, times of arrival, streams and defaults; their ids \
     are new, because an id says where a line stands. Files come back under their ids and are not read again; saved \
     searches become those of whoever asks. People, limits and retention are only told in the archive: invite whom you \
     want. It goes on over a restart, and no archive is imported twice: one that was before is answered with 200.";

pub(super) fn area() -> Area {
    Area {
        tag: "archives",
        what: "All that a tenant has as one file, for itself or for another Antler. For administrators who logged in.",
        operations: [exports(), imports()].concat(),
        components: components(),
    }
}

fn exports() -> Vec<Operation> {
    let of_export =
        |operation: Operation| operation.place("id", "6f1c", "As the list has it.").failing(&[404]);
    let tar = Content::of("application/x-tar", json!({"type": "string", "format": "binary"}));
    vec![
        Operation::get("/api/tenant/export", "listExports", "List the exports of the tenant")
            .query(PAGES)
            .giving("A page of them, the newest first.", reference("ArchiveList"))
            .failing(&[422]),
        Operation::post("/api/tenant/export", "askExport", "Export the tenant")
            .described(OF_EXPORT)
            .body_if_any(Content::json(wanted()).like(json!({
                "from": "2026-01-01", "to": "now", "streams": ["logs-*"], "include": PARTS,
            })))
            .answering(202, "It is being written.", vec![Content::json(reference("Archive"))])
            .failing(&[400, 409, 413, 415, 422]),
        of_export(Operation::get("/api/tenant/export/{id}", "oneExport", "One of them"))
            .giving("As it is now.", reference("Archive")),
        of_export(Operation::get("/api/tenant/export/{id}/download", "downloadExport", "Take the archive"))
            .answering(200, "Its bytes.", vec![tar])
            .failing(&[409]),
        of_export(Operation::new("DELETE", "/api/tenant/export/{id}", "removeExport", "Remove an export"))
            .described("One that is being written is stopped.")
            .answering(204, "It is gone.", Vec::new()),
    ]
}

fn imports() -> Vec<Operation> {
    let bytes = json!({"type": "string", "format": "binary"});
    vec![
        Operation::get("/api/tenant/import", "listImports", "List the imports of the tenant")
            .query(PAGES)
            .giving("A page of them, the newest first.", reference("ArchiveList"))
            .failing(&[422]),
        Operation::post("/api/tenant/import", "askImport", "Import an archive")
            .described(OF_IMPORT)
            .body(Content::of("application/x-tar", bytes).like(json!("the bytes of the archive")))
            .answering(202, "It is being imported.", vec![Content::json(reference("Archive"))])
            .answering(
                200,
                "It was imported before, or is being so.",
                vec![Content::json(reference("Archive"))],
            )
            .failing(&[400, 408, 409, 413, 415, 503]),
        Operation::get("/api/tenant/import/{id}", "oneImport", "One of them")
            .place("id", "6f1c", "As the list has it.")
            .giving("As it is now.", reference("Archive"))
            .failing(&[404]),
    ]
}

fn wanted() -> Value {
    optional(
        object([]),
        [
            ("from", text("Lines not before, such as 2026-01-01 or now-30d; the oldest.")),
            ("to", text("And not behind; now.")),
            ("streams", list(text("A pattern."), "Only lines of these streams; all.")),
            ("include", list(word(&PARTS, "A part."), "What is in it; everything.")),
        ],
    )
}

fn components() -> Vec<Component> {
    let archive = example();
    let page =
        json!({"results": [archive], "total": 1, "page": 1, "size": 50, "next": null, "previous": null});
    vec![
        Component::new("Archive", shown(), archive),
        Component::new("ArchiveList", page_of(reference("Archive")), page),
    ]
}

fn shown() -> Value {
    let wanted = object([
        ("from", nullable(moment("Lines not before; null: the oldest."))),
        ("to", moment("And not behind.")),
        ("streams", list(text("A pattern."), "Of these streams; none: of all.")),
        ("include", list(word(&PARTS, "A part."), "What is in it.")),
    ]);
    let from = object([
        ("id", text("Of the tenant there.")),
        ("name", text("Of the tenant there.")),
        ("made_at", moment("When the archive was asked for.")),
    ]);
    object([
        ("id", text("Of the archive, and of its job.")),
        ("kind", word(&["export", "import"], "Which way it goes.")),
        ("state", word(&STATES, "Where it is.")),
        ("progress", whole("Percent.")),
        ("lines", whole("Written or stored so far.")),
        ("files", whole("Uploaded files among it.")),
        ("searches", whole("Saved searches among it.")),
        ("size", whole("Bytes of the archive.")),
        ("sha256", nullable(text("Of the archive; null until it is whole."))),
        ("warnings", list(text("A sentence."), "What is missing, and why.")),
        ("error", nullable(text("Why it failed; of an import that waits for the quota, until when."))),
        ("user_id", text("Who wanted it.")),
        ("created_at", moment("When it was asked for.")),
        ("updated_at", moment("When something of it was recorded last.")),
        ("took_ms", nullable(whole("Since the last start."))),
        (
            "expires_at",
            nullable(moment("When an export is removed; null while it is written, and of an import.")),
        ),
        ("wanted", nullable(wanted)),
        ("from", nullable(from)),
    ])
}

fn example() -> Value {
    json!({
        "id": "6f1c", "kind": "export", "state": "succeeded", "progress": 100, "lines": 20_000, "files": 1, "searches": 2,
        "size": 1_203_200, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "warnings": [],
        "error": null, "user_id": "6f1c", "created_at": "2026-03-01T08:00:00.000Z",
        "updated_at": "2026-03-01T08:00:02.000Z", "took_ms": 1_800, "expires_at": "2026-03-08T08:00:02.000Z",
        "wanted": {"from": null, "to": "2026-03-01T08:00:00.000Z", "streams": [], "include": PARTS}, "from": null,
    })
}
