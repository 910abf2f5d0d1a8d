//! `/api/tenant/users/`: who belongs to the tenant, in which role, and no longer.
//!
//! Invariant: nobody gives a role above the own, nor changes or removes somebody who has one. Who is removed is logged out
//! everywhere at once. That a tenant keeps an administrator is the tenant's own rule.

use std::sync::Arc;

use antler_events::access::Role;
use antler_events::event::tenant::{Membership, Tenant};
use antler_events::ids::{TenantId, UserId};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::super::answer::json;
use super::super::auth::{Caller, Gate, Identity, cause};
use super::super::base::AskedUri;
use super::super::error::ApiError;
use super::super::paging::{Page, PageAsked};
use super::answers::User;
use super::fields::Fields;

#[derive(Debug, Serialize)]
struct Member {
    #[serde(flatten)]
    user: User,
    joined_at: String,
    last_login: Option<String>,
}

pub(super) async fn list(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    let asked = PageAsked::of(&uri)?;
    let tenant = tenant(caller.tenant, &gate).await?;
    let mut joined: Vec<_> = tenant.members.iter().filter(|(_, member)| member.has_joined()).collect();
    joined.sort_by(|(_, left), (_, right)| left.email.cmp(&right.email));
    let total = joined.len() as u64;
    let mut results = Vec::new();
    for (user, member) in asked.cut(joined) {
        results.extend(shown(caller.tenant, &gate, *user, member).await?);
    }
    Ok(json(StatusCode::OK, &Page::new(&uri, asked, results, total)))
}

pub(super) async fn one(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, ApiError> {
    let (user, member) = joined(caller.tenant, &gate, &id).await?;
    answer(caller.tenant, &gate, user, &member).await
}

pub(super) async fn change_role(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let (user, member) = joined(caller.tenant, &gate, &id).await?;
    check_rank(&caller, &gate, member.role).await?;
    let role = role_to_give(&caller, &gate, &fields).await?;
    gate.accounts.change_role(caller.tenant, user, role, &cause(caller.actor(), &extensions)).await?;
    answer(caller.tenant, &gate, user, &Membership { role, ..member }).await
}

pub(super) async fn remove(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (_, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let (user, member) = joined(caller.tenant, &gate, &id).await?;
    check_rank(&caller, &gate, member.role).await?;
    gate.accounts.remove_member(caller.tenant, user, &cause(caller.actor(), &extensions)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn tenant(tenant: TenantId, gate: &Gate) -> Result<Tenant, ApiError> {
    let found = gate.accounts.views.tenant(tenant).await?.and_then(|kept| kept.state);
    found.ok_or(ApiError::Internal)
}

/// The field `role`, if the caller may give that one to others.
pub(super) async fn role_to_give(caller: &Caller, gate: &Gate, fields: &Fields) -> Result<Role, ApiError> {
    let refused = |reason: String| ApiError::Field { field: "role", reason };
    let role: Role = fields.text("role")?.parse().map_err(|error| refused(format!("{error}")))?;
    if role == Role::Superadmin {
        return Err(refused("superadmin is granted by the operator of the server only".to_owned()));
    }
    check_rank(caller, gate, role).await?;
    Ok(role)
}

/// Is this role one that the caller may deal with?
pub(super) async fn check_rank(caller: &Caller, gate: &Gate, role: Role) -> Result<(), ApiError> {
    let own = match &caller.identity {
        Identity::Person { role, .. } => Some(*role),
        Identity::Key { owner, .. } => gate.accounts.role(caller.tenant, *owner).await?,
    };
    match own.filter(|own| *own >= role) {
        Some(_) => Ok(()),
        None => Err(ApiError::Forbidden { reason: format!("the role {role} is above yours") }),
    }
}

/// A member by its id; one of another tenant is not there.
pub(super) async fn joined(
    tenant: TenantId,
    gate: &Gate,
    id: &str,
) -> Result<(UserId, Membership), ApiError> {
    let user = UserId::parse(id).map_err(|_| ApiError::no_such("user", id))?;
    let mut members = self::tenant(tenant, gate).await?.members;
    let member = members.remove(&user).filter(Membership::has_joined);
    Ok((user, member.ok_or_else(|| ApiError::no_such("user", id))?))
}

async fn answer(
    tenant: TenantId,
    gate: &Gate,
    user: UserId,
    member: &Membership,
) -> Result<Response, ApiError> {
    let shown = shown(tenant, gate, user, member).await?.ok_or(ApiError::Internal)?;
    Ok(json(StatusCode::OK, &shown))
}

/// None if the account went between two looks.
async fn shown(
    tenant: TenantId,
    gate: &Gate,
    user: UserId,
    member: &Membership,
) -> Result<Option<Member>, ApiError> {
    let kept = gate.accounts.views.account(tenant, user).await?;
    let last_login = gate.accounts.views.last_login(tenant, user).await?.map(|at| at.to_string());
    Ok(kept.and_then(|kept| {
        let user = User::new(user, &kept.state?, member.role);
        Some(Member { user, joined_at: kept.created_at.to_string(), last_login })
    }))
}
