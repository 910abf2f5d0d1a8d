//! `/api/tenant/export/` and `/api/tenant/import/`: what a tenant has as one archive, and an archive taken into a tenant.
//!
//! An import goes into the tenant of whoever asks: a tenant is founded by registering, so a name that is taken is told there,
//! and no archive decides who may enter. Invariant: an archive that is brought is proved from end to end before anything of
//! it is taken, and is on stable storage when that is answered. It writes no archive: jobs do.

pub(super) mod receiving;
pub(super) mod shown;

use std::sync::Arc;

use antler_config::limits::AccountLimits;
use antler_events::access::StreamPatterns;
use antler_events::clock::Timestamp;
use antler_events::event::audit::{Deed, DeedNoted};
use antler_events::ids::{ArchiveId, TenantId};
use antler_events::query::moment::Moment;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{Extensions, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use self::shown::Shown;
use super::Shared;
use super::accounts::fields::Fields;
use super::addresses::in_api;
use super::answer::json;
use super::auth::{Caller, cause};
use super::base::AskedUri;
use super::error::{ApiError, LinesProblem};
use super::paging::{Page, PageAsked};
use crate::archive::state::{Archive, Stage, Wanted};
use crate::archive::{ArchiveError, Archives};
use crate::disk::on_disk;

/// What handlers of jobs need.
#[derive(Debug, Clone)]
pub(super) struct ArchivesState(pub Arc<Archives>);

/// What an export can hold.
pub(super) const PARTS: [&str; 3] = ["lines", "settings", "files"];

pub(super) fn routes() -> Router<Arc<Shared>> {
    let table = [
        ("/api/tenant/export", get(exports).post(ask)),
        ("/api/tenant/export/{id}", get(export).delete(remove)),
        ("/api/tenant/export/{id}/download", get(download)),
        ("/api/tenant/import", get(imports).post(receiving::take)),
        ("/api/tenant/import/{id}", get(import)),
    ];
    table.iter().fold(Router::new(), |router, (path, methods)| in_api(router, path, methods))
}

async fn ask(
    caller: Caller,
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, ApiError> {
    let gate = &shared.program.gate;
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let wanted = wanted(&fields, &gate.account_limits, shared.clock.now())?;
    let archive = shared.program.archives.ask_export(caller.tenant, caller.user(), wanted).await?;
    note(&shared, &caller, (Deed::TenantExportAsked, archive.id), &extensions).await?;
    Ok(json(StatusCode::ACCEPTED, &Shown::of(&archive, &shared.program.archives)))
}

fn wanted(fields: &Fields, limits: &AccountLimits, now: Timestamp) -> Result<Wanted, ApiError> {
    let moment = |field| match fields.optional_text(field)? {
        None => Ok(None),
        Some(text) => Moment::parse(text, now).map(Some).ok_or_else(|| ApiError::Field {
            field,
            reason: "it is no time; write it as 2026-03-01T08:00:00Z or as now-7d".to_owned(),
        }),
    };
    let streams = fields.optional_texts("streams")?.unwrap_or_default();
    let streams = StreamPatterns::parse(streams, limits)
        .map_err(|error| ApiError::Field { field: "streams", reason: error.to_string() })?;
    let include = fields.optional_texts("include")?.unwrap_or(PARTS.to_vec());
    if include.is_empty() || include.iter().any(|part| !PARTS.contains(part)) {
        let reason = format!("it is a list of some of {}", PARTS.join(", "));
        return Err(ApiError::Field { field: "include", reason });
    }
    let from = moment("from")?.map(|from| from.start);
    let to = moment("to")?.map_or(now, |to| Timestamp::from_nanos(to.end.nanos() - 1));
    if from.is_some_and(|from| from > to) {
        return Err(ApiError::Field { field: "to", reason: "it is before from".to_owned() });
    }
    let [lines, settings, files] = PARTS.map(|part| include.contains(&part));
    Ok(Wanted { from, to, streams, lines, settings, files })
}

async fn exports(
    caller: Caller,
    State(shared): State<Arc<Shared>>,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    list(caller.tenant, &shared, &uri, Archive::is_export).await
}

async fn imports(
    caller: Caller,
    State(shared): State<Arc<Shared>>,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    list(caller.tenant, &shared, &uri, |archive| !archive.is_export()).await
}

async fn list(
    tenant: TenantId,
    shared: &Shared,
    uri: &axum::http::Uri,
    is_wanted: impl Fn(&Archive) -> bool,
) -> Result<Response, ApiError> {
    let (asked, archives) = (PageAsked::of(uri)?, &shared.program.archives);
    archives.expire().await?;
    let all: Vec<Archive> = archives.parts.store.list(tenant).into_iter().filter(is_wanted).collect();
    let total = all.len() as u64;
    let shown = asked.cut(all).iter().map(|archive| Shown::of(archive, archives)).collect();
    Ok(json(StatusCode::OK, &Page::new(uri, asked, shown, total)))
}

async fn export(
    caller: Caller,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let archive = find(caller.tenant, &shared, ("export", &id)).await?;
    Ok(json(StatusCode::OK, &Shown::of(&archive, &shared.program.archives)))
}

async fn import(
    caller: Caller,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let archive = find(caller.tenant, &shared, ("import", &id)).await?;
    Ok(json(StatusCode::OK, &Shown::of(&archive, &shared.program.archives)))
}

async fn find(
    tenant: TenantId,
    shared: &Shared,
    (kind, id): (&'static str, &str),
) -> Result<Archive, ApiError> {
    let archives = &shared.program.archives;
    archives.expire().await?;
    let found = ArchiveId::parse(id).ok().and_then(|id| archives.parts.store.find(tenant, id));
    let found = found.filter(|archive| archive.is_export() == (kind == "export"));
    found.ok_or_else(|| ApiError::no_such(kind, id))
}

/// One that is being written is stopped first.
async fn remove(
    caller: Caller,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let archive = find(caller.tenant, &shared, ("export", &id)).await?;
    shared.program.archives.remove(caller.tenant, archive.id).await?;
    note(&shared, &caller, (Deed::TenantExportRemoved, archive.id), request.extensions()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn download(
    caller: Caller,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let archive = find(caller.tenant, &shared, ("export", &id)).await?;
    let Stage::Finished { bytes, .. } = archive.stage else {
        let reason = "the export is not finished; ask again when its state is succeeded".to_owned();
        return Err(ApiError::Conflict { field: "state", reason });
    };
    let store = Arc::clone(&shared.program.archives.parts.store);
    let (tenant, id) = (caller.tenant, archive.id);
    let file = on_disk(move || store.read_file(tenant, id)).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-tar".to_owned()),
        (header::CONTENT_LENGTH, bytes.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{tenant}-{id}.tar\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(receiving::chunks(file))).into_response())
}

async fn note(
    shared: &Shared,
    caller: &Caller,
    (deed, id): (Deed, ArchiveId),
    extensions: &Extensions,
) -> Result<(), ApiError> {
    let cause = cause(caller.actor(), extensions);
    let noted = DeedNoted::new(deed, id.as_str(), 1);
    Ok(shared.program.gate.accounts.note_deed(caller.tenant, noted, &cause).await?)
}

impl From<ArchiveError> for ApiError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::TooManyExports { .. } => {
                Self::Conflict { field: "exports", reason: error.to_string() }
            }
            ArchiveError::TooManyImports { .. } => {
                Self::Conflict { field: "imports", reason: error.to_string() }
            }
            ArchiveError::Fault(fault) => {
                Self::Lines { problem: LinesProblem::Unreadable, reason: fault.to_string() }
            }
            ArchiveError::Account(error) => error.into(),
            ArchiveError::Upload(error) => error.into(),
            ArchiveError::Ingest(error) => super::logs::not_taken(&error),
            ArchiveError::Views(error) => error.into(),
            ArchiveError::Search(error) => error.into(),
            ArchiveError::Disk(error) => error.into(),
            ArchiveError::Once(_) | ArchiveError::Read(_) | ArchiveError::Lines { .. } => Self::Internal,
        }
    }
}
