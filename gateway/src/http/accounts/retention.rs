//! `/api/tenant/retention/`: how long the tenant wants its lines to be kept, by stream if it likes.
//!
//! Invariant: the tenant is the caller's own, and nothing is kept longer than the operator lets it. It removes nothing:
//! upkeep does, within an hour.

use std::sync::Arc;

use antler_actors::accounts::AccountError;
use antler_config::limits::AccountLimits;
use antler_events::access::StreamPattern;
use antler_events::event::tenant::{
    StreamRetention, Tenant, TenantCommand, TenantRejection, TenantRetention,
};
use antler_events::ids::TenantId;
use axum::extract::{Request, State};
use axum::http::{Extensions, StatusCode};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

use super::super::answer::json;
use super::super::auth::{Caller, Gate, cause};
use super::super::error::ApiError;
use super::fields::Fields;

/// What counts now.
#[derive(Debug, Serialize)]
pub(in crate::http) struct Retention {
    /// Of lines of no stream below.
    days: u32,
    /// As the operator lets it.
    days_max: u32,
    /// The first that matches counts.
    streams: Vec<OfStream>,
}

#[derive(Debug, Serialize)]
struct OfStream {
    stream: String,
    days: u32,
}

impl Retention {
    pub(in crate::http) fn of(tenant: &Tenant) -> Self {
        let of_stream =
            |(stream, days): (&StreamPattern, u32)| OfStream { stream: stream.as_str().to_owned(), days };
        Self {
            days: tenant.days_kept(),
            days_max: tenant.limits.retention_days,
            streams: tenant.streams_kept().map(of_stream).collect(),
        }
    }
}

pub(super) async fn show(State(gate): State<Arc<Gate>>, caller: Caller) -> Result<Response, ApiError> {
    answer(caller.tenant, &gate).await
}

/// What the body does not say is as nobody had ever chosen it.
pub(super) async fn choose(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let read = Fields::read(request, gate.limits.body_bytes_max).await?;
    decide(TenantRetention::default(), &gate, &caller, read).await
}

/// What the body does not say stays.
pub(super) async fn change(
    State(gate): State<Arc<Gate>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    let read = Fields::read(request, gate.limits.body_bytes_max).await?;
    let kept = gate.accounts.views.tenant(caller.tenant).await?.and_then(|kept| kept.state);
    decide(kept.ok_or(ApiError::Internal)?.retention, &gate, &caller, read).await
}

async fn decide(
    before: TenantRetention,
    gate: &Gate,
    caller: &Caller,
    (fields, extensions): (Fields, Extensions),
) -> Result<Response, ApiError> {
    let days = fields.optional_whole("days", u64::from(u16::MAX))?;
    let days = days.map(|days| u32::try_from(days).expect("it was read with that bound"));
    let retention = TenantRetention {
        days: if fields.has("days") { days } else { before.days },
        streams: match fields.has("streams") {
            true => streams(&fields, &gate.account_limits)?,
            false => before.streams,
        },
    };
    let cause = cause(caller.actor(), &extensions);
    let chosen =
        gate.accounts.change_tenant(caller.tenant, TenantCommand::SetRetention { retention }, &cause);
    chosen.await.map_err(|error| match error {
        AccountError::Tenant(rejection @ TenantRejection::RetentionBeyondLimit { .. }) => {
            wrong("days", rejection.to_string())
        }
        AccountError::Tenant(rejection @ TenantRejection::StreamTwice { .. }) => {
            wrong("streams", rejection.to_string())
        }
        error => error.into(),
    })?;
    answer(caller.tenant, gate).await
}

async fn answer(tenant: TenantId, gate: &Gate) -> Result<Response, ApiError> {
    let kept = gate.accounts.views.tenant(tenant).await?.and_then(|kept| kept.state);
    Ok(json(StatusCode::OK, &Retention::of(&kept.ok_or(ApiError::Internal)?)))
}

fn streams(fields: &Fields, limits: &AccountLimits) -> Result<Vec<StreamRetention>, ApiError> {
    let given = match fields.value("streams") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(given)) => given,
        Some(_) => {
            return Err(wrong("streams", "it must be a list of objects with stream and days".to_owned()));
        }
    };
    let max = usize::from(limits.retained_streams_max);
    if given.len() > max {
        return Err(wrong("streams", format!("it may have {max} entries, not {}", given.len())));
    }
    given.iter().enumerate().map(|(at, of)| stream(at, of, limits)).collect()
}

fn stream(at: usize, given: &Value, limits: &AccountLimits) -> Result<StreamRetention, ApiError> {
    let entry = at + 1;
    let name = given["stream"].as_str();
    let name = name.ok_or_else(|| wrong("streams", format!("entry {entry} has no text stream")))?;
    let stream = StreamPattern::parse(name, limits);
    let stream = stream.map_err(|error| wrong("streams", format!("entry {entry}: {error}")))?;
    let days = given["days"].as_u64().and_then(|days| u32::try_from(days).ok());
    let days = days.ok_or_else(|| wrong("streams", format!("entry {entry} has no whole number days")))?;
    Ok(StreamRetention { stream, days })
}

fn wrong(field: &'static str, reason: String) -> ApiError {
    ApiError::Field { field, reason }
}
