//! `/metrics`: what the program counts, as Prometheus reads it.
//!
//! Invariant: every value is read when it is asked for. It keeps no figures: their owners do.

mod actors;
mod disk;
pub mod exposition;
mod ingest;
mod live;
mod log;
mod mail;
pub mod process;
mod projections;
mod work;

use std::fmt::Write as _;
use std::sync::Arc;

use antler_actors::calls::Calls;
use antler_config::Secret;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use self::exposition::{Family, Kind};
use super::auth::operator;
use super::error::ApiError;
use super::observe::BOUNDS;
use super::rates::{Class, Rates};
use super::shared::Shared;

pub(super) async fn metrics(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let token = &shared.config.listeners.metrics_token;
    if token.is_set() && !bears(&headers, token) {
        return Err(ApiError::NoCredential);
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], exposition(&shared).await)
        .into_response())
}

pub(super) async fn exposition(shared: &Shared) -> String {
    let started = shared.started.nanos() as f64 / 1e9;
    let mut families = process::families(started);
    families.extend(program(shared));
    families.extend(log::families(&shared.log));
    families.extend(actors::families(shared).await);
    let gate = &shared.program.gate;
    families.extend(projections::of_index(&shared.program.index.statistics()));
    families.push(projections::of_views(&**gate.accounts.views.store()).await);
    families.extend(projections::of_cache(&gate.cache.statistics()));
    families.extend(http(shared));
    families.push(rates(&gate.rates));
    families.extend(work::families(shared));
    families.extend(disk::families(&shared.config.storage.data));
    families.extend(ingest::families(&shared.program.intake.figures));
    families.extend(live::families(&shared.program.sockets));
    families.extend(gate.post.iter().flat_map(|post| mail::families(post.figures())));
    families.iter().fold(String::new(), |mut text, family| {
        write!(text, "{family}").expect("a string takes every text");
        text
    })
}

fn bears(headers: &HeaderMap, token: &Secret) -> bool {
    let given = headers.get(header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
    operator::is(token, given.strip_prefix(b"Bearer ").unwrap_or_default())
}

fn program(shared: &Shared) -> Vec<Family> {
    let certificate = shared.tls.as_ref().map(|tls| {
        let ends_s = tls.standing().ends.nanos() as f64 / 1e9;
        Family::gauge("antler_tls_certificate_end_seconds", "When the certificate ends, since 1970.", ends_s)
    });
    let mut families = vec![
        Family::new(Kind::Gauge, "antler_build_info", "The version that runs; always 1.")
            .sample(&[("version", env!("CARGO_PKG_VERSION"))], 1.0),
        Family::gauge("antler_uptime_seconds", "Time since the start.", shared.clock.elapsed().as_secs_f64()),
    ];
    families.extend(certificate);
    families
}

fn rates(rates: &Rates) -> Family {
    let family = Family::new(
        Kind::Counter,
        "antler_rate_refused_total",
        "Requests beyond what a caller, or its tenant, may ask in an hour.",
    );
    let family = Class::ALL
        .into_iter()
        .fold(family, |family, of| family.sample(&[("class", of.name())], rates.refused(of) as f64));
    family.sample(&[("class", "tenant")], rates.calls().map_or(0, Calls::refused) as f64)
}

fn http(shared: &Shared) -> Vec<Family> {
    let mut requests = Family::new(
        Kind::Counter,
        "antler_http_requests_total",
        "Requests answered, by class of route and status.",
    );
    let mut durations = Family::new(
        Kind::Histogram,
        "antler_http_request_duration_seconds",
        "Time from the head of a request to the head of its answer.",
    );
    for (class, figures) in shared.requests.figures() {
        let route = ("route", class.name());
        for (status, count) in &figures.by_status {
            requests = requests.sample(&[route, ("status", &status.to_string())], *count as f64);
        }
        let mut below = 0;
        for (bound, count) in BOUNDS.iter().zip(figures.buckets) {
            below += count;
            durations = durations.part("_bucket", &[route, ("le", &bound.to_string())], below as f64);
        }
        durations = durations
            .part("_bucket", &[route, ("le", "+Inf")], figures.count as f64)
            .part("_sum", &[route], figures.seconds)
            .part("_count", &[route], figures.count as f64);
    }
    let (open, accepted) = (shared.connections.open(), shared.connections.accepted());
    let most = shared.config.limits.http.connections_max;
    vec![
        requests,
        durations,
        Family::gauge("antler_http_connections_open", "Open HTTP connections.", open as f64),
        Family::gauge(
            "antler_http_connections_limit",
            "Most HTTP connections that are open at once.",
            most.into(),
        ),
        Family::counter("antler_http_connections_total", "HTTP connections accepted.", accepted),
    ]
}
