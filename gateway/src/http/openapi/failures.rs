//! Answers that are failures: one form, and what each status says.
//!
//! Invariant: every status that `ApiError` can have stands here. It does not choose them: `error` does.

use serde_json::{Map, Value, json};

use super::schema::{Component, object, text};

/// Status, codes of the error, what it means.
const FAILURES: &[(u16, &str, &str)] = &[
    (
        400,
        "invalid_query, invalid_body, invalid_lines, invalid_idempotency_key",
        "What was sent cannot be read.",
    ),
    (401, "unauthorized", "There is no credential, or it does not count (any more)."),
    (403, "forbidden", "The credential may not do this."),
    (404, "not_found", "It is not there; what belongs to another tenant is not there either."),
    (408, "body_too_slow", "The body was not sent in time."),
    (409, "conflict", "It is as it is now for somebody else or already; the message says what to do."),
    (413, "body_too_large", "The body is larger than this server takes."),
    (
        415,
        "unsupported_media_type",
        "The content type or the encoding of the body is none of those that are known here.",
    ),
    (
        422,
        "invalid_field, invalid_parameter, too_many_streams",
        "A field or a parameter cannot be what it is; details name it and the reason. Or a line has no room.",
    ),
    (426, "upgrade_required", "This address speaks WebSocket."),
    (
        429,
        "too_many_requests, too_much_under_way",
        "Too much at once; the header Retry-After says when to come again.",
    ),
    (503, "unavailable", "It cannot be done at the moment; the header Retry-After says when to come again."),
];

/// Statuses that tell when to come again.
const RETRIED: [u16; 2] = [429, 503];

pub(super) fn component() -> Component {
    let details = json!({"type": "object", "additionalProperties": true,
        "description": "What a program can use: field and reason, the place in a query, or the like."});
    let error = object([
        ("code", text("In snake_case, for programs.")),
        ("message", text("A sentence that says what to do, for people.")),
        ("details", details),
        ("request_id", text("The same as in the header X-Request-Id.")),
    ]);
    let example = json!({"error": {
        "code": "invalid_query", "message": "There is no closing quote.", "request_id": "18c9a3f0e1-2a",
        "details": {"start": 4, "end": 9, "code": "unclosed_quote", "expected": "\"", "suggestion": null},
    }});
    Component::new("Error", object([("error", error)]), example)
}

/// A response for each status, and one for what should not happen.
pub(super) fn responses() -> Map<String, Value> {
    let mut responses: Map<String, Value> = FAILURES
        .iter()
        .map(|(status, codes, what)| {
            let mut response = response(&format!("{what} Codes: {codes}."));
            if RETRIED.contains(status) {
                response["headers"] = json!({"Retry-After": {
                    "description": "Seconds until it is worth trying again.", "schema": {"type": "integer"},
                }});
            }
            (status.to_string(), response)
        })
        .collect();
    let other = "Any other failure, in the same form. Codes: not_found, method_not_allowed, internal.";
    responses.insert("default".to_owned(), response(other));
    responses
}

fn response(what: &str) -> Value {
    json!({"description": what, "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/Error"}},
    }})
}

/// Whether a status has something said of it here.
#[cfg(test)]
pub(super) fn is_known(status: u16) -> bool {
    FAILURES.iter().any(|(known, ..)| *known == status)
}
