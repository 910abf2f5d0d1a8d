//! `/api/logs/metadata/`: the files of a tenant, each with what became of it, its bytes and its lines.
//!
//! Invariant: what is asked for and not known is refused by its name; a file of another tenant is not there. The bytes of
//! a file go out as they came in, and no browser takes them for anything but a file. It reads no lines: a search does.

use std::sync::Arc;

use antler_actors::uploads::KeptUpload;
use antler_events::event::upload::{UploadCommand, UploadLabels};
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::request::Parts as Head;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::Value;

use super::form::{description, tags};
use super::shown::{self, ShownUpload};
use super::{UploadsState, cause};
use crate::disk::on_disk;
use crate::http::accounts::fields::Fields;
use crate::http::answer::json;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::paging::{Page, PageAsked};
use crate::http::search::{SearchState, uploaded};
use crate::upload::store::StoredFile;

/// Files of a page, and of the list of the newest.
const SIZE_MAX: u64 = 100;
const RECENT_MAX: usize = 50;
const RECENT: usize = 10;
/// Bytes of a file on their way out.
const CHUNK_BYTES: usize = 256 << 10;
/// Bytes of a body that changes a file.
const BODY_BYTES_MAX: u32 = 64 << 10;

/// A file, and how bad its lines are.
#[derive(Debug, Serialize)]
struct CountedUpload {
    #[serde(flatten)]
    upload: ShownUpload,
    error_count: u64,
    warning_count: u64,
}

/// What a list is asked for.
#[derive(Debug, Default)]
struct Wanted {
    status: Option<usize>,
    source: Option<String>,
    environment: Option<String>,
    service_name: Option<String>,
    search: Option<String>,
    ordering: Option<Ordering>,
}

#[derive(Debug, Clone, Copy)]
struct Ordering {
    by: By,
    is_descending: bool,
}

#[derive(Debug, Clone, Copy)]
enum By {
    Created,
    Name,
    Size,
    Lines,
}

pub(super) async fn list(
    caller: Caller,
    State(state): State<UploadsState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let (wanted, pages) = Wanted::of(&uri)?;
    let asked = PageAsked::of_pairs(&pages, SIZE_MAX)?;
    let mut found = state.uploads.list(caller.tenant).await?;
    found.retain(|kept| {
        let stage = shown::stage(&kept.2, state.uploads.now(caller.tenant, kept).as_ref());
        wanted.fits(&kept.2, stage)
    });
    wanted.ordering.unwrap_or(Ordering { by: By::Created, is_descending: true }).sort(&mut found);
    let total = found.len() as u64;
    let results: Vec<ShownUpload> =
        asked.cut(found).iter().map(|upload| state.shown(caller.tenant, upload)).collect();
    Ok(json(StatusCode::OK, &Page::new(&uri, asked, results, total)))
}

pub(super) async fn recent(
    caller: Caller,
    State(state): State<UploadsState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let mut limit = RECENT;
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        let number = value.parse().ok().filter(|number| (1..=RECENT_MAX).contains(number));
        limit = number.filter(|_| matches!(&*name, "limit" | "size")).ok_or_else(|| {
            let reason = format!("there is only limit here, a number from 1 to {RECENT_MAX}");
            ApiError::InvalidParameter { field: name.into_owned(), reason }
        })?;
    }
    let mut found = state.uploads.list(caller.tenant).await?;
    Ordering { by: By::Created, is_descending: true }.sort(&mut found);
    found.truncate(limit);
    let results: Vec<ShownUpload> = found.iter().map(|upload| state.shown(caller.tenant, upload)).collect();
    let (asked, total) = (PageAsked { page: 1, size: limit as u64 }, results.len() as u64);
    Ok(json(StatusCode::OK, &Page::new(&uri, asked, results, total)))
}

pub(super) async fn one(
    caller: Caller,
    State(state): State<UploadsState>,
    State(search): State<SearchState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let found = state.find(caller.tenant, &id).await?;
    let (error_count, warning_count) = uploaded::errors_and_warnings(caller.tenant, &search, found.0).await?;
    let upload = state.shown(caller.tenant, &found);
    Ok(json(StatusCode::OK, &CountedUpload { upload, error_count, warning_count }))
}

/// What is not said stays as it is.
pub(super) async fn change(
    caller: Caller,
    State(state): State<UploadsState>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let (upload, _, before) = state.find(caller.tenant, &id).await?;
    let (fields, extensions) = Fields::read(request, BODY_BYTES_MAX).await?;
    let labels = labels(before.labels, &fields)?;
    let cause = cause(caller.actor(), &extensions);
    state.uploads.command(caller.tenant, upload, UploadCommand::Edit(labels), &cause).await?;
    let found = state.find(caller.tenant, &id).await?;
    Ok(json(StatusCode::OK, &state.shown(caller.tenant, &found)))
}

/// The lines go with the file: they are not found any more, and make room when retention comes by.
pub(super) async fn delete(
    caller: Caller,
    State(state): State<UploadsState>,
    Path(id): Path<String>,
    head: Head,
) -> Result<Response, ApiError> {
    let (upload, ..) = state.find(caller.tenant, &id).await?;
    state.uploads.delete(caller.tenant, upload, &cause(caller.actor(), &head.extensions)).await?;
    state.hidden.hide(caller.tenant, [upload]);
    let (store, tenant) = (Arc::clone(&state.store), caller.tenant);
    on_disk(move || store.remove(tenant, upload)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The file as it was sent.
pub(super) async fn download(
    caller: Caller,
    State(state): State<UploadsState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let (upload, _, found) = state.find(caller.tenant, &id).await?;
    let (store, tenant) = (Arc::clone(&state.store), caller.tenant);
    let file = on_disk(move || store.read(tenant, upload, Arc::default())).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, file.bytes().to_string()),
        (header::CONTENT_DISPOSITION, disposition(&found.received.file_name)),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, Body::from_stream(chunks(file))).into_response())
}

/// The lines of the file: a search that is bound to it.
pub(super) async fn content(
    caller: Caller,
    State(state): State<UploadsState>,
    State(search): State<SearchState>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let (upload, ..) = state.find(caller.tenant, &id).await?;
    uploaded::lines(caller.tenant, &search, upload, uri.query().unwrap_or_default()).await
}

fn chunks(file: StoredFile) -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> {
    futures_util::stream::try_unfold(file, |mut file| async move {
        let read = move || {
            let mut chunk = vec![0; CHUNK_BYTES];
            let count = std::io::Read::read(&mut file, &mut chunk)?;
            chunk.truncate(count);
            Ok((chunk, file))
        };
        let (chunk, file) = on_disk(read).await?;
        Ok((!chunk.is_empty()).then(|| (Bytes::from(chunk), file)))
    })
}

/// A name for old programs, without what they may trip over, and the whole one for others.
fn disposition(name: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || " ._-()".contains(character);
    let plain: String = name.chars().map(|one| if is_plain(one) { one } else { '_' }).collect();
    let escape = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(*byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    let whole: String = name.as_bytes().iter().map(escape).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

fn labels(before: UploadLabels, said: &Fields) -> Result<UploadLabels, ApiError> {
    let mut labels = before;
    for (name, value) in said.all() {
        match (name.as_str(), value) {
            ("description", Value::String(text)) => labels.description = description(text)?,
            ("tags", Value::String(text)) => labels.tags = tags(text)?,
            ("tags", list @ Value::Array(_)) => labels.tags = tags(&list.to_string())?,
            _ => {
                let reason = "only description, a text, and tags, a list of texts, can be changed".to_owned();
                return Err(ApiError::InvalidParameter { field: name.clone(), reason });
            }
        }
    }
    Ok(labels)
}

/// Parameters that were not taken.
type Pairs = Vec<(String, String)>;

impl Wanted {
    fn of(uri: &Uri) -> Result<(Self, Pairs), ApiError> {
        let (mut wanted, mut rest) = (Self::default(), Vec::new());
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            let (name, value) = (name.into_owned(), value.into_owned());
            let wrong =
                |reason: &str| ApiError::InvalidParameter { field: name.clone(), reason: reason.to_owned() };
            match name.as_str() {
                "status" => {
                    let words = "it is pending, processing, retrying, completed, failed or cancelled";
                    wanted.status = Some(shown::stage_of(&value).ok_or_else(|| wrong(words))?);
                }
                "source" => wanted.source = Some(value),
                "environment" => wanted.environment = Some(value),
                "service_name" | "service" => wanted.service_name = Some(value),
                "search" => wanted.search = Some(value.to_lowercase()),
                "ordering" => wanted.ordering = Some(Ordering::parse(&value).ok_or_else(|| {
                    wrong("it is created_at, file_name, file_size or log_count, with a - before it for the largest first")
                })?),
                "page" | "size" | "page_size" => rest.push((name, value)),
                _ => {
                    return Err(wrong(
                        "there is no such parameter; there are page, size, status, source, environment, service_name, \
                         search and ordering",
                    ));
                }
            }
        }
        Ok((wanted, rest))
    }

    fn fits(&self, upload: &antler_events::event::upload::Upload, stage: usize) -> bool {
        let is = |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        let received = &upload.received;
        let named = |search: &String| received.file_name.to_lowercase().contains(search);
        self.status.is_none_or(|status| status == stage)
            && is(&self.source, &received.source)
            && is(&self.environment, &received.environment)
            && is(&self.service_name, &received.service)
            && self.search.as_ref().is_none_or(named)
    }
}

impl Ordering {
    fn parse(text: &str) -> Option<Self> {
        let by = match text.trim_start_matches('-') {
            "created_at" => By::Created,
            "file_name" => By::Name,
            "file_size" => By::Size,
            "log_count" => By::Lines,
            _ => return None,
        };
        Some(Self { by, is_descending: text.starts_with('-') })
    }

    /// Those that are equal stay in the order of their ids.
    fn sort(self, found: &mut [KeptUpload]) {
        found.sort_by(|one, other| {
            let ((_, kept, upload), (_, other_kept, other_upload)) = (one, other);
            let order = match self.by {
                By::Created => kept.created_at.nanos().cmp(&other_kept.created_at.nanos()),
                By::Name => upload.received.file_name.cmp(&other_upload.received.file_name),
                By::Size => upload.received.file_bytes.cmp(&other_upload.received.file_bytes),
                By::Lines => upload.counts.indexed.cmp(&other_upload.counts.indexed),
            };
            if self.is_descending { order.reverse() } else { order }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_place_in_a_header() {
        let check = |name: &str, expected: &str| assert_eq!(disposition(name), expected);
        check("app.log", "attachment; filename=\"app.log\"; filename*=UTF-8''app.log");
        check("a\";x=\u{e4}", "attachment; filename=\"a__x__\"; filename*=UTF-8''a%22%3Bx%3D%C3%A4");
    }
}
