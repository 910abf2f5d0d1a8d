//! `GET /api/auth/user/`, `/api/users/me/` and `/api/users/profile/`.
//!
//! Invariant: it tells people about themselves and their own tenant only. It changes nothing.

use std::sync::Arc;

use antler_events::ids::TenantId;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::super::answer::json;
use super::super::auth::{Caller, Gate};
use super::super::error::ApiError;
use super::answers::{self, Quota, Tenant, User};
use super::password;

#[derive(Debug, Serialize)]
struct UserAnswer {
    #[serde(flatten)]
    user: User,
    tenant: Tenant,
}

#[derive(Debug, Serialize)]
struct Profile {
    #[serde(flatten)]
    user: User,
    user_id: String,
    tenant_id: TenantId,
    organization: String,
    preferences: Preferences,
    api_quota: Quota,
    created_at: String,
    updated_at: String,
    last_login: Option<String>,
}

/// What applies as long as nobody can choose.
#[derive(Debug, Serialize)]
struct Preferences {
    theme: &'static str,
    timezone: &'static str,
    notifications: Notifications,
    default_dashboard: Option<String>,
}

#[derive(Debug, Serialize)]
struct Notifications {
    email: bool,
    browser: bool,
    slack: bool,
}

pub(super) async fn user(State(gate): State<Arc<Gate>>, caller: Caller) -> Result<Response, ApiError> {
    let (tenant, user) = (caller.tenant, caller.user());
    let account = password::account(tenant, &gate, user).await?;
    let role = gate.accounts.role(tenant, user).await?.ok_or(ApiError::Internal)?;
    let user = User::new(user, &account, role);
    Ok(json(StatusCode::OK, &UserAnswer { user, tenant: answers::tenant(tenant, &gate).await? }))
}

pub(super) async fn profile(State(gate): State<Arc<Gate>>, caller: Caller) -> Result<Response, ApiError> {
    let (id, user) = (caller.tenant, caller.user());
    let views = &gate.accounts.views;
    let kept = views.account(id, user).await?.ok_or(ApiError::Internal)?;
    let account = kept.state.ok_or(ApiError::Internal)?;
    let tenant = views.tenant(id).await?.and_then(|kept| kept.state).ok_or(ApiError::Internal)?;
    let role = tenant.role_of(user).ok_or(ApiError::Internal)?;
    let profile = Profile {
        user: User::new(user, &account, role),
        user_id: user.to_string(),
        tenant_id: id,
        organization: tenant.name.as_str().to_owned(),
        preferences: Preferences {
            theme: "system",
            timezone: "UTC",
            notifications: Notifications { email: true, browser: true, slack: false },
            default_dashboard: None,
        },
        api_quota: Quota::new(tenant.limits),
        created_at: kept.created_at.to_string(),
        updated_at: kept.changed_at.to_string(),
        last_login: views.last_login(id, user).await?.map(|at| at.to_string()),
    };
    Ok(json(StatusCode::OK, &profile))
}
