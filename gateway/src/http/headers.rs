//! Headers that every answer has, so that a browser makes nothing of it but what it is.
//!
//! Invariant: what a handler set stays; what it did not set is closed. It does not look into bodies.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

const USUAL: [(HeaderName, &str); 7] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    // An answer is data: it loads nothing, sends no form and stands in no frame. A page brings its own.
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    // Answers are of one caller and of one moment.
    (CACHE_CONTROL, "no-store"),
];

/// For two years, as browsers ask for.
const TRANSPORT: &str = "max-age=63072000; includeSubDomains";

/// Completes the headers of an answer. `https`: browsers reach this server by HTTPS only, and may be told so.
pub(super) fn complete(headers: &mut HeaderMap, https: bool) {
    let transport = https.then_some((STRICT_TRANSPORT_SECURITY, TRANSPORT));
    for (name, value) in USUAL.into_iter().chain(transport) {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_handler_set_stays() {
        let mut headers = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("max-age=60"))]);
        complete(&mut headers, false);
        assert_eq!(
            (headers.len(), &headers[CACHE_CONTROL]),
            (USUAL.len(), &HeaderValue::from_static("max-age=60"))
        );
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
    }

    #[test]
    fn https_is_asked_for_only_where_it_is() {
        let mut headers = HeaderMap::new();
        complete(&mut headers, false);
        assert!(!headers.contains_key(STRICT_TRANSPORT_SECURITY));
        complete(&mut headers, true);
        assert_eq!(headers[STRICT_TRANSPORT_SECURITY], TRANSPORT);
    }
}
