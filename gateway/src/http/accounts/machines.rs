//! `/api/tenant/service-accounts/`: members that are programs, with a role and API keys, and no login.
//!
//! Invariant: nobody gives one a role above the own. One that is disabled or removed stops at once, with all its keys. It
//! makes no keys: an admin does, under `/api/users/profile/api-keys/`.

use std::sync::Arc;

use antler_events::event::tenant::{Machine, MachineCommand};
use antler_events::identity::DisplayName;
use antler_events::ids::{TenantId, UserId};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::super::answer::json;
use super::super::auth::{Caller, Gate, cause};
use super::super::base::AskedUri;
use super::super::error::ApiError;
use super::super::paging::{Page, PageAsked};
use super::fields::Fields;
use super::members;
use super::registration::wrong;

#[derive(Debug, Serialize)]
struct MachineAnswer {
    id: UserId,
    name: String,
    role: &'static str,
    active: bool,
    /// Keys of it that are not revoked.
    keys: usize,
}

pub(super) async fn list(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    let asked = PageAsked::of(&uri)?;
    let mut machines: Vec<_> = members::tenant(caller.tenant, &gate).await?.machines.into_iter().collect();
    machines.sort_by(|(_, left), (_, right)| left.name.cmp(&right.name));
    let total = machines.len() as u64;
    let mut results = Vec::new();
    for (user, machine) in asked.cut(machines) {
        results.push(shown(caller.tenant, &gate, user, &machine).await?);
    }
    Ok(json(StatusCode::OK, &Page::new(&uri, asked, results, total)))
}

pub(super) async fn add(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let name = name(&gate, fields.text("name")?)?;
    let role = members::role_to_give(&caller, &gate, &fields).await?;
    let user = gate.accounts.new_machine_id()?;
    let machines_max = gate.limits.machines_per_tenant_max as usize;
    let command = MachineCommand::Add { name, role, machines_max };
    let cause = cause(caller.actor(), &extensions);
    gate.accounts.command_machine(caller.tenant, user, command, &cause).await?;
    let machine = find(caller.tenant, &gate, user.as_str()).await?.1;
    Ok(json(StatusCode::CREATED, &shown(caller.tenant, &gate, user, &machine).await?))
}

pub(super) async fn one(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Response, ApiError> {
    let (user, machine) = find(caller.tenant, &gate, &id).await?;
    Ok(json(StatusCode::OK, &shown(caller.tenant, &gate, user, &machine).await?))
}

/// What the request does not name stays as it is.
pub(super) async fn change(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let (user, mut machine) = find(caller.tenant, &gate, &id).await?;
    members::check_rank(&caller, &gate, machine.role).await?;
    if let Some(text) = fields.optional_text("name")? {
        machine.name = name(&gate, text)?;
    }
    if fields.has("role") {
        machine.role = members::role_to_give(&caller, &gate, &fields).await?;
    }
    if fields.all().get("active").is_some_and(|active| !active.is_null()) {
        machine.disabled = !fields.flag("active")?;
    }
    let cause = cause(caller.actor(), &extensions);
    let command = MachineCommand::Change(machine.clone());
    gate.accounts.command_machine(caller.tenant, user, command, &cause).await?;
    Ok(json(StatusCode::OK, &shown(caller.tenant, &gate, user, &machine).await?))
}

pub(super) async fn remove(
    State(gate): State<Arc<Gate>>,
    Path(id): Path<String>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let (_, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let (user, machine) = find(caller.tenant, &gate, &id).await?;
    members::check_rank(&caller, &gate, machine.role).await?;
    let cause = cause(caller.actor(), &extensions);
    gate.accounts.command_machine(caller.tenant, user, MachineCommand::Remove, &cause).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// One by its id; one of another tenant is not there.
pub(super) async fn find(tenant: TenantId, gate: &Gate, id: &str) -> Result<(UserId, Machine), ApiError> {
    let missing = || ApiError::no_such("service account", id);
    let user = UserId::parse(id).map_err(|_| missing())?;
    let found = members::tenant(tenant, gate).await?.machines.remove(&user);
    Ok((user, found.ok_or_else(missing)?))
}

fn name(gate: &Gate, text: &str) -> Result<DisplayName, ApiError> {
    DisplayName::parse(text, &gate.account_limits).map_err(wrong("name"))
}

async fn shown(
    tenant: TenantId,
    gate: &Gate,
    user: UserId,
    machine: &Machine,
) -> Result<MachineAnswer, ApiError> {
    let keys = gate.accounts.views.keys(tenant).await?;
    let is_its = |key: &antler_events::event::key::Key| key.owner == user && !key.revoked;
    Ok(MachineAnswer {
        id: user,
        name: machine.name.as_str().to_owned(),
        role: machine.role.as_str(),
        active: !machine.disabled,
        keys: keys.iter().filter(|(_, kept)| kept.state.as_ref().is_some_and(is_its)).count(),
    })
}
