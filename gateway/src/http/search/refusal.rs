//! What an index refuses, as the error of a request.
//!
//! Invariant: a refusal names the parameter that has to change, where one has. It knows no status codes: `error` does.

use antler_projections::index::port::SearchError;
use serde_json::Map;

use crate::http::error::ApiError;

impl From<SearchError> for ApiError {
    fn from(error: SearchError) -> Self {
        let message = error.to_string();
        match error {
            SearchError::Filter(_) | SearchError::Pipes(_) => {
                Self::InvalidQuery { message, details: Map::new() }
            }
            SearchError::Cursor(_) => invalid("cursor", message),
            SearchError::TooMany { what, .. } => invalid(parameter_of(what), message),
            SearchError::NoField { .. } => invalid("field", message),
            SearchError::Unavailable { reason } => unavailable(&reason),
            SearchError::Lost(_) => unavailable(&message),
        }
    }
}

pub(in crate::http) fn invalid(field: &str, reason: impl Into<String>) -> ApiError {
    ApiError::InvalidParameter { field: field.to_owned(), reason: reason.into() }
}

pub(super) fn unavailable(reason: &str) -> ApiError {
    ApiError::Unavailable { reason: format!("lines cannot be searched now: {reason}; try again in a moment") }
}

/// The parameter that asks for things of a kind.
fn parameter_of(what: &'static str) -> &'static str {
    match what {
        "buckets" => "interval",
        "facets" => "fields",
        "lines" | "values" | "patterns" => "size",
        "examples of a pattern" => "examples",
        "services of a pattern" => "services",
        other => other,
    }
}
