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
use super::paging::Page;
use super::search::RequestTenant;

#[derive(Debug, Serialize)]
struct List {
    #[serde(flatten)]
    page: Page<ShownEntry>,
    /// Where the list goes on.
    next_cursor: Option<String>,
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
    let Asked { filter, after, page } = Asked::of_list(uri, shared.clock.now())?;
    let view = audit(shared);
    let (skip, size) = (page.skip() as usize, page.size as usize);
    let found = match after {
        None => view.page_behind(tenant, &filter, skip, size).await?,
        after => view.page(tenant, &filter, after, size).await?,
    };
    let total = view.count(tenant, &filter).await?;
    let head = view.head(tenant).await?.map(ShownHead::from);
    let next_cursor = found.next.zip(head.as_ref()).map(|(offset, head)| head.id_at(offset));
    let results = found.entries.into_iter().map(ShownEntry::from).collect();
    let page = Page::new(uri, page, results, total).going_on_at(uri, "cursor", next_cursor.as_deref());
    Ok(json(StatusCode::OK, &List { page, next_cursor, head }))
}

fn audit(shared: &Shared) -> AuditView {
    shared.program.gate.accounts.views.audit()
}
