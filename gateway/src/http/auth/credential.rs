//! The credential in the head of a request, in each form that clients and shippers use.
//!
//! Invariant: one request has one credential; a header that cannot be read is refused and not passed over. It does not
//! check the credential.

use axum::http::{HeaderMap, HeaderValue, header};
use base64ct::{Base64, Encoding as _};

use super::super::error::ApiError;

const FORMS: &str = "send Authorization: Bearer TOKEN, where TOKEN is an access token or an API key";

/// `Bearer X`, `Token X`, `ApiKey X` (also of `id:key` in base64, as Elasticsearch's clients send it), `Basic` with the
/// key as password, or `X-API-Key: X`.
pub(crate) fn of(headers: &HeaderMap) -> Result<String, ApiError> {
    let refused = |reason: String| ApiError::Unauthorized { reason };
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        let key =
            headers.get("x-api-key").ok_or_else(|| refused(format!("this needs a credential: {FORMS}")))?;
        return text(key)
            .ok_or_else(|| refused(format!("X-API-Key has other characters than a key; {FORMS}")));
    };
    let value = text(value).unwrap_or_default();
    let found = value.split_once(' ').and_then(|(scheme, rest)| {
        let rest = rest.trim();
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" | "token" => Some(rest.to_owned()),
            "apikey" => Some(behind_colon(rest).unwrap_or_else(|| rest.to_owned())),
            "basic" => behind_colon(rest),
            _ => None,
        }
    });
    found
        .filter(|found| !found.is_empty())
        .ok_or_else(|| refused(format!("the Authorization header cannot be read; {FORMS}")))
}

/// Is there one, of whatever form?
pub(crate) fn is_given(headers: &HeaderMap) -> bool {
    headers.contains_key(header::AUTHORIZATION) || headers.contains_key("x-api-key")
}

fn text(value: &HeaderValue) -> Option<String> {
    value.to_str().ok().map(|text| text.trim().to_owned())
}

/// The part behind the first colon of a text in base64.
fn behind_colon(encoded: &str) -> Option<String> {
    let decoded = String::from_utf8(Base64::decode_vec(encoded).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &'static str, value: &'static str) -> Result<String, String> {
        let headers =
            HeaderMap::from_iter([(header::HeaderName::from_static(name), HeaderValue::from_static(value))]);
        of(&headers).map_err(|error| error.to_string())
    }

    #[test]
    fn each_form_of_a_credential_is_read() {
        let check =
            |value, expected: &str| assert_eq!(found("authorization", value).as_deref(), Ok(expected));
        check("Bearer abc", "abc");
        check("bearer  abc ", "abc");
        check("Token abc", "abc");
        check("ApiKey antler_a_b", "antler_a_b");
        check("ApiKey aWQ6YW50bGVyX2FfYg==", "antler_a_b");
        check("Basic YW55Ym9keTphbnRsZXJfYV9i", "antler_a_b");
        assert_eq!(found("x-api-key", "antler_a_b").as_deref(), Ok("antler_a_b"));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_the_way_out() {
        for value in ["", "Bearer", "Bearer ", "Digest x", "Basic !!!", "Basic YWJj", "abc"] {
            let message = found("authorization", value).unwrap_err();
            assert!(
                message.contains("cannot be read; send Authorization: Bearer TOKEN"),
                "{value}: {message}"
            );
        }
        let message = of(&HeaderMap::new()).unwrap_err().to_string();
        assert!(message.starts_with("this needs a credential"), "{message}");
    }
}
