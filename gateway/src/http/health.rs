//! `/health`, `/live` and `/ready`.
//!
//! Invariant: live means that the process answers; ready, that it takes work; healthy, that what it depends on
//! works. It changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::answer::json;
use super::router::Shared;

/// The body of `/health`.
#[derive(Debug, Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
    uptime_s: u64,
    dependencies: BTreeMap<&'static str, Dependency>,
}

#[derive(Debug, Serialize)]
struct Dependency {
    status: &'static str,
    latency_ms: f64,
    detail: String,
}

/// The body of `/live` and `/ready`.
#[derive(Debug, Serialize)]
struct Status {
    status: &'static str,
}

pub(super) async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let dependencies = BTreeMap::new();
    let well = true;
    let body = Health {
        status: if well { "ok" } else { "unhealthy" },
        version: env!("CARGO_PKG_VERSION"),
        uptime_s: shared.clock.elapsed().as_secs(),
        dependencies,
    };
    json(if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &body)
}

pub(super) async fn live() -> Response {
    json(StatusCode::OK, &Status { status: "alive" })
}

pub(super) async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    match shared.stopping.load(Ordering::Relaxed) {
        false => json(StatusCode::OK, &Status { status: "ready" }),
        true => json(StatusCode::SERVICE_UNAVAILABLE, &Status { status: "stopping" }),
    }
}
