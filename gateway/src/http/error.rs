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
            Self::NoCredential => StatusCode::UNAUTHORIZED,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoRoute { .. } => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::NoCredential => "unauthorized",
        }
    }

    fn details(&self) -> Map<String, Value> {
        let pairs = match self {
            Self::NoRoute { path } => vec![("path", path.as_str())],
            Self::MethodNotAllowed { path, method } => {
                vec![("path", path.as_str()), ("method", method.as_str())]
            }
            Self::NoCredential => vec![],
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
