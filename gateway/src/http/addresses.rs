//! The addresses that one route is reached by.
//!
//! Invariant: a slash at the end is optional, and `/api/v1/…` is `/api/…`. It knows no route.

use std::convert::Infallible;

use axum::Router;
use axum::routing::MethodRouter;

/// Puts a route at `path`, which begins with `/api`, and at the same below `/api/v1`.
pub(crate) fn in_api<S>(router: Router<S>, path: &str, methods: &MethodRouter<S, Infallible>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let below = path.strip_prefix("/api").expect("routes of the API are below /api");
    with_slash(with_slash(router, path, methods), &format!("/api/v1{below}"), methods)
}

/// Puts a route at `path`, with and without a slash at the end.
pub(crate) fn with_slash<S>(router: Router<S>, path: &str, methods: &MethodRouter<S, Infallible>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    router.route(path, methods.clone()).route(&format!("{path}/"), methods.clone())
}
