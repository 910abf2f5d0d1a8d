//! Lines over HTTP: one, or many at once.
//!
//! Invariant: the answer leaves when the lines are on stable storage, and says of each line that was not taken why. It
//! keeps nothing: what is under way belongs to the actors.

use std::sync::Arc;

use antler_actors::system::{IngestError, System};
use antler_config::limits::LineLimits;
use antler_events::clock::Clock;
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::ids::TenantId;
use antler_events::line::LineBatch;
use antler_events::wire::Receipt;
use antler_projections::index::port::LineId;
use axum::Router;
use axum::body::Body;
use axum::extract::{FromRef, FromRequest, FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use serde::Serialize;

use super::answer;
use super::error::{ApiError, LinesProblem};
use super::peer::PeerAddress;
use super::search::RequestTenant;
use crate::ingest::body::{Bodies, BodyError, Encoding};
use crate::ingest::decode::{self, DecodeError, Decoded, Form, Rejected};

/// So many lines that were rejected are named in an answer.
const ERRORS_MAX: usize = 100;
/// Smaller bodies are taken apart at once, larger ones away from the threads that serve sockets.
const SMALL_BYTES: usize = 128 << 10;

/// What the handlers need.
#[derive(Debug, Clone)]
pub struct IngestState {
    pub system: Arc<System>,
    pub bodies: Bodies,
    pub clock: Arc<dyn Clock>,
    pub limits: Arc<LineLimits>,
}

#[derive(Debug, Serialize)]
struct One {
    id: String,
    receipt: Receipt,
}

#[derive(Debug, Serialize)]
struct Many {
    accepted: u64,
    rejected: u64,
    errors: Vec<RejectedLine>,
    receipt: Option<Receipt>,
}

#[derive(Debug, Serialize)]
struct RejectedLine {
    line: u64,
    code: &'static str,
    message: String,
}

/// `POST /api/logs/` and `POST /api/logs/bulk/`, with and without a version and a slash at the end.
pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    IngestState: FromRef<S>,
{
    ["/api/logs", "/api/v1/logs"].iter().fold(Router::new(), |router, prefix| {
        router
            .route(prefix, post(one))
            .route(&format!("{prefix}/"), post(one))
            .route(&format!("{prefix}/bulk"), post(bulk))
            .route(&format!("{prefix}/bulk/"), post(bulk))
    })
}

async fn one(State(ingest): State<IngestState>, sent: Sent) -> Result<Response, ApiError> {
    let Sent { tenant, arrival, decoded } = sent;
    if let Some(Rejected { error, .. }) = decoded.rejected.first() {
        return Err(unreadable(error.to_string()));
    }
    if decoded.accepted != 1 {
        let reason = format!("the body has {} lines; send many to /api/logs/bulk/", decoded.accepted);
        return Err(unreadable(reason));
    }
    let receipt = ingest.write(tenant, decoded.batches, arrival).await?;
    let id = LineId { partition: receipt.partition, offset: receipt.first, line: 0 };
    Ok(answer::json(StatusCode::CREATED, &One { id: id.to_string(), receipt }))
}

pub(crate) async fn bulk(State(ingest): State<IngestState>, sent: Sent) -> Result<Response, ApiError> {
    let Sent { tenant, arrival, decoded: Decoded { batches, accepted, rejected } } = sent;
    let errors: Vec<RejectedLine> = rejected.iter().take(ERRORS_MAX).map(rejected_line).collect();
    let receipt = match batches.is_empty() {
        true => None,
        false => Some(ingest.write(tenant, batches, arrival).await?),
    };
    let status = match (accepted, rejected.len()) {
        (_, 0) => StatusCode::OK,
        (0, _) => StatusCode::BAD_REQUEST,
        _ => StatusCode::MULTI_STATUS,
    };
    if status == StatusCode::BAD_REQUEST {
        let first = errors.first().map(|line| format!("; line {}: {}", line.line, line.message));
        let reason =
            format!("none of the {} lines can be taken{}", rejected.len(), first.unwrap_or_default());
        return Err(unreadable(reason));
    }
    Ok(answer::json(status, &Many { accepted, rejected: rejected.len() as u64, errors, receipt }))
}

/// What a request brings: whose lines, how they came, and the lines themselves.
pub(crate) struct Sent {
    tenant: TenantId,
    arrival: Arrival,
    decoded: Decoded,
}

impl<S: Send + Sync> FromRequest<S> for Sent
where
    IngestState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let RequestTenant(tenant) = RequestTenant::from_request_parts(&mut parts, state).await?;
        let peer = parts.extensions.get::<PeerAddress>();
        let origin = peer.map(|PeerAddress(address)| address.to_string()).unwrap_or_default();
        let arrival = arrival(origin, parts.uri.query())?;
        let decoded = IngestState::from_ref(state).receive(&parts.headers, body).await?;
        Ok(Self { tenant, arrival, decoded })
    }
}

impl IngestState {
    async fn receive(&self, headers: &HeaderMap, body: Body) -> Result<Decoded, ApiError> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let form = Form::of_content_type(text(header::CONTENT_TYPE)).map_err(|given| {
            let reason = format!(
                "lines are sent as application/x-ndjson, application/json or text/plain, and not as {given}"
            );
            ApiError::Lines { problem: LinesProblem::Form, reason }
        })?;
        let encoding =
            Encoding::parse(text(header::CONTENT_ENCODING)).map_err(|error| not_received(&error))?;
        let received = self.bodies.receive(body, encoding).await.map_err(|error| not_received(&error))?;
        let decoded = self.decode(received, |received| &received.bytes, form).await?;
        decoded.map_err(|error| unreadable(error.to_string()))
    }

    /// Takes bytes apart, a few at once and many away from the threads that serve sockets. `held` is kept until then.
    pub(crate) async fn decode<H: Send + 'static>(
        &self,
        held: H,
        bytes: impl Fn(&H) -> &Bytes + Send + 'static,
        form: Form,
    ) -> Result<Result<Decoded, DecodeError>, ApiError> {
        let (limits, now) = (Arc::clone(&self.limits), self.clock.now());
        let is_small = bytes(&held).len() <= SMALL_BYTES;
        let decode = move |held: H| decode::decode(bytes(&held), form, &limits, now);
        if is_small {
            return Ok(decode(held));
        }
        tokio::task::spawn_blocking(move || decode(held)).await.map_err(|_| ApiError::Internal)
    }

    async fn write(
        &self,
        tenant: TenantId,
        batches: Vec<LineBatch>,
        arrival: Arrival,
    ) -> Result<Receipt, ApiError> {
        let batches = batches.into_iter().map(Arc::new).collect();
        self.system.ingest(tenant, batches, Arc::new(arrival)).await.map_err(|error| not_taken(&error))
    }
}

/// What the sender says once for all lines.
fn arrival(origin: String, query: Option<&str>) -> Result<Arrival, ApiError> {
    let mut defaults = LineDefaults::default();
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        let value = value.into_owned();
        match &*name {
            "source" => defaults.source = Some(value),
            "service" => defaults.service = Some(value),
            "environment" | "env" => defaults.environment = Some(value),
            "level" => defaults.level = Some(value),
            "host" => defaults.host = Some(value),
            "tags" => {
                let tags = value.split(',').map(str::trim).filter(|tag| !tag.is_empty());
                defaults.tags.extend(tags.map(str::to_owned));
            }
            _ => {
                let reason =
                    "there is no such parameter; there are source, service, environment, level, host, tags";
                return Err(ApiError::InvalidParameter {
                    field: name.into_owned(),
                    reason: reason.to_owned(),
                });
            }
        }
    }
    Ok(Arrival { protocol: "http".to_owned(), origin, defaults })
}

fn rejected_line(rejected: &Rejected) -> RejectedLine {
    let Rejected { line, error, .. } = rejected;
    RejectedLine { line: *line, code: error.code(), message: error.to_string() }
}

fn unreadable(reason: String) -> ApiError {
    ApiError::Lines { problem: LinesProblem::Unreadable, reason }
}

fn not_received(error: &BodyError) -> ApiError {
    let problem = match error {
        BodyError::UnknownEncoding { .. } => LinesProblem::Form,
        BodyError::TooLarge { .. } | BodyError::Inflates { .. } => LinesProblem::TooLarge,
        BodyError::Damaged { .. } | BodyError::Cut { .. } => LinesProblem::Unreadable,
        BodyError::Slow { .. } => LinesProblem::Slow,
        BodyError::Busy => LinesProblem::Busy,
    };
    ApiError::Lines { problem, reason: error.to_string() }
}

pub(crate) fn not_taken(error: &IngestError) -> ApiError {
    let problem = match error {
        IngestError::TenantBusy { .. } | IngestError::ServerBusy { .. } => LinesProblem::Busy,
        IngestError::TooLarge { .. } => LinesProblem::TooLarge,
        IngestError::Parked(_)
        | IngestError::Starting
        | IngestError::Stopping
        | IngestError::Write(_)
        | IngestError::Unknown => LinesProblem::Unavailable,
    };
    ApiError::Lines { problem, reason: error.to_string() }
}
