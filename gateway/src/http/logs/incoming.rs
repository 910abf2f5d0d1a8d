//! A request that brings lines, whatever its protocol.
//!
//! Invariant: nothing is made of a body before it was received whole, and inflated, within the room that there is. It does
//! not know what a body says.

use antler_events::clock::Timestamp;
use antler_events::event::lines::Arrival;
use antler_events::ids::TenantId;
use antler_events::line::KnownNames;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::{HeaderMap, HeaderName, Uri, header};
use bytes::Bytes;

use super::{IngestState, unreadable};
use crate::http::auth::Caller;
use crate::http::error::{ApiError, LinesProblem};
use crate::http::peer::PeerAddress;
use crate::http::search::RequestTenant;
use crate::ingest::body::{BodyError, Encoding};
use crate::ingest::decode::{DecodeError, Decoded, Form};
use crate::ingest::reach;

/// Whose lines they are, where from, and the rest of the request.
#[derive(Debug)]
pub(in crate::http) struct Incoming {
    pub tenant: TenantId,
    pub origin: String,
    pub headers: HeaderMap,
    pub uri: Uri,
    sender: Sender,
    body: Body,
}

/// Who sends lines; none if the listener is one tenant's.
#[derive(Debug)]
pub(in crate::http) struct Sender(Option<Caller>);

impl Sender {
    /// Whether it may send these lines.
    pub(in crate::http) fn check(&self, decoded: &Decoded, arrival: &Arrival) -> Result<(), ApiError> {
        reach::check(self.0.as_ref().and_then(Caller::kept_to), decoded, &arrival.defaults)
    }
}

impl<S: Send + Sync> FromRequest<S> for Incoming {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let RequestTenant(tenant) = RequestTenant::from_request_parts(&mut parts, state).await?;
        let peer = parts.extensions.get::<PeerAddress>();
        let origin = peer.map(|PeerAddress(address)| address.to_string()).unwrap_or_default();
        let sender = Sender(parts.extensions.remove::<Caller>());
        Ok(Self { tenant, origin, headers: parts.headers, uri: parts.uri, sender, body })
    }
}

impl Incoming {
    pub(in crate::http) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What the body is said to be.
    pub(super) fn form(&self) -> Result<Form, ApiError> {
        Form::of_content_type(self.header(header::CONTENT_TYPE)).map_err(|given| {
            not_taken_as("lines are sent as application/x-ndjson, application/json or text/plain", &given)
        })
    }

    /// Receives the body and takes it apart.
    pub(in crate::http) async fn read<T: Send + 'static>(
        self,
        ingest: &IngestState,
        read: impl FnOnce(&Bytes, &KnownNames, Timestamp) -> Result<T, DecodeError> + Send + 'static,
    ) -> Result<(Sender, T), ApiError> {
        let encoding = Encoding::parse(self.header(header::CONTENT_ENCODING));
        let encoding = encoding.map_err(|error| not_received(&error))?;
        let received = ingest.bodies.receive(self.tenant, self.body, encoding).await;
        let received = received.map_err(|error| not_received(&error))?;
        let read = ingest.read(received, |received| &received.bytes, read).await?;
        Ok((self.sender, read.map_err(|error| unreadable(error.to_string()))?))
    }
}

/// A content type that cannot hold what is sent to an address.
pub(in crate::http) fn not_taken_as(expected: &str, given: &str) -> ApiError {
    let reason = format!("{expected}, and not as {given}");
    ApiError::Lines { problem: LinesProblem::Form, reason }
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
