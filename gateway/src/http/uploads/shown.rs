//! Uploads as they are shown.
//!
//! Invariant: what is shown of an upload that is being read is at least what its events say. It asks nobody.

use antler_actors::uploads::{KeptUpload, Phase, UploadNow};
use antler_events::event::upload::{Upload, UploadCounts, UploadProblem, UploadStage};
use antler_events::ids::{TenantId, UploadId, UserId};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Look;
use crate::upload::preview::Preview;

pub(super) const PENDING: &str = "PENDING";

/// Where an upload is, in the words of jobs and in those of files.
const WORDS: [(&str, &str); 6] = [
    (PENDING, "pending"),
    ("STARTED", "processing"),
    ("RETRY", "retrying"),
    ("SUCCESS", "completed"),
    ("FAILURE", "failed"),
    ("CANCELLED", "cancelled"),
];

/// How a job is.
#[derive(Debug, Serialize)]
pub(crate) struct ShownStatus {
    upload_id: UploadId,
    task_id: UploadId,
    file_name: String,
    status: &'static str,
    progress: u64,
    result: ShownResult,
    errors: Vec<ShownProblem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ShownFailure>,
    created_at: String,
    updated_at: String,
}

#[derive(Debug, Serialize)]
struct ShownResult {
    status: &'static str,
    total: u64,
    indexed: u64,
    failed: u64,
}

#[derive(Debug, Serialize)]
struct ShownProblem {
    line: u64,
    code: String,
    message: String,
}

#[derive(Debug, Serialize)]
struct ShownFailure {
    code: String,
    message: String,
}

/// A file with all that is known of it.
#[derive(Debug, Serialize)]
pub(super) struct ShownUpload {
    upload_id: UploadId,
    task_id: UploadId,
    tenant_id: TenantId,
    user_id: UserId,
    file_name: String,
    file_size: u64,
    format_type: String,
    source: Option<String>,
    environment: Option<String>,
    service_name: Option<String>,
    description: String,
    tags: Vec<String>,
    status: &'static str,
    progress: u64,
    log_count: u64,
    failed_count: u64,
    estimated_entries: Option<u64>,
    /// In seconds.
    processing_time: Option<f64>,
    ingestion_method: &'static str,
    created_at: String,
    updated_at: String,
    indexed_at: Option<String>,
    errors: Vec<ShownProblem>,
    error: Option<ShownFailure>,
    metadata: Map<String, Value>,
}

/// Where an upload is: its place in `WORDS`.
pub(in crate::http) fn stage(upload: &Upload, now: Option<&UploadNow>) -> usize {
    match (&upload.stage, now.map(|now| now.phase)) {
        (UploadStage::Open, Some(Phase::Reading)) => 1,
        (UploadStage::Open, Some(Phase::Retrying)) => 2,
        (UploadStage::Open, _) => 0,
        (UploadStage::Finished { .. }, _) => 3,
        (UploadStage::Failed { .. }, _) => 4,
        (UploadStage::Cancelled | UploadStage::Deleted, _) => 5,
    }
}

/// The place of a word in either language.
pub(super) fn stage_of(word: &str) -> Option<usize> {
    // What others have called it.
    let word = if word.eq_ignore_ascii_case("success") { "completed" } else { word };
    WORDS.iter().position(|(job, file)| word.eq_ignore_ascii_case(job) || word.eq_ignore_ascii_case(file))
}

pub(super) fn word_of(stage: usize) -> &'static str {
    WORDS[stage].1
}

/// What was read by now.
pub(in crate::http) fn counts<'a>(upload: &'a Upload, now: Option<&'a UploadNow>) -> &'a UploadCounts {
    match now {
        Some(now) if now.counts.items > upload.counts.items => &now.counts,
        _ => &upload.counts,
    }
}

pub(in crate::http) fn progress(upload: &Upload, now: Option<&UploadNow>) -> u64 {
    match (&upload.stage, now) {
        (UploadStage::Finished { .. }, _) => 100,
        (_, Some(now)) => now.percent(upload.received.file_bytes),
        (_, None) => 0,
    }
}

impl ShownStatus {
    pub(crate) fn of((id, kept, upload): &KeptUpload, now: Option<&UploadNow>) -> Self {
        let (status, word) = WORDS[stage(upload, now)];
        let counts = counts(upload, now);
        let UploadCounts { items, indexed, failed, .. } = *counts;
        Self {
            upload_id: *id,
            task_id: *id,
            file_name: upload.received.file_name.clone(),
            status,
            progress: progress(upload, now),
            result: ShownResult { status: word, total: items, indexed, failed },
            errors: counts.problems.iter().map(ShownProblem::of).collect(),
            error: failure(upload),
            created_at: kept.created_at.to_string(),
            updated_at: kept.changed_at.to_string(),
        }
    }
}

impl ShownUpload {
    pub(super) fn of(tenant: TenantId, (id, kept, upload): &KeptUpload, now: Option<&UploadNow>) -> Self {
        let (received, counts) = (upload.received.clone(), counts(upload, now));
        let took_ms = match upload.stage {
            UploadStage::Finished { took_ms } => Some(took_ms),
            _ => None,
        };
        Self {
            upload_id: *id,
            task_id: *id,
            tenant_id: tenant,
            user_id: received.owner,
            file_name: received.file_name,
            file_size: received.file_bytes,
            format_type: received.format,
            source: received.source,
            environment: received.environment,
            service_name: received.service,
            description: upload.labels.description.clone(),
            tags: upload.labels.tags.clone(),
            status: word_of(stage(upload, now)),
            progress: progress(upload, now),
            log_count: counts.indexed,
            failed_count: counts.failed,
            estimated_entries: received.estimated_entries,
            processing_time: took_ms.map(|took_ms| took_ms as f64 / 1_000.0),
            ingestion_method: "upload",
            created_at: kept.created_at.to_string(),
            updated_at: kept.changed_at.to_string(),
            indexed_at: took_ms.map(|_| kept.changed_at.to_string()),
            errors: counts.problems.iter().map(ShownProblem::of).collect(),
            error: failure(upload),
            metadata: received.options.into_iter().map(|(name, value)| (name, value.into())).collect(),
        }
    }
}

impl ShownProblem {
    fn of(problem: &UploadProblem) -> Self {
        let UploadProblem { line, code, message } = problem.clone();
        Self { line, code, message }
    }
}

fn failure(upload: &Upload) -> Option<ShownFailure> {
    match upload.stage.clone() {
        UploadStage::Failed { code, message } => Some(ShownFailure { code, message }),
        _ => None,
    }
}

/// A look at a file.
#[derive(Debug, Serialize)]
pub(super) struct ShownPreview {
    file_name: String,
    file_size: u64,
    format: &'static str,
    encoding: String,
    delimiter: Option<char>,
    has_header: Option<bool>,
    columns: Vec<String>,
    pattern: Option<&'static str>,
    estimated_entries: Option<u64>,
    entries: Vec<Box<RawValue>>,
    errors: Vec<ShownProblem>,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct ShownPreviews {
    #[serde(flatten)]
    first: ShownPreview,
    /// Of the other files.
    others: Vec<ShownPreview>,
}

pub(super) fn preview(file_name: String, file_size: u64, look: Look) -> ShownPreview {
    let Look { preview: Preview { found, entries, problems, .. }, estimated_entries } = look;
    let entry = |json| RawValue::from_string(json).expect("an entry is a JSON object");
    let shown = |problem: crate::upload::entry::Problem| ShownProblem {
        line: problem.line,
        code: problem.code.to_owned(),
        message: problem.message,
    };
    ShownPreview {
        file_name,
        file_size,
        format: found.format.as_str(),
        encoding: found.charset,
        delimiter: found.delimiter,
        has_header: found.has_header,
        columns: found.columns,
        pattern: found.pattern,
        estimated_entries,
        entries: entries.into_iter().map(entry).collect(),
        errors: problems.into_iter().map(shown).collect(),
        warnings: found.warnings,
    }
}

pub(super) fn previews(first: ShownPreview, others: Vec<ShownPreview>) -> ShownPreviews {
    ShownPreviews { first, others }
}

/// What people are told while it goes on.
#[derive(Debug, Serialize)]
struct Note<'a> {
    r#type: &'static str,
    upload_id: UploadId,
    task_id: UploadId,
    filename: &'a str,
    status: &'static str,
    progress: u64,
    total: u64,
    indexed: u64,
    failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// The message of a socket.
pub(super) fn note(id: UploadId, upload: &Upload, now: &UploadNow) -> String {
    let UploadCounts { items, indexed, failed, .. } = *counts(upload, Some(now));
    let note = Note {
        r#type: "upload_status",
        upload_id: id,
        task_id: id,
        filename: &upload.received.file_name,
        status: WORDS[stage(upload, Some(now))].0,
        progress: progress(upload, Some(now)),
        total: items,
        indexed,
        failed,
        message: failure(upload).map(|failure| failure.message),
    };
    serde_json::to_string(&note).expect("a note is a struct with text keys")
}
