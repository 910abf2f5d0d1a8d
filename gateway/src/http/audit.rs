//! `/api/audit/`: what was done in the tenant, by whom and from where, the newest first; one entry; all of them as a file.
//! Operators read that of any tenant under `/api/admin/tenants/{id}/audit/`.
//!
//! Invariant: entries are those of the caller's tenant, or of the one that an operator names. A list ends with the head of
//! the hash chain, so that whoever notes it elsewhere can prove later that no entry was changed. It changes nothing.

mod asked;
mod export;
pub(crate) mod reads;
mod shown;

use std::sync::Arc;

use antler_events::ids::TenantId;
use antler_projections::views::audit::AuditView;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use self::asked::Asked;
use self::shown::{ShownEntry, ShownHead};
use super::Shared;
use super::addresses::in_api;
use super::answer::json;
use super::base::AskedUri;
use super::error::ApiError;
use super::paging::asked_again;
use super::search::RequestTenant;

#[derive(Debug, Serialize)]
struct List {
    results: Vec<ShownEntry>,
    size: usize,
    /// Where the list goes on.
    next_cursor: Option<String>,
    next: Option<String>,
    head: Option<ShownHead>,
}

pub fn routes() -> Router<Arc<Shared>> {
    let router = in_api(Router::new(), "/api/audit", &get(list));
    let router = in_api(router, "/api/audit/export", &get(export::export));
    in_api(router, "/api/audit/{id}", &get(one))
}

async fn list(
    RequestTenant(tenant): RequestTenant,
    State(shared): State<Arc<Shared>>,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    listed(tenant, &shared, &uri).await
}

async fn one(
    RequestTenant(tenant): RequestTenant,
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let found = match id.parse() {
        Ok(entry) => audit(&shared).entry(tenant, entry).await?,
        Err(_) => None,
    };
    let entry = found.ok_or_else(|| ApiError::no_such("audit entry", &id))?;
    Ok(json(StatusCode::OK, &ShownEntry::from(entry)))
}

/// The audit of a tenant as anybody sees it who may.
pub(super) async fn listed(tenant: TenantId, shared: &Shared, uri: &Uri) -> Result<Response, ApiError> {
    let Asked { filter, after, size } = Asked::of_list(uri, shared.clock.now())?;
    let view = audit(shared);
    let page = view.page(tenant, &filter, after, size).await?;
    let head = view.head(tenant).await?.map(ShownHead::from);
    let last = page.next.zip(head.as_ref()).map(|(offset, head)| head.id_at(offset));
    let next = last.as_ref().map(|cursor| asked_again(uri, &["cursor"], "cursor", cursor));
    let results = page.entries.into_iter().map(ShownEntry::from).collect();
    Ok(json(StatusCode::OK, &List { results, size, next_cursor: last, next, head }))
}

fn audit(shared: &Shared) -> AuditView {
    shared.program.gate.accounts.views.audit()
}
