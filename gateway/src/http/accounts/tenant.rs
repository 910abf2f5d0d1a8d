//! `/api/tenant/`: what the tenant is called, what it may use, and how many belong to it.
//!
//! Invariant: the tenant is the caller's own. It changes the name and nothing else: limits and standing are the operator's.

use std::sync::Arc;

use antler_events::event::tenant::{Standing, Tenant, TenantCommand};
use antler_events::identity::DisplayName;
use antler_events::ids::TenantId;
use antler_projections::views::control::Kept;
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
pub(in crate::http) struct TenantAnswer {
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
    let cause = cause(caller.actor(), &extensions);
    gate.accounts.change_tenant(caller.tenant, TenantCommand::Rename { name }, &cause).await?;
    answer(caller.tenant, &gate).await
}

async fn answer(id: TenantId, gate: &Gate) -> Result<Response, ApiError> {
    let kept = gate.accounts.views.tenant(id).await?.ok_or(ApiError::Internal)?;
    Ok(json(StatusCode::OK, &TenantAnswer::new(id, &kept).ok_or(ApiError::Internal)?))
}

impl TenantAnswer {
    /// None of one that is not there.
    pub(in crate::http) fn new(id: TenantId, kept: &Kept<Tenant>) -> Option<Self> {
        let Tenant { name, standing, limits, members, erasure: _ } = kept.state.as_ref()?;
        let (status, reason) = match standing {
            Standing::Active => ("active", None),
            Standing::Suspended { reason } => ("suspended", Some(reason.as_str().to_owned())),
            Standing::Closed => ("closed", None),
        };
        let joined = members.values().filter(|member| member.has_joined()).count();
        Some(Self {
            id,
            name: name.as_str().to_owned(),
            status,
            reason,
            limits: Quota::new(*limits),
            members: joined,
            open_invitations: members.len() - joined,
            created_at: kept.created_at.to_string(),
            updated_at: kept.changed_at.to_string(),
        })
    }
}
