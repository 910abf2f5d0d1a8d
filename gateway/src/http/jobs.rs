//! `/api/jobs/`: work of the caller's tenant that goes on in the background: what became of it, and what is to become.
//!
//! Uploaded files are the jobs that there are. Invariant: a job is its tenant's alone, and those that ended stay listed as
//! long as what they worked on is kept. It does no work: jobs do.

use std::sync::Arc;

use antler_actors::uploads::{KeptUpload, UploadNow};
use antler_events::event::upload::{UploadCounts, UploadStage};
use antler_events::ids::{TenantId, UploadId, UserId};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts as Head;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Serialize;

use super::Shared;
use super::addresses::in_api;
use super::answer::json;
use super::auth::{Caller, cause};
use super::base::AskedUri;
use super::error::ApiError;
use super::paging::{Page, PageAsked};
use super::uploads::{UploadsState, shown};

/// Where a job is, in the order of `shown::stage`.
pub(super) const STATES: [&str; 6] = ["pending", "running", "retrying", "succeeded", "failed", "cancelled"];

#[derive(Debug, Serialize)]
struct Job {
    id: UploadId,
    kind: &'static str,
    name: String,
    state: &'static str,
    /// Percent.
    progress: u64,
    result: Counts,
    /// Since the server started; none of a job that has ended.
    tries: Option<u32>,
    error: Option<Failure>,
    /// Who wanted it.
    user_id: UserId,
    created_at: String,
    started_at: Option<String>,
    updated_at: String,
    took_ms: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Counts {
    total: u64,
    indexed: u64,
    failed: u64,
}

#[derive(Debug, Serialize)]
struct Failure {
    code: String,
    message: String,
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    let table = [
        ("/api/jobs", get(list)),
        ("/api/jobs/{id}", get(one)),
        ("/api/jobs/{id}/cancel", post(cancel)),
        ("/api/jobs/{id}/retry", post(retry)),
    ];
    table.iter().fold(Router::new(), |router, (path, methods)| in_api(router, path, methods))
}

/// The newest first.
async fn list(
    caller: Caller,
    State(state): State<UploadsState>,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    let (states, asked) = PageAsked::beside(&uri, "state")?;
    let states: Vec<usize> = states.iter().map(|state| place(state)).collect::<Result<_, _>>()?;
    let mut all: Vec<(KeptUpload, Option<UploadNow>)> = Vec::new();
    for kept in state.uploads.list(caller.tenant).await? {
        let now = state.uploads.now(caller.tenant, kept.0);
        if states.is_empty() || states.contains(&shown::stage(&kept.2, now.as_ref())) {
            all.push((kept, now));
        }
    }
    all.sort_unstable_by_key(|((id, kept, _), _)| (std::cmp::Reverse(kept.created_at), *id));
    let total = all.len() as u64;
    let jobs = asked.cut(all).into_iter().map(|(kept, now)| Job::of(&kept, now.as_ref())).collect();
    Ok(json(StatusCode::OK, &Page::new(&uri, asked, jobs, total)))
}

async fn one(
    caller: Caller,
    State(state): State<UploadsState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    answer(caller.tenant, &state, &id).await
}

/// A job that has ended stays as it is.
async fn cancel(
    caller: Caller,
    State(state): State<UploadsState>,
    Path(id): Path<String>,
    head: Head,
) -> Result<Response, ApiError> {
    let (job, ..) = find(caller.tenant, &state, &id).await?;
    state.uploads.cancel(caller.tenant, job, &cause(caller.actor(), &head.extensions)).await?;
    answer(caller.tenant, &state, &id).await
}

/// A job that has succeeded stays as it is.
async fn retry(
    caller: Caller,
    State(state): State<UploadsState>,
    Path(id): Path<String>,
    head: Head,
) -> Result<Response, ApiError> {
    let (job, ..) = find(caller.tenant, &state, &id).await?;
    state.uploads.retry(caller.tenant, job, &cause(caller.actor(), &head.extensions)).await?;
    answer(caller.tenant, &state, &id).await
}

async fn answer(tenant: TenantId, state: &UploadsState, id: &str) -> Result<Response, ApiError> {
    let kept = find(tenant, state, id).await?;
    let now = state.uploads.now(tenant, kept.0);
    Ok(json(StatusCode::OK, &Job::of(&kept, now.as_ref())))
}

async fn find(tenant: TenantId, state: &UploadsState, id: &str) -> Result<KeptUpload, ApiError> {
    let missing = || ApiError::no_such("job", id);
    let parsed = UploadId::parse(id).map_err(|_| missing())?;
    state.uploads.find(tenant, parsed).await?.ok_or_else(missing)
}

fn place(state: &str) -> Result<usize, ApiError> {
    let reason = || format!("it is none of {}", STATES.join(", "));
    let wrong = || ApiError::InvalidParameter { field: "state".to_owned(), reason: reason() };
    STATES.iter().position(|known| *known == state).ok_or_else(wrong)
}

impl Job {
    fn of((id, kept, upload): &KeptUpload, now: Option<&UploadNow>) -> Self {
        let UploadCounts { items, indexed, failed, .. } = *shown::counts(upload, now);
        let (error, took_ms) = match upload.stage.clone() {
            UploadStage::Failed { code, message } => (Some(Failure { code, message }), None),
            UploadStage::Finished { took_ms } => (None, Some(took_ms)),
            _ => (None, None),
        };
        Self {
            id: *id,
            kind: "upload",
            name: upload.received.file_name.clone(),
            state: STATES[shown::stage(upload, now)],
            progress: shown::progress(upload, now),
            result: Counts { total: items, indexed, failed },
            tries: now.map(|now| now.tries),
            error,
            user_id: upload.received.owner,
            created_at: kept.created_at.to_string(),
            started_at: now.and_then(|now| now.began_at).map(|at| at.to_string()),
            updated_at: kept.changed_at.to_string(),
            took_ms,
        }
    }
}
