//! `GET /api/auth/user/`, `/api/users/me/`, and the profile: `/api/users/profile/`, and for an admin that of a member.
//!
//! Invariant: it tells people about themselves and their own tenant only, and changes nothing but what they say of
//! themselves: role, tenant, names to log in with and limits are not among it. It proves nothing that somebody says.

use std::sync::Arc;

use antler_events::event::member::Profile;
use antler_events::ids::{TenantId, UserId};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

use super::super::answer::json;
use super::super::auth::{Caller, Gate, cause};
use super::super::error::ApiError;
use super::answers::{self, Quota, Tenant, User};
use super::fields::Fields;
use super::profile_fields::{self, Shown};
use super::{members, password};

#[derive(Debug, Serialize)]
struct UserAnswer {
    #[serde(flatten)]
    user: User,
    tenant: Tenant,
}

#[derive(Debug, Serialize)]
struct ProfileAnswer<'a> {
    #[serde(flatten)]
    user: User,
    user_id: UserId,
    tenant_id: TenantId,
    organization: &'a str,
    #[serde(flatten)]
    profile: Shown<'a>,
    api_quota: ApiQuota,
    subscription: Subscription,
    created_at: String,
    updated_at: String,
    last_login: Option<String>,
}

/// What the tenant may use, and has used today.
#[derive(Debug, Serialize)]
struct ApiQuota {
    #[serde(flatten)]
    limits: Quota,
    usage: Used,
}

#[derive(Debug, Serialize)]
struct Used {
    logs_today: u64,
    bytes_today: u64,
    seats: usize,
}

#[derive(Debug, Serialize)]
struct Subscription {
    /// "standard" with the limits that every tenant begins with, "custom" once the operator has set others.
    plan: &'static str,
    /// None: it does not end by itself.
    expires_at: Option<String>,
}

pub(super) async fn user(State(gate): State<Arc<Gate>>, caller: Caller) -> Result<Response, ApiError> {
    let (tenant, user) = (caller.tenant, caller.user());
    let account = password::account(tenant, &gate, user).await?;
    let role = gate.accounts.role(tenant, user).await?.ok_or(ApiError::Internal)?;
    let user = User::new(user, &account, role);
    Ok(json(StatusCode::OK, &UserAnswer { user, tenant: answers::tenant(tenant, &gate).await? }))
}

pub(super) async fn profile(State(gate): State<Arc<Gate>>, caller: Caller) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &shown(caller.tenant, &gate, caller.user()).await?))
}

pub(super) async fn of_member(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, ApiError> {
    let (user, _) = members::joined(caller.tenant, &gate, &id).await?;
    Ok(json(StatusCode::OK, &shown(caller.tenant, &gate, user).await?))
}

/// What the request does not name stays as it is.
pub(super) async fn change(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let was = password::account(caller.tenant, &gate, caller.user()).await?.profile;
    set(caller.tenant, &gate, &caller, [was.clone(), was], request).await?;
    profile(State(gate), caller).await
}

/// What the request does not name is as if nothing had ever been said.
pub(super) async fn replace(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let was = password::account(caller.tenant, &gate, caller.user()).await?.profile;
    set(caller.tenant, &gate, &caller, [was, Profile::default()], request).await?;
    profile(State(gate), caller).await
}

/// The same by its older name: an account has a profile from the beginning.
pub(super) async fn create(
    gate: State<Arc<Gate>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let mut response = replace(gate, caller, request).await?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

async fn set(
    tenant: TenantId,
    gate: &Gate,
    caller: &Caller,
    [was, mut profile]: [Profile; 2],
    request: Request,
) -> Result<(), ApiError> {
    let user = caller.user();
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let shown = shown(tenant, gate, user).await?;
    profile_fields::take(&mut profile, fields.all(), &shown, &gate.account_limits)?;
    gate.accounts.change_profile(tenant, user, was, profile, &cause(caller.actor(), &extensions)).await?;
    Ok(())
}

async fn shown(id: TenantId, gate: &Gate, user: UserId) -> Result<Value, ApiError> {
    let views = &gate.accounts.views;
    let kept = views.account(id, user).await?.ok_or(ApiError::Internal)?;
    let account = kept.state.ok_or(ApiError::Internal)?;
    let tenant = views.tenant(id).await?.and_then(|kept| kept.state).ok_or(ApiError::Internal)?;
    let role = tenant.role_of(user).ok_or(ApiError::Internal)?;
    let sent = gate.usage.today(id);
    let usage = Used { logs_today: sent.lines, bytes_today: sent.bytes, seats: tenant.members.len() };
    let is_standard = tenant.limits == gate.accounts.limits;
    let profile = ProfileAnswer {
        user: User::new(user, &account, role),
        user_id: user,
        tenant_id: id,
        organization: tenant.name.as_str(),
        profile: Shown::new(&account.profile),
        api_quota: ApiQuota { limits: Quota::new(tenant.limits), usage },
        subscription: Subscription {
            plan: if is_standard { "standard" } else { "custom" },
            expires_at: None,
        },
        created_at: kept.created_at.to_string(),
        updated_at: kept.changed_at.to_string(),
        last_login: views.last_login(id, user).await?.map(|at| at.to_string()),
    };
    Ok(serde_json::to_value(&profile).expect("names and texts are JSON"))
}
