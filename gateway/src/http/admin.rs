//! The state of the actors, and what an operator does about it.
//!
//! Invariant: an admin of a tenant sees its own tenant and nothing of others or of the platform; the operator sees all. What
//! concerns all tenants is the operator's alone. What it changes of tenants is in `tenants`.

mod bundle;
mod initialize;
mod jobs;
pub(super) mod monitor;
pub(super) mod tenants;
mod tree;

use std::sync::Arc;

use antler_actors::platform::Depth;
use antler_events::event::audit::{Deed, DeedNoted};
use antler_events::ids::TenantId;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, patch, post};
use axum::{Extension, Router};
use serde::Serialize;

use self::tree::{Platform, Projector, Tenant, Tree};
use super::addresses::in_api;
use super::answer::json;
use super::auth::{Caller, Operator};
use super::error::ApiError;
use super::{Shared, erasure, health, lag, slow};

type Route = (&'static str, &'static str, MethodRouter<Arc<Shared>>);

/// All of them.
pub fn routes() -> Router<Arc<Shared>> {
    let routes = handlers().into_iter();
    routes.fold(Router::new(), |router, (_, path, handler)| in_api(router, path, &handler))
}

fn handlers() -> Vec<Route> {
    vec![
        ("GET", "/api/admin/actors", get(actors)),
        ("GET", "/api/admin/jobs", get(jobs::list)),
        ("POST", "/api/admin/jobs/{id}/run", post(jobs::run)),
        ("POST", "/api/admin/initialize-indexes", post(initialize::indexes)),
        ("POST", "/api/admin/initialize-metadata-indexes", post(initialize::metadata)),
        ("GET", "/api/logs/logstash/monitor/health", get(health::health)),
        ("GET", "/api/logs/logstash/monitor/stats", get(monitor::stats)),
        ("DELETE", "/api/logs/logstash/monitor/stats", delete(monitor::reset)),
        ("GET", "/api/logs/logstash/monitor/config", get(monitor::config)),
        ("POST", "/api/logs/logstash/monitor/test", post(monitor::test)),
        ("GET", "/api/admin/slow-queries", get(slow::list)),
        ("GET", "/api/admin/support-bundle", get(bundle::bundle)),
        ("GET", "/api/admin/tenants", get(tenants::list)),
        ("GET", "/api/admin/tenants/{id}", get(tenants::one)),
        ("PATCH", "/api/admin/tenants/{id}", patch(tenants::change)),
        ("DELETE", "/api/admin/tenants/{id}", delete(erasure::by_operator)),
        ("GET", "/api/admin/erasures", get(erasure::list)),
        ("GET", "/api/admin/tenants/{id}/audit", get(tenants::audit)),
        ("POST", "/api/admin/tenants/{id}/suspend", post(tenants::suspend)),
        ("POST", "/api/admin/tenants/{id}/resume", post(tenants::resume)),
        ("POST", "/api/admin/tenants/{id}/revive", post(revive)),
        ("POST", "/api/admin/tenants/{id}/superadmins/{user}", post(tenants::grant_superadmin)),
    ]
}

async fn actors(
    State(shared): State<Arc<Shared>>,
    operator: Option<Extension<Operator>>,
    caller: Option<Extension<Caller>>,
) -> Result<Response, ApiError> {
    let depth = match (operator, caller) {
        (Some(_), _) => Depth::Everything,
        (None, Some(Extension(caller))) => Depth::Tenant(caller.tenant),
        (None, None) => return Err(ApiError::Forbidden { reason: "this address is closed".to_owned() }),
    };
    Ok(json(StatusCode::OK, &tree_of(&shared, depth).await?))
}

async fn tree_of(shared: &Shared, depth: Depth) -> Result<Tree, ApiError> {
    let silent = || ApiError::Unavailable { reason: "the actors do not answer; try again soon".to_owned() };
    let system = &shared.program.system;
    let report = system.report(depth).await.ok_or_else(silent)?;
    let is_all = depth == Depth::Everything;
    let lags = if is_all { lag::all(shared).await } else { Vec::new() };
    Ok(Tree {
        platform: is_all.then(|| Platform::of(&report, system)),
        tenants: Tenant::all(&report),
        projectors: is_all.then(|| Projector::all(&report, system, &lags)),
    })
}

#[derive(Debug, Serialize)]
struct Revived {
    id: TenantId,
    /// Whether it had been set aside.
    revived: bool,
}

async fn revive(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    caller: Option<Extension<Caller>>,
    request: Request,
) -> Result<Response, ApiError> {
    let Ok(tenant) = TenantId::parse(&id) else { return Err(ApiError::no_such("tenant", &id)) };
    let revived = shared.program.system.revive(tenant).await;
    if revived {
        tracing::warn!(%tenant, "an operator lets a parked tenant run again");
        let cause = tenants::cause_of(caller.as_deref(), request.extensions());
        let noted = DeedNoted::new(Deed::TenantRevived, &id, 1);
        shared.program.gate.accounts.note_deed(tenant, noted, &cause).await?;
    }
    Ok(json(StatusCode::OK, &Revived { id: tenant, revived }))
}

#[cfg(test)]
mod tests {
    use super::super::auth::permissions::{Asked, Permission, TABLE, asked};
    use super::*;

    #[test]
    fn every_route_of_operators_is_theirs_in_the_table() {
        let is_theirs = |permission| matches!(permission, Permission::Operator | Permission::AdminOrOperator);
        for (method, path, _) in handlers() {
            let permission = asked(&method.parse().unwrap(), path);
            let is_closed = matches!(permission, Asked::Permission(permission) if is_theirs(permission));
            assert!(is_closed, "{method} {path}: {permission:?}");
        }
        // Admins of tenants have an address of an older name below the same beginning.
        for (method, path, _) in TABLE.iter().filter(|(.., permission)| is_theirs(*permission)) {
            assert!(handlers().iter().any(|(known, at, _)| (known, at) == (method, path)), "{method} {path}");
        }
    }
}
