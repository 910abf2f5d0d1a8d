//! `/api/admin/tenants/`: all tenants, what each may use, and whether it may.
//!
//! Invariant: only operators come here, and they see of a tenant what it is and has sent, never its lines. What may change
//! is the tenant aggregate's to say.

use std::sync::Arc;

use antler_actors::accounts::AccountError;
use antler_events::event::tenant::{Tenant, TenantCommand, TenantLimits};
use antler_events::event::{Actor, Cause};
use antler_events::identity::DisplayName;
use antler_events::ids::{IdError, TenantId, UserId};
use antler_projections::views::control::Kept;
use antler_projections::views::usage::Sent;
use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::{Extensions, StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;

use crate::http::Shared;
use crate::http::accounts::fields::Fields;
use crate::http::accounts::registration::wrong;
use crate::http::accounts::tenant::TenantAnswer;
use crate::http::answer::json;
use crate::http::auth::{Caller, cause};
use crate::http::base::AskedUri;
use crate::http::error::ApiError;
use crate::http::paging::{Page, PageAsked};

#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    tenant: TenantAnswer,
    today: Today,
    /// As they were counted last.
    streams: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Today {
    lines: u64,
    bytes: u64,
}

/// In the order of their ids.
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    let (asked, after) = asked(&uri)?;
    let views = &shared.program.gate.accounts.views;
    let after = match after {
        None => views.tenant_before(asked.skip()).await?,
        after => after,
    };
    let size = usize::try_from(asked.size).unwrap_or(usize::MAX);
    let found = views.tenants(after, size).await?;
    let last = found.last().map(|(id, _)| id.as_str()).filter(|_| found.len() == size);
    let results = found.iter().filter_map(|(id, kept)| Shown::new(*id, &shared, kept)).collect();
    let page = Page::new(&uri, asked, results, views.tenant_count().await?);
    Ok(json(StatusCode::OK, &page.going_on_at(&uri, "after", last)))
}

pub(super) async fn one(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let (id, kept) = find(&shared, &id).await?;
    answer(id, &shared, &kept)
}

/// What was done in it.
pub(super) async fn audit(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    let (id, _) = find(&shared, &id).await?;
    crate::http::audit::listed(id, &shared, &uri).await
}

/// Changes the name and the limits that the body names.
pub(super) async fn change(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    caller: Option<Extension<Caller>>,
    request: Request,
) -> Result<Response, ApiError> {
    let gate = &shared.program.gate;
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let (id, kept) = find(&shared, &id).await?;
    let tenant = kept.state.ok_or(ApiError::Internal)?;
    let limits = limits(&fields, tenant.limits)?;
    let name = fields.optional_text("name")?.map(|name| DisplayName::parse(name, &gate.account_limits));
    let name = name.transpose().map_err(wrong("name"))?;
    let rename = name.map(|name| TenantCommand::Rename { name });
    for command in rename.into_iter().chain([TenantCommand::SetLimits { limits }]) {
        command_tenant(id, &shared, command, &cause_of(caller.as_deref(), &extensions)).await?;
    }
    let (id, kept) = find(&shared, id.as_str()).await?;
    answer(id, &shared, &kept)
}

/// Its people go on reading; lines and new members are refused with the reason.
pub(super) async fn suspend(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    caller: Option<Extension<Caller>>,
    request: Request,
) -> Result<Response, ApiError> {
    let gate = &shared.program.gate;
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let reason = DisplayName::parse(fields.text("reason")?, &gate.account_limits).map_err(wrong("reason"))?;
    let cause = cause_of(caller.as_deref(), &extensions);
    stand(&shared, &id, TenantCommand::Suspend { reason }, &cause).await
}

pub(super) async fn resume(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    caller: Option<Extension<Caller>>,
    request: Request,
) -> Result<Response, ApiError> {
    let cause = cause_of(caller.as_deref(), request.extensions());
    stand(&shared, &id, TenantCommand::Resume, &cause).await
}

/// Lets a member of the tenant run the platform.
pub(super) async fn grant_superadmin(
    State(shared): State<Arc<Shared>>,
    Path((id, user)): Path<(String, String)>,
    caller: Option<Extension<Caller>>,
    request: Request,
) -> Result<Response, ApiError> {
    let (tenant, kept) = find(&shared, &id).await?;
    let member = UserId::parse(&user)
        .ok()
        .filter(|user| kept.state.as_ref().is_some_and(|tenant| tenant.role_of(*user).is_some()));
    let member = member.ok_or_else(|| ApiError::no_such("member of the tenant", &user))?;
    let cause = cause_of(caller.as_deref(), request.extensions());
    stand(&shared, tenant.as_str(), TenantCommand::GrantSuperadmin { user: member }, &cause).await
}

/// Obeys a command that changes the standing of somebody or something, and shows the tenant.
async fn stand(
    shared: &Shared,
    id: &str,
    command: TenantCommand,
    cause: &Cause,
) -> Result<Response, ApiError> {
    let (id, _) = find(shared, id).await?;
    command_tenant(id, shared, command, cause).await?;
    let (id, kept) = find(shared, id.as_str()).await?;
    answer(id, shared, &kept)
}

async fn command_tenant(
    tenant: TenantId,
    shared: &Shared,
    command: TenantCommand,
    cause: &Cause,
) -> Result<(), ApiError> {
    let changed = shared.program.gate.accounts.change_tenant(tenant, command, cause).await;
    changed.map_err(|error| match error {
        AccountError::Tenant(rejection) => {
            ApiError::Conflict { field: "tenant", reason: rejection.to_string() }
        }
        error => error.into(),
    })?;
    shared.program.system.quotas().look_again().await?;
    Ok(())
}

/// An operator with the token of the settings is nobody of a tenant.
pub(in crate::http) fn cause_of(caller: Option<&Caller>, extensions: &Extensions) -> Cause {
    cause(caller.map_or(Actor::Operator, Caller::actor), extensions)
}

pub(in crate::http) async fn find(shared: &Shared, id: &str) -> Result<(TenantId, Kept<Tenant>), ApiError> {
    let missing = || ApiError::no_such("tenant", id);
    let tenant = TenantId::parse(id).map_err(|_| missing())?;
    let kept = shared.program.gate.accounts.views.tenant(tenant).await?;
    Ok((tenant, kept.filter(|kept| kept.state.is_some()).ok_or_else(missing)?))
}

fn answer(id: TenantId, shared: &Shared, kept: &Kept<Tenant>) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &Shown::new(id, shared, kept).ok_or(ApiError::Internal)?))
}

impl Shown {
    fn new(id: TenantId, shared: &Shared, kept: &Kept<Tenant>) -> Option<Self> {
        let quotas = shared.program.system.quotas();
        let Sent { lines, bytes } = quotas.usage().today(id);
        let (today, streams) = (Today { lines, bytes }, quotas.streams(id));
        Some(Self { tenant: TenantAnswer::new(id, kept)?, today, streams })
    }
}

/// Those of the tenant, but for what the fields say.
fn limits(fields: &Fields, now: TenantLimits) -> Result<TenantLimits, ApiError> {
    let days = fields.optional_whole("retention_days", u64::from(u16::MAX))?;
    let seats = fields.optional_whole("seats", u64::from(u32::MAX))?;
    let calls = fields.optional_whole("api_calls_per_hour", u64::MAX)?;
    let narrow = |number: u64| u32::try_from(number).expect("it was read with that bound");
    Ok(TenantLimits {
        lines_per_day: fields.optional_whole("logs_per_day", u64::MAX)?.unwrap_or(now.lines_per_day),
        bytes_per_day: fields.optional_whole("bytes_per_day", u64::MAX)?.unwrap_or(now.bytes_per_day),
        retention_days: days.map_or(now.retention_days, narrow),
        seats: seats.map_or(now.seats, narrow),
        calls_per_hour: calls.unwrap_or(now.calls_per_hour),
        streams_max: fields.optional_whole("streams_max", u64::MAX)?.unwrap_or(now.streams_max),
    })
}

/// The page, and the tenant that it begins after, if that is said.
fn asked(uri: &Uri) -> Result<(PageAsked, Option<TenantId>), ApiError> {
    let (after, asked) = PageAsked::beside(uri, "after")?;
    let after = after.last().map(|tenant| TenantId::parse(tenant)).transpose();
    let wrong =
        |error: IdError| ApiError::InvalidParameter { field: "after".to_owned(), reason: error.to_string() };
    Ok((asked, after.map_err(wrong)?))
}
