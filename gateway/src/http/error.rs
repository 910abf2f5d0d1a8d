//! The only mapping from failures to status codes, and the one form of an error answer.
//!
//! Invariant: a client gets a code and a sentence, never a debug dump, and always the request's id.
//! It does not log: the observer does, once per request.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::answer;

/// What a request can fail with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    #[error("there is nothing at {path}; check the address")]
    NoRoute { path: String },
    #[error("{path} does not take {method}; the Allow header of this answer lists what it takes")]
    MethodNotAllowed { path: String, method: String },
    #[error(
        "this address needs the credential that is set as listeners.metrics_token: Authorization: Bearer TOKEN"
    )]
    NoCredential,
    #[error(
        "this address needs a credential: send Authorization: Bearer X, where X is an access token or an API key"
    )]
    NoTenant,
    #[error("{message}")]
    InvalidQuery { message: String, details: Map<String, Value> },
    #[error("the parameter {field} cannot be used: {reason}")]
    InvalidParameter { field: String, reason: String },
    #[error("there is no line {id}{hint}")]
    NoLine { id: String, hint: String },
    #[error("the body cannot be read: {reason}")]
    BadBody { reason: String },
    #[error("a question is sent as application/json or as a form, and not as {given}")]
    WrongContentType { given: String },
    #[error("the body has more than {bytes_max} bytes; ask a shorter question")]
    BodyTooLarge { bytes_max: usize },
    #[error("lines cannot be searched now: {reason}; try again in a moment")]
    SearchUnavailable { reason: String },
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
            Self::NoRoute { .. } => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoCredential | Self::NoTenant => StatusCode::UNAUTHORIZED,
            Self::InvalidQuery { .. } | Self::BadBody { .. } => StatusCode::BAD_REQUEST,
            Self::InvalidParameter { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NoLine { .. } => StatusCode::NOT_FOUND,
            Self::WrongContentType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::SearchUnavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoRoute { .. } | Self::NoLine { .. } => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::NoCredential | Self::NoTenant => "unauthorized",
            Self::InvalidQuery { .. } => "invalid_query",
            Self::InvalidParameter { .. } => "invalid_parameter",
            Self::BadBody { .. } => "bad_body",
            Self::WrongContentType { .. } => "unsupported_media_type",
            Self::BodyTooLarge { .. } => "too_large",
            Self::SearchUnavailable { .. } => "unavailable",
        }
    }

    fn details(&self) -> Map<String, Value> {
        let pairs = match self {
            Self::NoRoute { path } => vec![("path", path.as_str())],
            Self::MethodNotAllowed { path, method } => {
                vec![("path", path.as_str()), ("method", method.as_str())]
            }
            Self::InvalidQuery { details, .. } => return details.clone(),
            Self::InvalidParameter { field, reason } => {
                vec![("field", field.as_str()), ("reason", reason.as_str())]
            }
            Self::NoLine { id, .. } => vec![("id", id.as_str())],
            Self::BadBody { .. }
            | Self::BodyTooLarge { .. }
            | Self::NoCredential
            | Self::NoTenant
            | Self::SearchUnavailable { .. }
            | Self::WrongContentType { .. } => vec![],
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

/// A handler's error travels as a part of an empty response; the observer writes the body.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
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
