//! `/api/tenant/`: what the tenant is called, what it may use, and how many belong to it.
//!
//! Invariant: the tenant is the caller's own. It changes the name and nothing else: limits and standing are the operator's.

use std::sync::Arc;

use antler_events::event::tenant::Standing;
use antler_events::identity::DisplayName;
use antler_events::ids::TenantId;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::super::answer::json;
use super::super::auth::{Caller, Gate, cause};
use super::super::error::ApiError;
use super::answers::Quota;
use super::fields::Fields;
use super::registration::wrong;

#[derive(Debug, Serialize)]
struct TenantAnswer {
    id: TenantId,
    name: String,
    status: &'static str,
    /// Why it is suspended.
    reason: Option<String>,
    limits: Quota,
    members: usize,
    open_invitations: usize,
    created_at: String,
    updated_at: String,
}

pub(super) async fn show(State(gate): State<Arc<Gate>>, caller: Caller) -> Result<Response, ApiError> {
    answer(caller.tenant, &gate).await
}

pub(super) async fn rename(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let name = DisplayName::parse(fields.text("name")?, &gate.account_limits).map_err(wrong("name"))?;
    gate.accounts.rename_tenant(caller.tenant, name, &cause(caller.actor(), &extensions)).await?;
    answer(caller.tenant, &gate).await
}

async fn answer(id: TenantId, gate: &Gate) -> Result<Response, ApiError> {
    let kept = gate.accounts.views.tenant(id).await?.ok_or(ApiError::Internal)?;
    let tenant = kept.state.ok_or(ApiError::Internal)?;
    let (status, reason) = match tenant.standing {
        Standing::Active => ("active", None),
        Standing::Suspended { reason } => ("suspended", Some(reason.as_str().to_owned())),
        Standing::Closed => ("closed", None),
    };
    let members = tenant.members.values().filter(|member| member.has_joined()).count();
    let answer = TenantAnswer {
        id,
        name: tenant.name.as_str().to_owned(),
        status,
        reason,
        limits: Quota::new(tenant.limits),
        members,
        open_invitations: tenant.members.len() - members,
        created_at: kept.created_at.to_string(),
        updated_at: kept.changed_at.to_string(),
    };
    Ok(json(StatusCode::OK, &answer))
}
