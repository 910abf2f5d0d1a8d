//! The only mapping from failures to status codes, and the one form of an error answer.
//!
//! Invariant: a client gets a code and a sentence, never a debug dump, and always the request's id.
//! It does not log: the observer does, once per request.

use antler_actors::notes::NoteError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::answer;

/// Whoever was refused because of what is so now comes again after so long.
const RETRY_AFTER_S: u64 = 1;

/// What a request can fail with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    #[error("there is nothing at {path}; check the address")]
    NoRoute { path: String },
    #[error("there is nothing at {path}; all addresses of this server begin with {base}")]
    Elsewhere { path: String, base: String },
    #[error("{path} does not take {method}; the Allow header of this answer lists what it takes")]
    MethodNotAllowed { path: String, method: String },
    #[error(
        "this address needs the credential that is set as listeners.metrics_token: Authorization: Bearer TOKEN"
    )]
    NoCredential,
    #[error("{message}")]
    InvalidQuery { message: String, details: Map<String, Value> },
    #[error("the parameter {field} cannot be used: {reason}")]
    InvalidParameter { field: String, reason: String },
    #[error("there is no line {id}{hint}")]
    NoLine { id: String, hint: String },
    /// Lines are not taken.
    #[error("{reason}")]
    Lines { problem: LinesProblem, reason: String },
    #[error("{reason}")]
    Unauthorized { reason: String },
    #[error("{reason}")]
    Forbidden { reason: String },
    /// A field that is missing or cannot be what it is.
    #[error("the field {field} cannot be taken: {reason}")]
    Field { field: &'static str, reason: String },
    /// The same for one whose name came with the request, or stands within another.
    #[error("the field {field} cannot be taken: {reason}")]
    FieldAt { field: String, reason: String },
    #[error("{reason}")]
    BadBody { reason: String },
    #[error("the body has more than {bytes_max} bytes; {advice}")]
    BodyTooLarge { bytes_max: usize, advice: &'static str },
    #[error("{reason}")]
    UnsupportedBody { reason: String },
    #[error("{reason}")]
    Conflict { field: &'static str, reason: String },
    #[error("there is no {what} {id:?}; list them to see which there are")]
    NoSuch { what: &'static str, id: String },
    #[error("{reason}; try again in {retry_after_s} s")]
    TooMany { reason: String, retry_after_s: u64 },
    #[error("{reason}")]
    Unavailable { reason: String },
    #[error("this address speaks WebSocket: {reason}")]
    NoSocket { reason: String },
    #[error("something failed that should not; the server's own log has the reason under this request's id")]
    Internal,
}

/// What is wrong with lines, or with taking them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinesProblem {
    /// Nothing in the body can be read.
    Unreadable,
    /// A content type or an encoding that cannot hold lines.
    Form,
    TooLarge,
    /// The body was not sent in time.
    Slow,
    /// Too much is under way.
    Busy,
    /// They cannot be written now.
    Unavailable,
    /// An idempotency key that is none.
    Key,
    /// They would begin more streams than the tenant may have.
    Streams,
}

impl LinesProblem {
    fn status(self) -> StatusCode {
        match self {
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::Form => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Key => StatusCode::BAD_REQUEST,
            Self::Streams => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "invalid_lines",
            Self::Form => "unsupported_media_type",
            Self::TooLarge => "body_too_large",
            Self::Slow => "body_too_slow",
            Self::Busy => "too_much_under_way",
            Self::Unavailable => "unavailable",
            Self::Key => "invalid_idempotency_key",
            Self::Streams => "too_many_streams",
        }
    }
}

/// The body of an error answer.
#[derive(Debug, Serialize)]
struct Body<'a> {
    error: Described<'a>,
}

#[derive(Debug, Serialize)]
struct Described<'a> {
    code: &'static str,
    message: String,
    details: Map<String, Value>,
    request_id: &'a str,
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoRoute { .. } | Self::Elsewhere { .. } => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::InvalidQuery { .. } => StatusCode::BAD_REQUEST,
            Self::InvalidParameter { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NoLine { .. } => StatusCode::NOT_FOUND,
            Self::NoCredential | Self::Unauthorized { .. } => StatusCode::UNAUTHORIZED,
            Self::Lines { problem, .. } => problem.status(),
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::Field { .. } | Self::FieldAt { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::BadBody { .. } => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedBody { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Conflict { .. } => StatusCode::CONFLICT,
            Self::NoSuch { .. } => StatusCode::NOT_FOUND,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoSocket { .. } => StatusCode::UPGRADE_REQUIRED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::InvalidQuery { .. } => "invalid_query",
            Self::InvalidParameter { .. } => "invalid_parameter",
            Self::NoRoute { .. } | Self::Elsewhere { .. } | Self::NoSuch { .. } | Self::NoLine { .. } => {
                "not_found"
            }
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::NoCredential | Self::Unauthorized { .. } => "unauthorized",
            Self::Lines { problem, .. } => problem.code(),
            Self::Forbidden { .. } => "forbidden",
            Self::Field { .. } | Self::FieldAt { .. } => "invalid_field",
            Self::BadBody { .. } => "invalid_body",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::UnsupportedBody { .. } => "unsupported_media_type",
            Self::Conflict { .. } => "conflict",
            Self::TooMany { .. } => "too_many_requests",
            Self::Unavailable { .. } => "unavailable",
            Self::NoSocket { .. } => "upgrade_required",
            Self::Internal => "internal",
        }
    }

    /// What a list does not have: also what is another tenant's.
    pub(crate) fn no_such(what: &'static str, id: &str) -> Self {
        Self::NoSuch { what, id: id.chars().take(60).collect() }
    }

    pub(crate) fn details(&self) -> Map<String, Value> {
        let pairs = match self {
            Self::NoRoute { path } | Self::Elsewhere { path, .. } => vec![("path", path.as_str())],
            Self::MethodNotAllowed { path, method } => {
                vec![("path", path.as_str()), ("method", method.as_str())]
            }
            Self::InvalidQuery { details, .. } => return details.clone(),
            Self::InvalidParameter { field, reason } | Self::FieldAt { field, reason } => {
                vec![("field", field.as_str()), ("reason", reason.as_str())]
            }
            Self::NoLine { id, .. } => vec![("id", id.as_str())],
            Self::Field { field, reason } | Self::Conflict { field, reason } => {
                vec![("field", *field), ("reason", reason.as_str())]
            }
            Self::NoSuch { id, .. } => vec![("id", id.as_str())],
            Self::TooMany { retry_after_s, .. } => {
                return Map::from_iter([("retry_after_s".to_owned(), (*retry_after_s).into())]);
            }
            Self::NoCredential
            | Self::Lines { .. }
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::BadBody { .. }
            | Self::BodyTooLarge { .. }
            | Self::UnsupportedBody { .. }
            | Self::Unavailable { .. }
            | Self::NoSocket { .. }
            | Self::Internal => vec![],
        };
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
    }

    /// The whole answer, for the observer, who knows the request's id.
    pub(super) fn answer(&self, request_id: &str) -> Response {
        let described =
            Described { code: self.code(), message: self.to_string(), details: self.details(), request_id };
        answer::json(self.status(), &Body { error: described })
    }
}

impl From<std::io::Error> for ApiError {
    fn from(error: std::io::Error) -> Self {
        tracing::error!(%error, "a file of a tenant cannot be stored or read");
        let reason = "the disk does not take or give the file; tell whoever runs the server".to_owned();
        Self::Unavailable { reason }
    }
}

impl From<NoteError> for ApiError {
    fn from(error: NoteError) -> Self {
        match error {
            NoteError::ViewsBehind => Self::Unavailable { reason: error.to_string() },
            NoteError::Append(error) => {
                tracing::error!(%error, "a note was not recorded");
                Self::Unavailable {
                    reason: "this cannot be changed at the moment; try again soon".to_owned(),
                }
            }
            NoteError::Event(error) => {
                tracing::error!(%error, "a note cannot be recorded");
                Self::Internal
            }
        }
    }
}

/// A handler's error travels as a part of an empty response; the observer writes the body.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        match &self {
            Self::TooMany { retry_after_s, .. } => {
                response.headers_mut().insert(header::RETRY_AFTER, (*retry_after_s).into());
            }
            Self::Unavailable { .. }
            | Self::Lines { problem: LinesProblem::Busy | LinesProblem::Unavailable, .. } => {
                response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_S.into());
            }
            Self::NoSocket { .. } => {
                response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            }
            Self::NoCredential | Self::Unauthorized { .. } => {
                let scheme = HeaderValue::from_static("Bearer");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
            }
            _ => {}
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_error_answer_has_code_message_details_and_request_id() {
        let error = ApiError::NoRoute { path: "/nope".to_owned() };
        let response = error.answer("r-1");
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
        assert_eq!(
            String::from_utf8(body.to_vec()).unwrap(),
            r#"{"error":{"code":"not_found","message":"there is nothing at /nope; check the address","details":{"path":"/nope"},"request_id":"r-1"}}"#
        );
    }
}
