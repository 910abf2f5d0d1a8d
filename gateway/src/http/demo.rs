//! `/api/tenant/demo/`: the traffic of a shop, played into the caller's tenant for a while, for those who want to see lines
//! before they send their own.
//!
//! Invariant: its streams are kept for a day, unless the tenant has decided otherwise or has no room for another decision.
//! It makes no lines.

use std::sync::Arc;
use std::time::Duration;

use antler_events::access::StreamPattern;
use antler_events::event::Cause;
use antler_events::event::tenant::{StreamRetention, TenantCommand};
use antler_events::ids::TenantId;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::Shared;
use super::accounts::fields::Fields;
use super::addresses::in_api;
use super::answer::json;
use super::auth::{Caller, Gate, cause};
use super::error::ApiError;
use crate::demo::{Play, Playing, STREAMS};

const MINUTES: u64 = 15;
const MINUTES_MAX: u64 = 60;
/// A round of all incidents.
const PAST_MINUTES: u64 = 30;
const DAYS_KEPT: u32 = 1;
/// When there may be room for another demo.
const RETRY_AFTER_S: u64 = 60;

#[derive(Debug, Serialize)]
struct Shown {
    playing: bool,
    since: Option<String>,
    /// None: until it is stopped.
    until: Option<String>,
    lines: u64,
    streams: &'static str,
}

impl Shown {
    fn of(playing: Option<Playing>) -> Self {
        Self {
            playing: playing.is_some(),
            since: playing.map(|demo| demo.since.to_string()),
            until: playing.and_then(|demo| demo.until).map(|until| until.to_string()),
            lines: playing.map_or(0, |demo| demo.lines),
            streams: STREAMS,
        }
    }
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    in_api(Router::new(), "/api/tenant/demo", &get(show).post(begin).delete(stop))
}

async fn show(State(shared): State<Arc<Shared>>, caller: Caller) -> Response {
    shown(caller.tenant, &shared)
}

/// One that plays already goes on as it is.
async fn begin(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let gate = &shared.program.gate;
    let (fields, extensions) = Fields::read(request, gate.limits.body_bytes_max).await?;
    let minutes = fields.optional_whole("minutes", MINUTES_MAX)?.unwrap_or(MINUTES);
    if minutes == 0 {
        let reason = format!("a demo plays for 1 to {MINUTES_MAX} minutes");
        return Err(ApiError::Field { field: "minutes", reason });
    }
    let past = fields.optional_whole("past_minutes", MINUTES_MAX)?.unwrap_or(PAST_MINUTES);
    keep_for_a_day(caller.tenant, gate, &cause(caller.actor(), &extensions)).await?;
    let until = shared.clock.now().plus(Duration::from_secs(minutes * 60));
    let play = Play { history: Duration::from_secs(past * 60), until: Some(until) };
    let begun = shared.demos.begin(caller.tenant, play);
    begun.map_err(|full| ApiError::TooMany { reason: full.to_string(), retry_after_s: RETRY_AFTER_S })?;
    Ok(shown(caller.tenant, &shared))
}

async fn stop(State(shared): State<Arc<Shared>>, caller: Caller) -> Response {
    shared.demos.stop(caller.tenant).await;
    shown(caller.tenant, &shared)
}

fn shown(tenant: TenantId, shared: &Shared) -> Response {
    json(StatusCode::OK, &Shown::of(shared.demos.of(tenant)))
}

async fn keep_for_a_day(tenant: TenantId, gate: &Gate, cause: &Cause) -> Result<(), ApiError> {
    let kept = gate.accounts.views.tenant(tenant).await?.and_then(|kept| kept.state);
    let mut retention = kept.ok_or(ApiError::Internal)?.retention;
    let limits = &gate.account_limits;
    let stream = StreamPattern::parse(STREAMS, limits).map_err(|_| ApiError::Internal)?;
    let is_decided = retention.streams.iter().any(|of| of.stream == stream);
    if is_decided || retention.streams.len() >= usize::from(limits.retained_streams_max) {
        return Ok(());
    }
    // The first that matches counts.
    retention.streams.insert(0, StreamRetention { stream, days: DAYS_KEPT });
    Ok(gate.accounts.change_tenant(tenant, TenantCommand::SetRetention { retention }, cause).await?)
}
