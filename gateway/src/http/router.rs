//! The routes.
//!
//! Invariant: every route of the program is here or in a room that is merged here. It does not answer anything itself but
//! unknown addresses.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler as _;
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;

use super::addresses::{in_api, with_slash};
use super::auth::guard;
use super::base::AskedUri;
use super::dashboard::Dashboard;
use super::error::ApiError;
use super::observe::observe;
use super::origins::cross_origin;
use super::route_class::RouteClass;
use super::{
    Shared, accounts, admin, archives, audit, dead_letters, demo, elastic, erasure, health, jobs, logs,
    metrics, openapi, otlp, quota, search, slow, uploads,
};
use crate::socket;

pub fn router(shared: &Arc<Shared>) -> Router {
    let health = get(health::health);
    let mut router = in_api(Router::new(), "/api/health", &health);
    router = with_slash(router, "/health", &health);
    router = with_slash(router, "/live", &get(health::live));
    router = with_slash(router, "/ready", &get(health::ready));
    router = with_slash(router, "/metrics", &get(metrics::metrics));
    let gate = &shared.program.gate;
    let router = router
        .merge(questions(shared))
        .merge(logs::routes())
        .merge(elastic::routes())
        .merge(otlp::routes())
        .merge(dead_letters::routes())
        .merge(uploads::routes())
        .merge(jobs::routes())
        .merge(accounts::routes(gate))
        .merge(quota::routes())
        .merge(admin::routes())
        .merge(audit::routes())
        .merge(demo::routes())
        .merge(erasure::routes())
        .merge(archives::routes())
        .merge(openapi::routes(&shared.config.server.base_path))
        .merge(socket::routes());
    noting_reads(router, shared)
        .fallback_service(page_or_nothing.with_state(Dashboard::new(&shared.config.server.base_path)))
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(Arc::clone(shared), around))
        .with_state(Arc::clone(shared))
}

/// What is asked about lines, also again.
fn questions(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let history = shared.program.history.clone();
    search::routes()
        .layer(from_fn_with_state(history, search::history::remember))
        .merge(search::history::routes())
        .merge(search::saved::routes())
        .layer(from_fn_with_state(Arc::clone(shared), slow::watch))
}

/// A layer costs every request something, so it is there only if somebody wants it.
fn noting_reads(router: Router<Arc<Shared>>, shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    match shared.config.audit.reads.0.is_empty() {
        true => router,
        false => router.layer(from_fn_with_state(Arc::clone(shared), audit::reads::note)),
    }
}

/// What every request passes. It is one layer, because each one copies the route below it for every request.
async fn around(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let gate = &*shared.program.gate;
    let class = RouteClass::of(request.method(), request.uri().path());
    let guarded = |request| guard(gate, class, request, next);
    observe(&shared, class, request, |request| cross_origin(&gate.origins, request, guarded)).await
}

/// What no route is for.
async fn page_or_nothing(
    State(dashboard): State<Arc<Dashboard>>,
    method: Method,
    uri: Uri,
    AskedUri(asked): AskedUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let greeting = elastic::greeting(&method, uri.path(), &headers);
    let found = greeting.or_else(|| dashboard.find(&method, uri.path(), &headers));
    found.ok_or_else(|| ApiError::NoRoute { path: asked.path().to_owned() })
}

async fn method_not_allowed(method: Method, AskedUri(uri): AskedUri) -> ApiError {
    ApiError::MethodNotAllowed { path: uri.path().to_owned(), method: method.to_string() }
}
