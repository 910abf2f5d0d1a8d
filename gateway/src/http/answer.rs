//! Answers in JSON.
//!
//! Invariant: the body is one JSON value with its content type. It does not choose status codes for failures.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

pub fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).expect("answers are structs and maps with text keys");
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
