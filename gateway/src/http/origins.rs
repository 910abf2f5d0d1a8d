//! Pages that ask: which sites they may be of, and what browsers need to hear about that.
//!
//! Invariant: a page of another site gets to read an answer only if the settings name its origin, or any; where any may, no
//! cookie counts. It keeps nobody from asking who is no browser: credentials do.

use antler_config::{List, WebOrigin};
use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, HOST, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// What a page may send beside what every page may.
const TAKEN: HeaderValue = HeaderValue::from_static(
    "authorization, content-encoding, content-type, idempotency-key, if-none-match, x-api-key, x-csrf-token, x-request-id",
);
/// What a page may read beside what every page may.
const SHOWN: HeaderValue = HeaderValue::from_static(
    "content-disposition, etag, ratelimit, ratelimit-policy, retry-after, x-ratelimit-limit, x-ratelimit-remaining, \
     x-ratelimit-reset, x-request-id",
);
/// For so many seconds a browser need not ask again.
const REMEMBERED_S: HeaderValue = HeaderValue::from_static("600");

/// The origins that the settings name.
#[derive(Debug, Clone, Default)]
pub struct Origins(List<WebOrigin>);

/// Whose page asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asking {
    /// No page, as far as can be told: only browsers say.
    Program,
    /// A page of this very server.
    Own,
    Named(HeaderValue),
    /// Of a site that is not named, where any may ask.
    Any,
    Foreign(String),
}

impl Origins {
    pub fn new(allowed: &List<WebOrigin>) -> Self {
        Self(allowed.clone())
    }

    pub(crate) fn asking(&self, headers: &HeaderMap) -> Asking {
        let Some(value) = headers.get(ORIGIN) else { return Asking::Program };
        let origin = String::from_utf8_lossy(value.as_bytes());
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let site = origin.split_once("://").map(|(_, site)| site);
        if site.is_some_and(|site| host.is_some_and(|host| host.eq_ignore_ascii_case(site))) {
            return Asking::Own;
        }
        let Self(List(allowed)) = self;
        match allowed.iter().any(|one| one.is(&origin)) {
            true if origin != "*" => Asking::Named(value.clone()),
            _ if allowed.iter().any(WebOrigin::is_any) => Asking::Any,
            _ => Asking::Foreign(origin.chars().take(100).collect()),
        }
    }
}

impl Asking {
    /// Whether a cookie that comes along may count: a browser adds it without having been asked to.
    pub(crate) fn may_use_cookies(&self) -> bool {
        matches!(self, Self::Own | Self::Named(_))
    }

    /// Says who may read the answer.
    fn tell(&self, headers: &mut HeaderMap) {
        match self {
            Self::Named(origin) => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            }
            Self::Any => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            }
            Self::Program | Self::Own | Self::Foreign(_) => return,
        }
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, SHOWN);
    }
}

/// Answers what a browser asks before it lets a page ask, and marks answers that a page may read.
pub(super) async fn cross_origin<A>(
    origins: &Origins,
    request: Request,
    within: impl FnOnce(Request) -> A,
) -> Response
where
    A: Future<Output = Response>,
{
    let asking = origins.asking(request.headers());
    let is_before =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match (is_before, &asking) {
        (true, Asking::Named(_) | Asking::Any) => permitted(),
        _ => within(request).await,
    };
    asking.tell(response.headers_mut());
    if !origins.0.0.is_empty() {
        response.headers_mut().append(VARY, HeaderValue::from_static("origin"));
    }
    response
}

fn permitted() -> Response {
    let permissions = [
        (ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (ACCESS_CONTROL_ALLOW_HEADERS, TAKEN),
        (ACCESS_CONTROL_MAX_AGE, REMEMBERED_S),
    ];
    (StatusCode::NO_CONTENT, permissions).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_other_sites_need_to_be_named() {
        let named =
            |entries: &[&str]| Origins(List(entries.iter().map(|origin| origin.parse().unwrap()).collect()));
        let check = |origins: &Origins, origin: Option<&'static str>, expected: Asking| {
            let mut headers =
                HeaderMap::from_iter([(HOST, HeaderValue::from_static("logs.example.org:8000"))]);
            headers.extend(origin.map(|origin| (ORIGIN, HeaderValue::from_static(origin))));
            assert_eq!(origins.asking(&headers), expected, "{origin:?}");
        };
        let foreign = |origin: &str| Asking::Foreign(origin.to_owned());
        let status = "https://status.example.org";
        let one = named(&[status]);
        check(&one, None, Asking::Program);
        check(&one, Some("http://logs.example.org:8000"), Asking::Own);
        check(&one, Some("https://LOGS.example.org:8000"), Asking::Own);
        check(&one, Some(status), Asking::Named(HeaderValue::from_static(status)));
        for origin in ["https://evil.example", "http://logs.example.org:8000.evil.example", "null", "", "*"] {
            check(&one, Some(origin), foreign(origin));
            check(&named(&["*", status]), Some(origin), Asking::Any);
            check(&Origins::default(), Some(origin), foreign(origin));
        }
        check(&named(&["*", status]), Some(status), Asking::Named(HeaderValue::from_static(status)));
        check(&Origins::default(), Some(status), foreign(status));
    }
}
