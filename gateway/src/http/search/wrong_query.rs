//! Diagnostics of a query as JSON, and the error of a query that cannot run.
//!
//! Invariant: places count UTF-16 units, as JavaScript and editors do, whatever the text holds. It finds no mistakes: the
//! parsers do.

use antler_events::query::diagnose::{Diagnostic, Severity};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::error::ApiError;

/// A diagnostic as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct ShownDiagnostic {
    start: usize,
    end: usize,
    code: &'static str,
    message: String,
    severity: &'static str,
    /// What could stand there.
    expected: Option<&'static str>,
    /// What to put in place of it.
    suggestion: Option<String>,
}

impl ShownDiagnostic {
    pub(super) fn of(text: &str, diagnostic: &Diagnostic) -> Self {
        Self {
            start: units_before(text, diagnostic.span.start),
            end: units_before(text, diagnostic.span.end),
            code: diagnostic.code,
            message: diagnostic.message.to_string(),
            severity: if diagnostic.severity == Severity::Error { "error" } else { "warning" },
            expected: Some(diagnostic.expected).filter(|expected| !expected.is_empty()),
            suggestion: diagnostic.suggestion.clone(),
        }
    }
}

/// The error of a query: its first mistake, and all diagnostics.
pub(super) fn wrong_query(text: &str, diagnostics: &[Diagnostic]) -> ApiError {
    let shown: Vec<_> = diagnostics.iter().map(|diagnostic| ShownDiagnostic::of(text, diagnostic)).collect();
    let first = shown.iter().find(|shown| shown.severity == "error").or(shown.first());
    let message = first.map_or_else(|| "The query cannot run.".to_owned(), |first| first.message.clone());
    let mut details = first.map(fields_of).unwrap_or_default();
    details.insert("diagnostics".to_owned(), shown.iter().map(|one| Value::Object(fields_of(one))).collect());
    ApiError::InvalidQuery { message, details }
}

fn fields_of(diagnostic: &ShownDiagnostic) -> Map<String, Value> {
    match serde_json::to_value(diagnostic) {
        Ok(Value::Object(fields)) => fields,
        _ => unreachable!("a struct with plain fields is an object"),
    }
}

/// UTF-16 units before a place in bytes.
pub(super) fn units_before(text: &str, place: usize) -> usize {
    text[..text.floor_char_boundary(place)].encode_utf16().count()
}

/// The place in bytes behind so many UTF-16 units.
pub(super) fn place_behind(text: &str, units: usize) -> usize {
    let mut passed = 0;
    for (place, character) in text.char_indices() {
        if passed >= units {
            return place;
        }
        passed += character.len_utf16();
    }
    text.len()
}
