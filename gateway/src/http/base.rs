//! The path that all addresses begin with, when Antler has a part of a site.
//!
//! Invariant: what is behind this file knows addresses without it; what is told to clients has it. A request that does not
//! begin with it reaches no handler. It changes no body.

use std::convert::Infallible;

use antler_config::BasePath;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Request, Uri};

use super::error::ApiError;

/// The address as it was asked, for links that lead back here.
#[derive(Debug, Clone)]
pub(super) struct AskedUri(pub(super) Uri);

/// Put into a request that is not for this server.
#[derive(Debug, Clone)]
pub(super) struct Elsewhere(ApiError);

impl Elsewhere {
    pub(super) fn of<B>(request: &Request<B>) -> Option<ApiError> {
        request.extensions().get::<Self>().map(|Self(error)| error.clone())
    }
}

/// Takes the path from the address of a request.
pub(super) fn take_off<B>(base: &BasePath, request: &mut Request<B>) {
    if base.as_str().is_empty() {
        return;
    }
    let asked = request.uri().clone();
    match without(base.as_str(), &asked) {
        Some(uri) => {
            *request.uri_mut() = uri;
            request.extensions_mut().insert(AskedUri(asked));
        }
        None => {
            let (path, base) = (asked.path().to_owned(), base.to_string());
            request.extensions_mut().insert(Elsewhere(ApiError::Elsewhere { path, base }));
        }
    }
}

fn without(base: &str, uri: &Uri) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix(base)?;
    let rest = match rest.as_bytes().first() {
        Some(b'/') => rest.to_owned(),
        Some(b'?') | None => format!("/{rest}"),
        Some(_) => return None,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(rest.parse().ok()?);
    Uri::from_parts(parts).ok()
}

impl<S: Send + Sync> FromRequestParts<S> for AskedUri {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_else(|| Self(parts.uri.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_taken_off_and_remembered() {
        let check = |asked: &str, expected: Option<&str>| {
            let mut request = Request::builder().uri(asked).body(()).unwrap();
            take_off(&"/logs".parse().unwrap(), &mut request);
            let remembered = request.extensions().get::<AskedUri>().map(|AskedUri(uri)| uri.to_string());
            match expected {
                Some(path) => {
                    assert_eq!(
                        (request.uri().to_string().as_str(), remembered.as_deref()),
                        (path, Some(asked))
                    );
                    assert!(Elsewhere::of(&request).is_none());
                }
                None => assert!(Elsewhere::of(&request).is_some() && remembered.is_none(), "{asked}"),
            }
        };
        check("/logs/api/logs/?q=/logs", Some("/api/logs/?q=/logs"));
        check("/logs/logs/x", Some("/logs/x"));
        check("/logs", Some("/"));
        check("/logs?a=b", Some("/?a=b"));
        check("http://host/logs/live", Some("http://host/live"));
        for outside in ["/", "/live", "/logsx/live", "/Logs/live", "/api/logs/", "//logs/live"] {
            check(outside, None);
        }
    }

    #[test]
    fn without_a_base_nothing_changes() {
        let mut request = Request::builder().uri("/live").body(()).unwrap();
        take_off(&BasePath::default(), &mut request);
        assert!(request.uri() == "/live" && request.extensions().is_empty());
    }
}
