//! `/api/jobs/`: work of the caller's tenant that goes on in the background: what became of it, and what is to become.
//!
//! Uploaded files and archives are the jobs that there are. Invariant: a job is its tenant's alone, and those that ended stay
//! listed as long as what they worked on is kept. It does no work: jobs do.

use std::sync::Arc;

use antler_actors::uploads::{KeptUpload, UploadNow};
use antler_events::event::Cause;
use antler_events::event::audit::{Deed, DeedNoted};
use antler_events::event::upload::{UploadCounts, UploadStage};
use antler_events::ids::{ArchiveId, TenantId, UploadId, UserId};
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
use super::archives::ArchivesState;
use super::archives::shown::{self as of_archive, kind};
use super::auth::permissions::Permission;
use super::auth::{Caller, cause};
use super::base::AskedUri;
use super::error::ApiError;
use super::paging::{Page, PageAsked};
use super::uploads::{UploadsState, shown};
use crate::archive::Archives;
use crate::archive::state::{Archive, Stage};

/// Where a job is, in the order of `shown::stage`.
pub(super) const STATES: [&str; 6] = ["pending", "running", "retrying", "succeeded", "failed", "cancelled"];

#[derive(Debug, Serialize)]
struct Job {
    id: String,
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
    State(ArchivesState(archives)): State<ArchivesState>,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    let (states, asked) = PageAsked::beside(&uri, "state")?;
    let states: Vec<&str> = states.iter().map(|state| known(state)).collect::<Result<_, _>>()?;
    let mut all: Vec<Job> = Vec::new();
    for kept in state.uploads.list(caller.tenant).await? {
        let now = state.uploads.now(caller.tenant, &kept);
        all.push(Job::of(&kept, now.as_ref()));
    }
    all.extend(archives.parts.store.list(caller.tenant).iter().map(Job::of_archive));
    all.retain(|job| states.is_empty() || states.contains(&job.state));
    all.sort_unstable_by(|one, other| (&other.created_at, &one.id).cmp(&(&one.created_at, &other.id)));
    Ok(json(StatusCode::OK, &Page::of_all(&uri, asked, all)))
}

async fn one(
    caller: Caller,
    State(state): State<UploadsState>,
    State(ArchivesState(archives)): State<ArchivesState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    answer(caller.tenant, (&state, &archives), &id).await
}

/// A job that has ended stays as it is.
async fn cancel(
    caller: Caller,
    State(state): State<UploadsState>,
    State(ArchivesState(archives)): State<ArchivesState>,
    Path(id): Path<String>,
    head: Head,
) -> Result<Response, ApiError> {
    let cause = cause(caller.actor(), &head.extensions);
    match archive(&caller, &archives, &id)? {
        Some(of) => {
            if archives.cancel(caller.tenant, of.id).await? {
                note(caller.tenant, &state, (Deed::JobCancelled, &id), &cause).await?;
            }
        }
        None => {
            let (job, ..) = find(caller.tenant, &state, &id).await?;
            state.uploads.cancel(caller.tenant, job, &cause).await?;
        }
    }
    answer(caller.tenant, (&state, &archives), &id).await
}

/// A job that has succeeded stays as it is.
async fn retry(
    caller: Caller,
    State(state): State<UploadsState>,
    State(ArchivesState(archives)): State<ArchivesState>,
    Path(id): Path<String>,
    head: Head,
) -> Result<Response, ApiError> {
    let cause = cause(caller.actor(), &head.extensions);
    match archive(&caller, &archives, &id)? {
        Some(of) => {
            if archives.retry(caller.tenant, of.id).await? {
                note(caller.tenant, &state, (Deed::JobRetried, &id), &cause).await?;
            }
        }
        None => {
            let (job, ..) = find(caller.tenant, &state, &id).await?;
            state.uploads.retry(caller.tenant, job, &cause).await?;
        }
    }
    answer(caller.tenant, (&state, &archives), &id).await
}

async fn note(
    tenant: TenantId,
    state: &UploadsState,
    (deed, id): (Deed, &str),
    cause: &Cause,
) -> Result<(), ApiError> {
    Ok(state.uploads.accounts().note_deed(tenant, DeedNoted::new(deed, id, 1), cause).await?)
}

async fn answer(
    tenant: TenantId,
    (state, archives): (&UploadsState, &Archives),
    id: &str,
) -> Result<Response, ApiError> {
    if let Some(of) = ArchiveId::parse(id).ok().and_then(|id| archives.parts.store.find(tenant, id)) {
        return Ok(json(StatusCode::OK, &Job::of_archive(&of)));
    }
    let kept = find(tenant, state, id).await?;
    let now = state.uploads.now(tenant, &kept);
    Ok(json(StatusCode::OK, &Job::of(&kept, now.as_ref())))
}

/// The archive that is meant, if it is one. Whoever stops or begins it may administer the tenant, as a person.
fn archive(caller: &Caller, archives: &Archives, id: &str) -> Result<Option<Archive>, ApiError> {
    let found = ArchiveId::parse(id).ok().and_then(|id| archives.parts.store.find(caller.tenant, id));
    found.map(|archive| caller.check(Permission::Administrator).map(|()| archive)).transpose()
}

async fn find(tenant: TenantId, state: &UploadsState, id: &str) -> Result<KeptUpload, ApiError> {
    let missing = || ApiError::no_such("job", id);
    let parsed = UploadId::parse(id).map_err(|_| missing())?;
    state.uploads.find(tenant, parsed).await?.ok_or_else(missing)
}

fn known(state: &str) -> Result<&'static str, ApiError> {
    let reason = || format!("it is none of {}", STATES.join(", "));
    let wrong = || ApiError::InvalidParameter { field: "state".to_owned(), reason: reason() };
    STATES.into_iter().find(|known| *known == state).ok_or_else(wrong)
}

impl Job {
    fn of_archive(archive: &Archive) -> Self {
        let code = if archive.stage == Stage::Open { "not_admitted" } else { "not_done" };
        let failure = |message: &str| Failure { code: code.to_owned(), message: message.to_owned() };
        let took_ms = match archive.stage {
            Stage::Finished { took_ms, .. } => Some(took_ms),
            Stage::Open | Stage::Failed { .. } | Stage::Cancelled => None,
        };
        let lines = archive.done.lines;
        Self {
            id: archive.id.to_string(),
            kind: kind(archive),
            name: format!("{} of {}", kind(archive), archive.created_at),
            state: of_archive::state(archive),
            progress: archive.progress(),
            result: Counts { total: lines, indexed: lines, failed: 0 },
            tries: None,
            error: archive.trouble().map(failure),
            user_id: archive.owner,
            created_at: archive.created_at.to_string(),
            started_at: None,
            updated_at: archive.changed_at.to_string(),
            took_ms,
        }
    }

    fn of((id, kept, upload): &KeptUpload, now: Option<&UploadNow>) -> Self {
        let UploadCounts { items, indexed, failed, .. } = *shown::counts(upload, now);
        let (error, took_ms) = match upload.stage.clone() {
            UploadStage::Failed { code, message } => (Some(Failure { code, message }), None),
            UploadStage::Finished { took_ms } => (None, Some(took_ms)),
            _ => (None, None),
        };
        Self {
            id: id.to_string(),
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
