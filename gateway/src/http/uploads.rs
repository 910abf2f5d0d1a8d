//! Uploaded files over HTTP: `/api/logs/upload/` takes them, `/api/logs/metadata/` says what became of them.
//!
//! `form` receives what is sent, `metadata` and `statistics` answer about files, `shown` is how they look, `told` tells
//! sockets. Invariant: 202 is answered when the file is on stable storage and its event is, too; from there on a job reads
//! it, whatever happens to the program. It reads no lines itself.

mod form;
mod metadata;
mod receiving;
pub(super) mod shown;
mod statistics;
pub(crate) mod told;

use std::sync::Arc;

use antler_actors::uploads::{KeptUpload, UploadError, Uploads};
use antler_config::limits::{IngestLimits, UploadLimits};
use antler_events::clock::{Clock, Timestamp};
use antler_events::event::upload::{UploadCommand, UploadReceived};
use antler_events::ids::{TenantId, UploadId};
use antler_events::line::KnownNames;
use antler_projections::index::hiding::Hidden;
use axum::Router;
use axum::extract::{FromRef, Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts as Head;
use axum::response::Response;
use axum::routing::{get, patch, post};
use serde::Serialize;

use self::form::{Form, ReceivedFile};
use self::receiving::Receiving;
use self::shown::{ShownStatus, ShownUpload};
use super::addresses::in_api;
use super::answer::json;
use super::auth::{Caller, cause};
use super::error::{ApiError, LinesProblem};
use super::search::SearchState;
use crate::disk::on_disk;
use crate::upload::error::UploadError as FileError;
use crate::upload::options::ReadOptions;
use crate::upload::preview::{Preview, preview};
use crate::upload::store::{StoredFile, UploadStore};
use crate::upload::unpack::Parts;

/// What the handlers need.
#[derive(Debug, Clone)]
pub struct UploadsState {
    pub uploads: Arc<Uploads>,
    pub store: Arc<UploadStore>,
    pub names: Arc<KnownNames>,
    pub clock: Arc<dyn Clock>,
    pub ingest_limits: IngestLimits,
    pub receiving: Arc<Receiving>,
    /// Files that were deleted, whose lines are not to be found.
    pub hidden: Arc<Hidden>,
}

/// Lines of deleted files are gone from the index by then; so long they are hidden.
const HIDDEN_FOR_NANOS: i64 = 30 * 86_400_000_000_000;

/// All addresses, with and without a version and a slash at the end.
pub(crate) fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    UploadsState: FromRef<S>,
    SearchState: FromRef<S>,
{
    let table = [
        ("/api/logs/upload", post(take)),
        ("/api/logs/upload/preview", post(look)),
        ("/api/logs/upload/status/{task}", get(status)),
        ("/api/logs/upload/{id}/cancel", post(cancel)),
        ("/api/logs/upload/{id}/retry", post(retry)),
        ("/api/logs/metadata", get(metadata::list)),
        ("/api/logs/metadata/stats", get(statistics::statistics)),
        ("/api/logs/metadata/recent", get(metadata::recent)),
        ("/api/logs/metadata/task/{id}", get(metadata::one)),
        (
            "/api/logs/metadata/{id}",
            get(metadata::one).patch(metadata::change).put(metadata::change).delete(metadata::delete),
        ),
        ("/api/logs/metadata/{id}/download", get(metadata::download)),
        ("/api/logs/metadata/{id}/content", get(metadata::content)),
        // By their older addresses; GET of the first is a line.
        ("/api/logs/{id}", patch(metadata::change).delete(metadata::delete)),
        ("/api/logs/{id}/download", get(metadata::download)),
        ("/api/logs/{id}/content", get(metadata::content)),
    ];
    table.iter().fold(Router::new(), |router, (path, methods)| in_api(router, path, methods))
}

/// The answer to a request that brought files.
#[derive(Debug, Serialize)]
struct Taken {
    message: String,
    #[serde(flatten)]
    first: TakenFile,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uploads: Vec<TakenFile>,
}

#[derive(Debug, Clone, Serialize)]
struct TakenFile {
    upload_id: UploadId,
    task_id: UploadId,
    file_name: String,
    file_size: u64,
    format: String,
    estimated_entries: Option<u64>,
    status: &'static str,
}

async fn take(
    caller: Caller,
    State(state): State<UploadsState>,
    request: Request,
) -> Result<Response, ApiError> {
    state.uploads.admit(caller.tenant)?;
    let (head, body) = request.into_parts();
    let form = Form::receive(caller.tenant, &state, &head, body).await?;
    let mut inspected = Vec::with_capacity(form.files.len());
    // All are looked at before one is taken, so that a request is refused as a whole.
    for file in form.files {
        let options = form.said.options.clone();
        inspected.push(state.inspect(file, options, true).await?);
    }
    let mut taken = Vec::with_capacity(inspected.len());
    for (file, look) in inspected {
        let received = UploadReceived {
            owner: caller.user(),
            file_name: file.name.clone(),
            file_bytes: file.file.bytes(),
            format: look.preview.found.format.as_str().to_owned(),
            source: form.said.source.clone(),
            service: form.said.service.clone(),
            environment: form.said.environment.clone(),
            labels: form.said.labels.clone(),
            options: form.said.options.clone(),
            estimated_entries: look.estimated_entries,
        };
        taken.push(state.begin(&caller, &head, file, received).await?);
    }
    let message = match &taken[..] {
        [one] => format!("{} was received; its lines are being read", one.file_name),
        many => format!("{} files were received; their lines are being read", many.len()),
    };
    let first = taken.first().cloned().expect("a form without a file is refused");
    let uploads = if taken.len() > 1 { taken } else { vec![] };
    Ok(json(StatusCode::ACCEPTED, &Taken { message, first, uploads }))
}

/// What a file is found to be, and its first lines as they would be taken. Nothing is kept.
async fn look(
    caller: Caller,
    State(state): State<UploadsState>,
    request: Request,
) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    let form = Form::receive(caller.tenant, &state, &head, body).await?;
    let mut shown = Vec::with_capacity(form.files.len());
    for file in form.files {
        let (file, look) = state.inspect(file, form.said.options.clone(), false).await?;
        shown.push(shown::preview(file.name, file.file.bytes(), look));
    }
    let first = shown.remove(0);
    Ok(json(StatusCode::OK, &shown::previews(first, shown)))
}

async fn status(
    caller: Caller,
    State(state): State<UploadsState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &state.status(caller.tenant, &id).await?))
}

/// An upload that has ended stays as it is.
async fn cancel(
    caller: Caller,
    State(state): State<UploadsState>,
    Path(id): Path<String>,
    head: Head,
) -> Result<Response, ApiError> {
    let (upload, ..) = state.find(caller.tenant, &id).await?;
    state.uploads.cancel(caller.tenant, upload, &cause(caller.actor(), &head.extensions)).await?;
    Ok(json(StatusCode::OK, &state.status(caller.tenant, &id).await?))
}

/// An upload that was read to its end stays as it is.
async fn retry(
    caller: Caller,
    State(state): State<UploadsState>,
    Path(id): Path<String>,
    head: Head,
) -> Result<Response, ApiError> {
    let (upload, ..) = state.find(caller.tenant, &id).await?;
    state.uploads.retry(caller.tenant, upload, &cause(caller.actor(), &head.extensions)).await?;
    Ok(json(StatusCode::OK, &state.status(caller.tenant, &id).await?))
}

/// What a look at a file has found.
#[derive(Debug)]
struct Look {
    preview: Preview,
    /// None if nobody knows before the file is unpacked.
    estimated_entries: Option<u64>,
}

impl UploadsState {
    /// Makes sure that a file can be read; then it is on stable storage, if it is to be.
    async fn inspect(
        &self,
        file: ReceivedFile,
        said: Vec<(String, String)>,
        is_kept: bool,
    ) -> Result<(ReceivedFile, Look), ApiError> {
        let (limits, line_bytes_max) = (self.uploads.limits().clone(), self.names.limits().line_bytes_max);
        let now = self.clock.now();
        let looked = tokio::task::spawn_blocking(move || {
            let stored = file.file.read().map_err(FileError::from)?;
            let options = ReadOptions::of(&said)?;
            let look = first_look(stored, &file.name, &options, &limits, line_bytes_max, now)?;
            if is_kept {
                file.file.sync().map_err(FileError::from)?;
            }
            Ok::<_, FileError>((file, look))
        });
        looked.await.map_err(|_| ApiError::Internal)?.map_err(|error| not_read(&error))
    }

    /// Makes a stored file an upload, and begins to read it.
    async fn begin(
        &self,
        caller: &Caller,
        head: &Head,
        file: ReceivedFile,
        received: UploadReceived,
    ) -> Result<TakenFile, ApiError> {
        let (tenant, id) = (caller.tenant, file.file.id());
        let taken = TakenFile {
            upload_id: id,
            task_id: id,
            file_name: received.file_name.clone(),
            file_size: received.file_bytes,
            format: received.format.clone(),
            estimated_entries: received.estimated_entries,
            status: shown::PENDING,
        };
        let cause = cause(caller.actor(), &head.extensions);
        // Whatever is answered, the event may be in the log: then the file has to be there.
        file.file.keep();
        self.uploads.command(tenant, id, UploadCommand::Receive(received), &cause).await?;
        if let Err(error) = self.uploads.start(tenant, id).await {
            tracing::warn!(%error, %tenant, upload = %id, "a file is not read before the next start");
        }
        Ok(taken)
    }

    /// Removes files that were not received whole, hides the lines of those that were deleted, and goes on with those that
    /// were not read to their ends.
    pub async fn resume(&self) -> Result<(), ApiError> {
        let since = Timestamp::from_nanos(self.clock.now().nanos().saturating_sub(HIDDEN_FOR_NANOS));
        let store = Arc::clone(&self.store);
        for tenant in on_disk(move || store.tenants()).await? {
            let known = self.uploads.list(tenant).await?.into_iter().map(|(id, ..)| id).collect();
            let store = Arc::clone(&self.store);
            on_disk(move || store.retain(tenant, &known)).await?;
            self.hidden.hide(tenant, self.uploads.deleted_since(tenant, since).await?);
            self.uploads.resume(tenant).await?;
        }
        Ok(())
    }

    async fn find(&self, tenant: TenantId, id: &str) -> Result<KeptUpload, ApiError> {
        let missing = || ApiError::no_such("upload", id);
        let parsed = UploadId::parse(id).map_err(|_| missing())?;
        self.uploads.find(tenant, parsed).await?.ok_or_else(missing)
    }

    async fn status(&self, tenant: TenantId, id: &str) -> Result<ShownStatus, ApiError> {
        let found = self.find(tenant, id).await?;
        Ok(ShownStatus::of(&found, self.uploads.now(tenant, &found).as_ref()))
    }

    fn shown(&self, tenant: TenantId, upload: &KeptUpload) -> ShownUpload {
        ShownUpload::of(tenant, upload, self.uploads.now(tenant, upload).as_ref())
    }
}

/// Looks at the first file of an archive that can be read, or at the only one.
fn first_look(
    stored: StoredFile,
    name: &str,
    options: &ReadOptions,
    limits: &UploadLimits,
    line_bytes_max: u32,
    now: Timestamp,
) -> Result<Look, FileError> {
    let file_bytes = stored.bytes();
    let mut parts = Parts::open(stored, name, limits)?;
    let (is_plain, mut first_error) = (parts.is_plain(), None);
    for _ in 0..limits.archive_files_max {
        let looked = match parts.next_part() {
            Ok(None) => break,
            Ok(Some(part)) => preview(part, options, limits, line_bytes_max, now),
            Err(error) => Err(error),
        };
        match looked {
            Ok(preview) => {
                let estimated_entries = is_plain.then(|| preview.estimated_entries(file_bytes));
                return Ok(Look { preview, estimated_entries });
            }
            Err(error) if parts.is_archive() => first_error = first_error.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    Err(first_error.unwrap_or(FileError::NoFiles))
}

fn not_read(error: &FileError) -> ApiError {
    let reason = error.to_string();
    let problem = match error {
        FileError::Option { option, .. } => return ApiError::Field { field: option, reason },
        FileError::NotText { .. } | FileError::Nested { .. } => LinesProblem::Form,
        FileError::Inflates { .. } | FileError::TooManyFiles { .. } => LinesProblem::TooLarge,
        FileError::Read { .. } => LinesProblem::Unavailable,
        FileError::Empty
        | FileError::Damaged { .. }
        | FileError::NoFiles
        | FileError::Encrypted { .. }
        | FileError::Method { .. } => LinesProblem::Unreadable,
    };
    ApiError::Lines { problem, reason }
}

impl From<UploadError> for ApiError {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Account(error) => error.into(),
            UploadError::Views(error) => error.into(),
            UploadError::Ingest(error) => super::logs::not_taken(&error),
            UploadError::Request(error) => Self::Unavailable { reason: error.to_string() },
        }
    }
}
