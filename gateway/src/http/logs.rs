//! Lines over HTTP: one, or many at once.
//!
//! Invariant: the answer leaves when the lines are on stable storage, and says of each line that was not taken why. It
//! keeps nothing: what is under way belongs to the actors.

mod answers;
mod incoming;

use std::sync::Arc;

use antler_actors::ingest_shard::{Arrived, Request};
use antler_actors::quotas::NotAdmitted;
use antler_actors::requests::{Begun, RequestError, Requests};
use antler_actors::system::{IngestError, System, Taken};
use antler_events::clock::{Clock, Timestamp};
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::event::note::{AnswerForm, LinesRejected, NamedError, RequestKey, RequestKeyError};
use antler_events::ids::TenantId;
use antler_events::line::KnownNames;
use axum::Router;
use axum::extract::Request as HttpRequest;
use axum::extract::{FromRef, FromRequest, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;

pub(super) use self::incoming::{Incoming, not_taken_as};
use super::addresses::in_api;
use super::error::{ApiError, LinesProblem};
use crate::ingest::body::Bodies;
use crate::ingest::decode::{self, DecodeError, Decoded, Form, Rejected};

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
        let incoming = Incoming::from_request(request, state).await?;
        let tenant = incoming.tenant;
        let arrival = arrival(incoming.origin.clone(), incoming.uri.query())?;
        let key = request_key(&incoming.headers)?;
        let form = incoming.form()?;
        let (sender, decoded) = incoming
            .read(&IngestState::from_ref(state), move |body, names, now| {
                decode::decode(body, form, names, now)
            })
            .await?;
        sender.check(&decoded, &arrival)?;
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
    let decoded = ingest.decode(line, Form::Text).await?;
    let decoded = decoded.map_err(|error| unreadable(error.to_string()))?;
    let arrival = arrival(origin, None)?;
    ingest.take_line(Sent { tenant, key: Some(key), arrival, decoded }).await
}

impl IngestState {
    /// Takes lines apart.
    pub(crate) async fn decode(
        &self,
        lines: Bytes,
        form: Form,
    ) -> Result<Result<Decoded, DecodeError>, ApiError> {
        let decode = move |lines: &Bytes, names: &KnownNames, now| decode::decode(lines, form, names, now);
        self.read(lines, |lines| lines, decode).await
    }

    /// Takes bytes apart, a few at once and many away from the threads that serve sockets. `held` is kept until then.
    pub(crate) async fn read<H: Send + 'static, T: Send + 'static>(
        &self,
        held: H,
        bytes: impl Fn(&H) -> &Bytes + Send + 'static,
        read: impl FnOnce(&Bytes, &KnownNames, Timestamp) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let (names, now) = (Arc::clone(&self.names), self.clock.now());
        let is_small = bytes(&held).len() <= SMALL_BYTES;
        let read = move |held: H| read(bytes(&held), &names, now);
        if is_small {
            return Ok(read(held));
        }
        tokio::task::spawn_blocking(move || read(held)).await.map_err(|_| ApiError::Internal)
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

pub(super) fn unreadable(reason: String) -> ApiError {
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
