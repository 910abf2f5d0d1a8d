//! What is said of uploaded files: sending them, and what became of them.
//!
//! Invariant: it says what `http/uploads` does, and a test of the program holds the two together. It decides nothing.

use serde_json::{Value, json};

use super::document::Area;
use super::operation::{Content, Form, Operation, Parameter};
use super::schema::{
    Component, flag, list, map, moment, nullable, number, object, optional, page_of, reference, text, whole,
    word,
};

pub(super) fn area() -> Area {
    Area {
        tag: "uploads",
        what: "Files with lines, which are stored as they are and read in the background.",
        operations: [jobs(), files()].concat(),
        components: components(),
    }
}

const STATUS: [&str; 6] = ["PENDING", "STARTED", "RETRY", "SUCCESS", "FAILURE", "CANCELLED"];
const STAGE: [&str; 6] = ["pending", "processing", "retrying", "completed", "failed", "cancelled"];

const PAGE: &[Parameter] = &[
    Parameter::new(&["page"], Form::Whole(1, u32::MAX), "1", "Counted from 1."),
    Parameter::new(&["size", "page_size"], Form::Whole(1, 100), "20", "Files of a page; 50 by default."),
    Parameter::new(&["status"], Form::Word(&STAGE), "completed", "Where the upload is."),
    Parameter::new(&["source"], Form::Text, "nginx", "What was said of the file's lines."),
    Parameter::new(&["environment"], Form::Text, "production", "What was said of the file's lines."),
    Parameter::new(&["service_name", "service"], Form::Text, "shop", "What was said of the file's lines."),
    Parameter::new(&["search"], Form::Text, "access", "A part of the file's name."),
    Parameter::new(
        &["ordering"],
        Form::Word(&["-created_at", "created_at", "file_name", "-file_size", "-log_count"]),
        "-created_at",
        "What comes first; a - turns it around.",
    ),
];

const STATISTICS: &[Parameter] = &[
    Parameter::new(&["days"], Form::Whole(1, 3_650), "7", "Files of so many days; 30 by default."),
    Parameter::new(&["start", "start_date", "from"], Form::Moment, "now-7d", "Where the time begins."),
    Parameter::new(&["end", "end_date", "to"], Form::Moment, "now", "Where the time ends."),
    Parameter::new(
        &["group_by"],
        Form::Word(&["day", "hour", "source", "environment"]),
        "source",
        "What sums are made of; day by default.",
    ),
];

const CONTENT: &[Parameter] = &[
    Parameter::new(&["search", "q", "query"], Form::Text, "disk", "A query, as a search has it."),
    Parameter::new(&["level", "levels"], Form::List, "error,warning", "One of these levels."),
    Parameter::new(&["start", "from", "start_date"], Form::Moment, "now-7d", "Where the time begins."),
    Parameter::new(&["end", "to", "end_date"], Form::Moment, "now", "Where the time ends."),
    Parameter::new(&["size", "page_size"], Form::Whole(1, 10_000), "20", "Lines of a page; 50 by default."),
];

fn sending(path: &'static str, id: &'static str, summary: &'static str) -> Operation {
    Operation::post(path, id, summary)
        .body(Content::of("multipart/form-data", form()).like(json!({
            "file": "{\"message\":\"disk 93 %\"}\n", "source": "disks", "environment": "production", "tags": "eu,blue",
            "format": "ndjson",
        })))
        .failing(&[400, 408, 413, 415, 422, 429])
}

fn jobs() -> Vec<Operation> {
    let shown = || reference("UploadStatus");
    vec![
        sending("/api/logs/upload", "uploadFile", "Upload files")
            .described(
                "JSON, NDJSON, CSV or text, also as gz, zstd or zip. When this is answered the file is stored; its lines \
                 are read in the background, and carry `upload_id` and `file_name`.",
            )
            .answering(202, "It is stored.", vec![Content::json(reference("UploadTaken"))]),
        sending("/api/logs/upload/preview", "previewUpload", "Look at a file")
            .described("What a file is found to be, and its first lines as they would be taken. Nothing is kept.")
            .giving("The look.", reference("UploadPreview")),
        Operation::get("/api/logs/upload/status/{task}", "uploadStatus", "How far an upload is")
            .place("task", "6f1c", "`task_id` of the answer to the upload.")
            .giving("How far it is.", shown())
            .failing(&[404]),
        Operation::post("/api/logs/upload/{id}/cancel", "cancelUpload", "Stop to read a file")
            .described("What was read of it stays. An upload that has ended stays as it is.")
            .place("id", "6f1c", "Of the upload.")
            .giving("How far it came.", shown())
            .failing(&[404]),
        Operation::post("/api/logs/upload/{id}/retry", "retryUpload", "Go on with a file")
            .described("Reads what was not read yet of a file that failed or was cancelled; nothing is read twice.")
            .place("id", "6f1c", "Of the upload.")
            .giving("How far it is.", shown())
            .failing(&[404]),
    ]
}

fn files() -> Vec<Operation> {
    let of_one = |operation: Operation| operation.place("id", "6f1c", "Of the upload.").failing(&[404]);
    let one = "/api/logs/metadata/{id}";
    let change = json!({"type": "object", "properties": {
        "description": {"type": "string"},
        "tags": {"type": ["string", "array"], "items": {"type": "string"}},
    }});
    let bytes = json!({"type": "string", "description": "The bytes of the file."});
    let change = of_one(Operation::new("PATCH", one, "changeUpload", "Change what is said of a file"))
        .described("Its lines keep the tags that they came with.")
        .body(Content::json(change).like(json!({"description": "of last night", "tags": ["eu"]})))
        .giving("The file as it is now.", reference("Upload"))
        .failing(&[400, 413, 415, 422]);
    let delete = of_one(Operation::new("DELETE", one, "deleteUpload", "Delete a file"))
        .described("With its lines, which are not found any more. Its dead letters stay.")
        .answering(204, "It is gone.", Vec::new());
    let download = of_one(Operation::get(
        "/api/logs/metadata/{id}/download",
        "downloadUpload",
        "The file as it was sent",
    ))
    .answering(200, "The file.", vec![Content::of("application/octet-stream", bytes)]);
    let content =
        of_one(Operation::get("/api/logs/metadata/{id}/content", "uploadedLines", "The lines of a file"))
            .described("A search in the lines of the file, with all its other parameters.")
            .query(CONTENT)
            .giving("As a search answers.", reference("SearchAnswer"))
            .failing(&[400, 422]);
    vec![
        change.also("PUT", one, "changeUploadByPut"),
        change.also("PATCH", "/api/logs/{id}", "changeUploadToo"),
        delete.also("DELETE", "/api/logs/{id}", "deleteUploadToo"),
        download.also("GET", "/api/logs/{id}/download", "downloadUploadToo"),
        content.also("GET", "/api/logs/{id}/content", "uploadedLinesToo"),
        change,
        delete,
        download,
        content,
        Operation::get("/api/logs/metadata", "listUploads", "Uploaded files")
            .query(PAGE)
            .giving("A page of them.", reference("UploadList"))
            .failing(&[422]),
        Operation::get("/api/logs/metadata/recent", "recentUploads", "The newest files")
            .query(&[Parameter::new(&["limit", "size"], Form::Whole(1, 50), "5", "How many; 10 by default.")])
            .giving("The newest first, in one page.", reference("UploadList"))
            .failing(&[422]),
        Operation::get("/api/logs/metadata/stats", "uploadStatistics", "What was uploaded")
            .query(STATISTICS)
            .giving("Sums of some time.", reference("UploadStatistics"))
            .failing(&[422]),
        of_one(Operation::get("/api/logs/metadata/task/{id}", "uploadOfTask", "The file of a task"))
            .giving("The file.", reference("Upload")),
        of_one(Operation::get(one, "upload", "One file")).giving("The file.", reference("Upload")),
    ]
}

/// The fields of the form.
fn form() -> Value {
    let option = |what: &str| json!({"type": "string", "description": what});
    json!({"type": "object", "required": ["file"], "properties": {
        "file": option("One file, or several parts of this name."),
        "source": option("Of lines that name no source. application, system, security, access, error, audit and custom \
                          also say what to expect."),
        "environment": option("Of lines that name no environment."),
        "service_name": option("Of lines that name no service."),
        "tags": option("Of all lines, and of the file: a JSON array, or texts between commas."),
        "description": option("Of the file."),
        "format": option("auto, json, ndjson, csv, txt or log."),
        "delimiter": option("Of CSV: one character, or tab."),
        "header": option("Of CSV: auto, yes or no."),
        "timestamp_format": option("How times are written, such as %d/%m/%Y %H:%M:%S."),
        "timezone": option("Of times that name none, such as +02:00."),
        "multiline": option("auto, on, off, or an expression that finds the beginning of an entry."),
        "encoding": option("The charset; auto finds it out."),
    }})
}

fn components() -> Vec<Component> {
    vec![taken(), status(), upload(), uploads(), statistics(), preview()]
}

fn problems() -> Value {
    let problem = object([
        ("line", whole("Counted from 1.")),
        ("code", text("For programs.")),
        ("message", text("For people.")),
    ]);
    list(problem, "The first 100 of what is wrong with lines.")
}

fn failure() -> Value {
    object([("code", text("For programs.")), ("message", text("For people."))])
}

fn problem_example() -> Value {
    json!({"line": 2, "code": "invalid_json", "message": "what begins here cannot be read as JSON: no value"})
}

fn taken() -> Component {
    let file = || {
        object([
            ("upload_id", text("Of the file.")),
            ("task_id", text("Of the job that reads it: the same.")),
            ("file_name", text("As it was sent.")),
            ("file_size", whole("In bytes.")),
            ("format", word(&["json", "ndjson", "csv", "txt", "log"], "What it was found to be.")),
            ("estimated_entries", nullable(whole("Lines that it has, about; null if it is packed."))),
            ("status", word(&STATUS, "PENDING at first.")),
        ])
    };
    let mut schema =
        optional(file(), [("uploads", list(file(), "If several files were sent: all of them."))]);
    schema["properties"]["message"] = text("What happens now.");
    let example = json!({
        "message": "disks.ndjson was received; its lines are being read", "upload_id": "6f1c", "task_id": "6f1c",
        "file_name": "disks.ndjson", "file_size": 24, "format": "ndjson", "estimated_entries": 1, "status": "PENDING",
    });
    Component::new("UploadTaken", schema, example)
}

fn status() -> Component {
    let result = object([
        ("status", word(&STAGE, "The same in other words.")),
        ("total", whole("Entries that were read.")),
        ("indexed", whole("Those that are stored.")),
        ("failed", whole("Those that are dead letters.")),
    ]);
    let schema = object([
        ("upload_id", text("Of the file.")),
        ("task_id", text("The same.")),
        ("file_name", text("As it was sent.")),
        ("status", word(&STATUS, "Where it is.")),
        ("progress", whole("Of a hundred.")),
        ("result", result),
        ("errors", problems()),
        ("created_at", moment("When it was received.")),
        ("updated_at", moment("When its history last changed.")),
    ]);
    let example = json!({
        "upload_id": "6f1c", "task_id": "6f1c", "file_name": "disks.ndjson", "status": "SUCCESS", "progress": 100,
        "result": {"status": "completed", "total": 2, "indexed": 2, "failed": 0}, "errors": [problem_example()],
        "created_at": "2026-03-01T08:00:00.000Z", "updated_at": "2026-03-01T08:00:01.000Z",
    });
    Component::new("UploadStatus", optional(schema, [("error", failure())]), example)
}

fn upload() -> Component {
    let schema = object([
        ("upload_id", text("Of the file.")),
        ("task_id", text("The same.")),
        ("tenant_id", text("Whose it is.")),
        ("user_id", text("Who sent it.")),
        ("file_name", text("As it was sent.")),
        ("file_size", whole("In bytes.")),
        ("format_type", text("What it was found to be.")),
        ("source", nullable(text("Of lines that name no source."))),
        ("environment", nullable(text("Of lines that name no environment."))),
        ("service_name", nullable(text("Of lines that name no service."))),
        ("description", text("Of the file.")),
        ("tags", list(text("A tag."), "Of the file.")),
        ("status", word(&STAGE, "Where it is.")),
        ("progress", whole("Of a hundred.")),
        ("log_count", whole("Lines that are stored.")),
        ("failed_count", whole("Entries that are dead letters.")),
        ("estimated_entries", nullable(whole("Lines that it has, about."))),
        ("processing_time", nullable(number("In seconds, once it is read."))),
        ("ingestion_method", text("upload")),
        ("created_at", moment("When it was received.")),
        ("updated_at", moment("When its history last changed.")),
        ("indexed_at", nullable(moment("When it was read."))),
        ("errors", problems()),
        ("error", nullable(failure())),
        ("metadata", map(text("A value."), "How it was to be read, as its sender said.")),
    ]);
    let counted = [
        ("error_count", whole("Of one file: its lines that are errors, or worse.")),
        ("warning_count", whole("Of one file: its lines that are warnings.")),
    ];
    Component::new("Upload", optional(schema, counted), upload_example())
}

fn upload_example() -> Value {
    json!({
        "upload_id": "6f1c", "task_id": "6f1c", "tenant_id": "acme", "user_id": "u1", "file_name": "disks.ndjson",
        "file_size": 24, "format_type": "ndjson", "source": "disks", "environment": "production", "service_name": null,
        "description": "", "tags": ["eu", "blue"], "status": "completed", "progress": 100, "log_count": 1,
        "failed_count": 0, "estimated_entries": 1, "processing_time": 0.012, "ingestion_method": "upload",
        "created_at": "2026-03-01T08:00:00.000Z", "updated_at": "2026-03-01T08:00:01.000Z",
        "indexed_at": "2026-03-01T08:00:01.000Z", "errors": [], "error": null, "metadata": {"format": "ndjson"},
    })
}

fn uploads() -> Component {
    let page = json!({
        "results": [upload_example()], "total": 1, "page": 1, "size": 50, "next": null, "previous": null,
    });
    Component::new("UploadList", page_of(reference("Upload")), page)
}

fn statistics() -> Component {
    let sums = || {
        [
            ("total_uploads", whole("Files.")),
            ("total_logs", whole("Lines that are stored.")),
            ("total_failed", whole("Entries that are dead letters.")),
            ("total_size", whole("Bytes of files.")),
        ]
    };
    let group = object([("key", text("Day, hour, source or environment."))].into_iter().chain(sums()));
    let schema = object(
        [
            ("from", moment("Where the time begins.")),
            ("to", moment("Where it ends.")),
            ("by_status", map(whole("Files."), "By where they are.")),
            ("average_processing_time", nullable(number("In seconds."))),
            ("groups", list(group, "The same sums of each.")),
        ]
        .into_iter()
        .chain(sums()),
    );
    let example = json!({
        "from": "2026-02-01T08:00:00.000Z", "to": "2026-03-01T08:00:00.000Z", "by_status": {"completed": 1},
        "average_processing_time": 0.012, "total_uploads": 1, "total_logs": 1, "total_failed": 0, "total_size": 24,
        "groups": [{"key": "disks", "total_uploads": 1, "total_logs": 1, "total_failed": 0, "total_size": 24}],
    });
    Component::new("UploadStatistics", schema, example)
}

fn preview() -> Component {
    let file = || {
        object([
            ("file_name", text("As it was sent.")),
            ("file_size", whole("In bytes.")),
            ("format", word(&["json", "ndjson", "csv", "txt", "log"], "What it was found to be.")),
            ("encoding", text("The charset.")),
            ("delimiter", nullable(text("Of CSV."))),
            ("has_header", nullable(flag("Of CSV."))),
            ("columns", list(text("A column."), "Of CSV.")),
            ("pattern", nullable(text("The form that most lines have."))),
            ("estimated_entries", nullable(whole("Lines that it has, about; null if it is packed."))),
            ("entries", list(map(json!({}), "A line as it would be taken."), "The first.")),
            ("errors", problems()),
            ("warnings", list(text("A sentence."), "What the sender may want to know.")),
        ])
    };
    let mut schema = file();
    schema["properties"]["others"] = list(file(), "The other files of the request.");
    let example = json!({
        "file_name": "disks.ndjson", "file_size": 24, "format": "ndjson", "encoding": "UTF-8", "delimiter": null,
        "has_header": null, "columns": [], "pattern": null, "estimated_entries": 1,
        "entries": [{"message": "disk 93 %", "line_number": 1}], "errors": [], "warnings": [], "others": [],
    });
    Component::new("UploadPreview", schema, example)
}
