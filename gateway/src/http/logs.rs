//! Lines over HTTP: one, or many at once.
//!
//! Invariant: the answer leaves when the lines are on stable storage, and says of each line that was not taken why. It
//! keeps nothing: what is under way belongs to the actors.

mod answers;

use std::sync::Arc;

use antler_actors::ingest_shard::{Arrived, Request};
use antler_actors::quotas::NotAdmitted;
use antler_actors::requests::{Begun, RequestError, Requests};
use antler_actors::system::{IngestError, System, Taken};
use antler_events::clock::Clock;
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::event::note::{AnswerForm, LinesRejected, NamedError, RequestKey, RequestKeyError};
use antler_events::ids::TenantId;
use antler_events::line::KnownNames;
use axum::Router;
use axum::body::Body;
use axum::extract::Request as HttpRequest;
use axum::extract::{FromRef, FromRequest, FromRequestParts as _, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;

use super::addresses::in_api;
use super::auth::Caller;
use super::error::{ApiError, LinesProblem};
use super::peer::PeerAddress;
use super::search::RequestTenant;
use crate::ingest::body::{Bodies, BodyError, Encoding};
use crate::ingest::decode::{self, DecodeError, Decoded, Form, Rejected};
use crate::ingest::reach;

/// So many lines that were rejected are named in an answer.
const ERRORS_MAX: usize = 100;
/// Smaller bodies are taken apart at once, larger ones away from the threads that serve sockets.
const SMALL_BYTES: usize = 128 << 10;

/// What the handlers need.
#[derive(Debug, Clone)]
pub struct IngestState {
    pub system: Arc<System>,
    pub requests: Requests,
    pub bodies: Bodies,
    pub clock: Arc<dyn Clock>,
    pub names: Arc<KnownNames>,
}

/// `POST /api/logs/` and `POST /api/logs/bulk/`.
pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    IngestState: FromRef<S>,
{
    in_api(in_api(Router::new(), "/api/logs", &post(one)), "/api/logs/bulk", &post(bulk))
}

async fn one(State(ingest): State<IngestState>, sent: Sent) -> Result<Response, ApiError> {
    ingest.take_line(sent).await
}

pub(crate) async fn bulk(State(ingest): State<IngestState>, sent: Sent) -> Result<Response, ApiError> {
    let Decoded { accepted, rejected, .. } = &sent.decoded;
    match (accepted, rejected.first()) {
        (0, None) => Ok(answers::nothing()),
        (0, Some(Rejected { line, error, .. })) => {
            let count = rejected.len();
            Err(unreadable(format!("none of the {count} lines can be taken; line {line}: {error}")))
        }
        _ => ingest.take(sent, AnswerForm::Many).await,
    }
}

/// What a request brings: whose lines, how they came, and the lines themselves.
pub(crate) struct Sent {
    tenant: TenantId,
    /// A repeat with the same key gets the same answer.
    key: Option<RequestKey>,
    arrival: Arrival,
    decoded: Decoded,
}

impl<S: Send + Sync> FromRequest<S> for Sent
where
    IngestState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request(request: HttpRequest, state: &S) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let RequestTenant(tenant) = RequestTenant::from_request_parts(&mut parts, state).await?;
        let peer = parts.extensions.get::<PeerAddress>();
        let origin = peer.map(|PeerAddress(address)| address.to_string()).unwrap_or_default();
        let arrival = arrival(origin, parts.uri.query())?;
        let key = request_key(&parts.headers)?;
        let decoded = IngestState::from_ref(state).receive(tenant, &parts.headers, body).await?;
        let kept_to = parts.extensions.get::<Caller>().and_then(Caller::kept_to);
        reach::check(kept_to, &decoded, &arrival.defaults)?;
        Ok(Self { tenant, key, arrival, decoded })
    }
}

/// Has one line of a tenant written, once however often it is sent with the key.
pub(super) async fn take_one(
    tenant: TenantId,
    ingest: &IngestState,
    line: Bytes,
    key: RequestKey,
    origin: String,
) -> Result<Response, ApiError> {
    let decoded = ingest.decode(line, |line| line, Form::Text).await?;
    let decoded = decoded.map_err(|error| unreadable(error.to_string()))?;
    let arrival = arrival(origin, None)?;
    ingest.take_line(Sent { tenant, key: Some(key), arrival, decoded }).await
}

impl IngestState {
    async fn receive(&self, tenant: TenantId, headers: &HeaderMap, body: Body) -> Result<Decoded, ApiError> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let form = Form::of_content_type(text(header::CONTENT_TYPE)).map_err(|given| {
            let reason = format!(
                "lines are sent as application/x-ndjson, application/json or text/plain, and not as {given}"
            );
            ApiError::Lines { problem: LinesProblem::Form, reason }
        })?;
        let encoding =
            Encoding::parse(text(header::CONTENT_ENCODING)).map_err(|error| not_received(&error))?;
        let received =
            self.bodies.receive(tenant, body, encoding).await.map_err(|error| not_received(&error))?;
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
        let (names, now) = (Arc::clone(&self.names), self.clock.now());
        let is_small = bytes(&held).len() <= SMALL_BYTES;
        let decode = move |held: H| decode::decode(bytes(&held), form, &names, now);
        if is_small {
            return Ok(decode(held));
        }
        tokio::task::spawn_blocking(move || decode(held)).await.map_err(|_| ApiError::Internal)
    }

    async fn take_line(&self, sent: Sent) -> Result<Response, ApiError> {
        if let Some(Rejected { error, .. }) = sent.decoded.rejected.first() {
            return Err(unreadable(error.to_string()));
        }
        if sent.decoded.accepted != 1 {
            let reason =
                format!("the body has {} lines; send many to /api/logs/bulk/", sent.decoded.accepted);
            return Err(unreadable(reason));
        }
        self.take(sent, AnswerForm::One).await
    }

    /// Has what was sent written, or finds out what was answered when it was sent before.
    async fn take(&self, sent: Sent, form: AnswerForm) -> Result<Response, ApiError> {
        let Sent { tenant, key, arrival, decoded } = sent;
        let (accepted, rejected) = (decoded.accepted, decoded.rejected.len() as u64);
        let mut errors: Vec<NamedError> = decoded.rejected.iter().take(ERRORS_MAX).map(named).collect();
        let claim = match key {
            None => None,
            Some(key) => match self.requests.begin(tenant, key).await.map_err(|error| not_begun(&error))? {
                Begun::First(claim) => Some(claim),
                Begun::Answered(known) => return Ok(answers::repeated(&known)),
            },
        };
        let request = claim.map(|claim| Request { claim, form, errors: errors.clone() });
        let is_whole = form == AnswerForm::One;
        let arrived = Arrived { request, is_whole, ..self.arrived(decoded, arrival) };
        let taken = self.system.take(tenant, arrived).await.map_err(|error| not_taken(&error))?;
        let Taken { receipt, refused } = taken;
        refused.join(&mut errors);
        let counts = (accepted - refused.count, rejected + refused.count);
        Ok(answers::first(form, counts, &errors, &receipt))
    }

    /// What was taken apart, as it is written: lines, and those that cannot be taken as dead letters.
    pub(crate) fn arrived(&self, decoded: Decoded, arrival: Arrival) -> Arrived {
        let rejected = (!decoded.rejected.is_empty()).then(|| {
            let mut letters = LinesRejected::new(self.clock.now(), &arrival);
            for Rejected { line, error, raw } in &decoded.rejected {
                letters.push(*line, *error, raw, self.names.limits());
            }
            letters
        });
        let (numbers, arrival) = (decoded.numbers, Arc::new(arrival));
        let batches = decoded.batches.into_iter().map(Arc::new).collect();
        Arrived { batches, arrival, numbers, rejected, ..Arrived::default() }
    }
}

fn request_key(headers: &HeaderMap) -> Result<Option<RequestKey>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    // A header may have bytes that are no text; those are no printable characters either.
    let text = value.as_bytes().iter().map(|byte| char::from(*byte)).collect::<String>();
    let refused =
        |error: RequestKeyError| ApiError::Lines { problem: LinesProblem::Key, reason: error.to_string() };
    RequestKey::of(text.trim()).map(Some).map_err(refused)
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

fn named(rejected: &Rejected) -> NamedError {
    let Rejected { line, error, .. } = rejected;
    NamedError { line: *line, code: error.code().to_owned(), message: error.to_string() }
}

fn unreadable(reason: String) -> ApiError {
    ApiError::Lines { problem: LinesProblem::Unreadable, reason }
}

fn not_begun(error: &RequestError) -> ApiError {
    let problem = match error {
        RequestError::Full => LinesProblem::Busy,
        RequestError::UnderWay | RequestError::InDoubt | RequestError::Behind | RequestError::Views(_) => {
            LinesProblem::Unavailable
        }
    };
    ApiError::Lines { problem, reason: error.to_string() }
}

fn not_received(error: &BodyError) -> ApiError {
    let problem = match error {
        BodyError::UnknownEncoding { .. } => LinesProblem::Form,
        BodyError::TooLarge { .. } | BodyError::Inflates { .. } => LinesProblem::TooLarge,
        BodyError::Damaged { .. } | BodyError::Cut { .. } => LinesProblem::Unreadable,
        BodyError::Slow { .. } => LinesProblem::Slow,
        BodyError::Busy | BodyError::TenantBusy => LinesProblem::Busy,
    };
    ApiError::Lines { problem, reason: error.to_string() }
}

pub(crate) fn not_taken(error: &IngestError) -> ApiError {
    let problem = match error {
        IngestError::NotAdmitted(NotAdmitted::OverQuota(over)) => {
            return ApiError::TooMany { reason: over.to_string(), retry_after_s: over.seconds_left };
        }
        IngestError::NotAdmitted(NotAdmitted::Barred(_)) => {
            return ApiError::Forbidden { reason: error.to_string() };
        }
        IngestError::NoRoomForStream(_) => LinesProblem::Streams,
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
