//! `GET /api/users/profile/quota/`: what the caller's tenant has sent, and may.
//!
//! Invariant: days begin at midnight UTC, and today's figures are those that lines are refused by. It refuses nothing.

use std::sync::Arc;

use antler_actors::calls::Calls;
use antler_actors::quotas::Level;
use antler_actors::stream_counter::CountError;
use antler_events::clock::Timestamp;
use antler_events::ids::TenantId;
use antler_projections::views::usage::{DAYS_KEPT, Day, Sent};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::Shared;
use super::addresses::in_api;
use super::answer::json;
use super::error::ApiError;
use super::search::RequestTenant;

/// Days that are listed if nobody asks for another number.
const DAYS: i64 = 7;

#[derive(Debug, Serialize)]
struct Answer {
    /// Lines; `bytes` says the same of bytes.
    used: u64,
    limit: u64,
    /// Of the limit that is nearer.
    percentage_used: f64,
    status: &'static str,
    /// When counting begins anew.
    reset_at: String,
    lines: Share,
    bytes: Share,
    seats: Share,
    calls: OfHour,
    sockets: Share,
    /// As they were counted last.
    streams: Share,
    retention_days: u32,
    /// Today first.
    days: Vec<OfDay>,
}

#[derive(Debug, Serialize)]
struct Share {
    used: u64,
    limit: u64,
    percentage_used: f64,
    status: &'static str,
}

/// Requests but those that bring lines.
#[derive(Debug, Serialize)]
struct OfHour {
    #[serde(flatten)]
    share: Share,
    reset_at: String,
}

#[derive(Debug, Serialize)]
struct OfDay {
    /// When it began.
    day: String,
    lines: u64,
    bytes: u64,
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    in_api(Router::new(), "/api/users/profile/quota", &get(quota))
}

async fn quota(
    RequestTenant(tenant): RequestTenant,
    State(shared): State<Arc<Shared>>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let count = days_asked(uri.query().unwrap_or_default())?;
    let found = shared.program.gate.accounts.views.tenant(tenant).await?.and_then(|kept| kept.state);
    let found = found.ok_or(ApiError::Internal)?;
    let today = Day::of(shared.clock.now());
    let days = days(tenant, &shared, today, count).await?;
    let quotas = shared.program.system.quotas();
    let Sent { lines, bytes } = quotas.usage().today(tenant);
    let streams = shared.program.streams.used(tenant).await?;
    let (lines, bytes) =
        (Share::of(lines, found.limits.lines_per_day), Share::of(bytes, found.limits.bytes_per_day));
    let nearer = if bytes.percentage_used > lines.percentage_used { &bytes } else { &lines };
    let answer = Answer {
        used: lines.used,
        limit: lines.limit,
        percentage_used: nearer.percentage_used,
        status: nearer.status,
        reset_at: today.plus(1).start().to_string(),
        seats: Share::of(found.members.len() as u64, u64::from(found.limits.seats)),
        sockets: sockets(tenant, &shared),
        streams: Share::of(streams, found.limits.streams_max),
        calls: OfHour::new(tenant, &shared, found.limits.calls_per_hour),
        retention_days: found.days_kept(),
        days,
        lines,
        bytes,
    };
    Ok(json(StatusCode::OK, &answer))
}

fn days_asked(query: &str) -> Result<i64, ApiError> {
    let mut days = DAYS;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let reason = match &*name {
            "days" => match value.parse().ok().filter(|days| (1..=DAYS_KEPT).contains(days)) {
                Some(asked) => {
                    days = asked;
                    continue;
                }
                None => format!("it has to be a number from 1 to {DAYS_KEPT}"),
            },
            _ => "there is no such parameter; there is days".to_owned(),
        };
        return Err(ApiError::InvalidParameter { field: name.into_owned(), reason });
    }
    Ok(days)
}

async fn days(tenant: TenantId, shared: &Shared, today: Day, count: i64) -> Result<Vec<OfDay>, ApiError> {
    let usage = shared.program.system.quotas().usage();
    let mut days = vec![OfDay::new(today.start(), usage.today(tenant))];
    for back in 1..count {
        let day = today.plus(-back);
        days.push(OfDay::new(day.start(), usage.on(tenant, day).await?));
    }
    Ok(days)
}

fn sockets(tenant: TenantId, shared: &Shared) -> Share {
    let sockets = &shared.program.sockets;
    let limit = sockets.limits.sockets_per_tenant_max;
    Share::of(sockets.open.of_tenant(tenant).into(), limit.into())
}

impl From<CountError> for ApiError {
    fn from(error: CountError) -> Self {
        match error {
            CountError::Index(error) => error.into(),
            CountError::Views(error) => error.into(),
        }
    }
}

impl OfHour {
    fn new(tenant: TenantId, shared: &Shared, limit: u64) -> Self {
        let calls = shared.program.gate.rates.calls();
        let today = Day::of(shared.clock.now());
        Self {
            share: Share::of(calls.map_or(0, |calls| calls.used(tenant)), limit),
            reset_at: calls.map_or(today.plus(1).start(), Calls::reset_at).to_string(),
        }
    }
}

impl OfDay {
    fn new(start: Timestamp, Sent { lines, bytes }: Sent) -> Self {
        Self { day: start.to_string(), lines, bytes }
    }
}

impl Share {
    fn of(used: u64, limit: u64) -> Self {
        let percentage_used = (used as f64 / limit.max(1) as f64 * 10_000.0).round() / 100.0;
        Self { used, limit, percentage_used, status: Level::of(used, limit).name() }
    }
}
