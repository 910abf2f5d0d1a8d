//! The end of a tenant: `DELETE /api/admin/tenants/{id}/` by an operator, `POST /api/tenant/erase/` by its own admin, and
//! the receipts under `/api/admin/erasures/`.
//!
//! Invariant: whoever asks for it repeats the tenant's name, and a person its password. It is answered when the tenant is
//! closed; a job does the rest. A receipt is shown byte for byte as it was signed.

use std::sync::Arc;

use antler_actors::erasure::ErasureError;
use antler_events::event::Cause;
use antler_events::event::tenant::{Erasure, Tenant, TenantErased};
use antler_events::ids::TenantId;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use axum::{Extension, Router};
use serde::Serialize;

use super::Shared;
use super::accounts::fields::Fields;
use super::accounts::password;
use super::addresses::in_api;
use super::admin::tenants::{cause_of, find};
use super::answer::json;
use super::auth::{Caller, cause};
use super::base::AskedUri;
use super::error::ApiError;
use super::paging::{Page, PageAsked};
use crate::credentials::secret::hex;
use crate::erasure_receipt::is_called;

#[derive(Debug, Serialize)]
struct Begun {
    tenant: TenantId,
    status: &'static str,
}

#[derive(Debug, Serialize)]
struct Shown {
    tenant: TenantId,
    /// Erasing, or erased.
    status: &'static str,
    /// None until it is erased.
    receipt: Option<String>,
    key: Option<String>,
    signature: Option<String>,
}

pub fn routes() -> Router<Arc<Shared>> {
    in_api(Router::new(), "/api/tenant/erase", &post(by_admin))
}

/// By an operator.
pub(super) async fn by_operator(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    caller: Option<Extension<Caller>>,
    request: Request,
) -> Result<Response, ApiError> {
    let (fields, extensions) = Fields::read(request, shared.program.gate.limits.body_bytes_max).await?;
    let (tenant, kept) = find(&shared, &id).await?;
    let state = kept.state.ok_or(ApiError::Internal)?;
    check_name(&state, &fields)?;
    begin(tenant, &shared, &cause_of(caller.as_deref(), &extensions)).await
}

async fn by_admin(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let gate = &shared.program.gate;
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let tenant = caller.tenant;
    let kept = gate.accounts.views.tenant(tenant).await?.and_then(|kept| kept.state);
    check_name(&kept.ok_or(ApiError::Internal)?, &fields)?;
    let account = password::account(tenant, gate, caller.user()).await?;
    password::prove(gate, &account, ("password", fields.text("password")?), &extensions).await?;
    begin(tenant, &shared, &cause(caller.actor(), &extensions)).await
}

/// What cannot be taken back is not done by a slip.
fn check_name(tenant: &Tenant, fields: &Fields) -> Result<(), ApiError> {
    match is_called(tenant, fields.text("name")?) {
        true => Ok(()),
        false => Err(ApiError::Field {
            field: "name",
            reason: "it has to be the name of the tenant that is to be erased".to_owned(),
        }),
    }
}

async fn begin(tenant: TenantId, shared: &Shared, cause: &Cause) -> Result<Response, ApiError> {
    shared.program.erasures.begin(tenant, cause).await?;
    Ok(json(StatusCode::ACCEPTED, &Begun { tenant, status: "erasing" }))
}

pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    let asked = PageAsked::of(&uri)?;
    let views = &shared.program.gate.accounts.views;
    let mut all = Vec::new();
    for (tenant, _) in views.barred().await? {
        let kept = views.tenant(tenant).await?.and_then(|kept| kept.state);
        all.extend(kept.and_then(|state| state.erasure).map(|erasure| Shown::new(tenant, erasure)));
    }
    Ok(json(StatusCode::OK, &Page::of_all(&uri, asked, all)))
}

impl Shown {
    fn new(tenant: TenantId, erasure: Erasure) -> Self {
        match erasure {
            Erasure::Begun(_) => {
                Self { tenant, status: "erasing", receipt: None, key: None, signature: None }
            }
            Erasure::Done(TenantErased { receipt, key, signature }) => Self {
                tenant,
                status: "erased",
                receipt: Some(receipt),
                key: Some(hex(&key)),
                signature: Some(hex(&signature)),
            },
        }
    }
}

impl From<ErasureError> for ApiError {
    fn from(error: ErasureError) -> Self {
        match error {
            ErasureError::Account(error) => error.into(),
            ErasureError::Upload(error) => error.into(),
            ErasureError::Ingest(error) => super::logs::not_taken(&error),
            ErasureError::Note(error) => error.into(),
            ErasureError::Views(error) => error.into(),
            ErasureError::Search(error) => error.into(),
            ErasureError::Index(_) | ErasureError::Read(_) | ErasureError::Files(_) => {
                tracing::error!(%error, "a tenant cannot be erased");
                Self::Internal
            }
        }
    }
}
