//! What is done for every request: its id, its span, its figures, the body of an error, and the headers of every answer.
//!
//! Invariant: labels are bounded: routes are classes, never paths. It does not look into bodies.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;

use super::base::Elsewhere;
use super::error::ApiError;
use super::headers;
use super::peer::{Encrypted, PeerAddress};
use super::route_class::RouteClass;
use super::shared::Shared;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A caller's own id is kept up to this length.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// The id of a request, for those who answer it.
#[derive(Debug, Clone)]
pub struct RequestText(pub Arc<str>);

/// Upper bounds of the duration histogram, in seconds.
pub const BOUNDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// Figures of one class.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClassFigures {
    pub by_status: BTreeMap<u16, u64>,
    /// Requests up to each of `BOUNDS`, not cumulative; slower ones only count in `count`.
    pub buckets: [u64; BOUNDS.len()],
    pub count: u64,
    pub seconds: f64,
}

/// Figures of all requests, and the source of request ids.
#[derive(Debug)]
pub struct Requests {
    started_nanos: i64,
    next: AtomicU64,
    classes: Mutex<BTreeMap<RouteClass, ClassFigures>>,
}

impl Requests {
    /// `started_nanos` keeps ids of different runs apart.
    pub fn new(started_nanos: i64) -> Self {
        Self { started_nanos, next: AtomicU64::new(1), classes: Mutex::default() }
    }

    pub fn figures(&self) -> BTreeMap<RouteClass, ClassFigures> {
        self.classes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, class: RouteClass, status: u16, took: Duration) {
        let mut classes = self.classes.lock().unwrap_or_else(PoisonError::into_inner);
        let figures = classes.entry(class).or_default();
        *figures.by_status.entry(status).or_default() += 1;
        figures.count += 1;
        figures.seconds += took.as_secs_f64();
        if let Some(bucket) = BOUNDS.iter().position(|bound| took.as_secs_f64() <= *bound) {
            figures.buckets[bucket] += 1;
        }
    }

    fn id(&self, headers: &HeaderMap) -> String {
        let usable = |text: &&str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !text.is_empty() && text.len() <= REQUEST_ID_BYTES_MAX && text.bytes().all(allowed)
        };
        let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok()).filter(usable);
        given.map_or_else(
            || format!("{:x}-{:x}", self.started_nanos, self.next.fetch_add(1, Ordering::Relaxed)),
            str::to_owned,
        )
    }
}

/// Stands around all else that a request meets.
pub async fn observe<A>(
    shared: &Arc<Shared>,
    class: RouteClass,
    mut request: Request,
    within: impl FnOnce(Request) -> A,
) -> Response
where
    A: Future<Output = Response>,
{
    let began = shared.clock.elapsed();
    let id = shared.requests.id(request.headers());
    request.extensions_mut().insert(RequestText(id.as_str().into()));
    let address = request.uri().clone();
    let span = tracing::info_span!("request", id, method = %request.method(), path = request.uri().path());
    let peer = request.extensions().get::<PeerAddress>().map(|peer| peer.0);
    let is_encrypted = request.extensions().get::<Encrypted>().is_some();
    let mut response = match Elsewhere::of(&request) {
        Some(error) => error.into_response(),
        None => within(request).instrument(span.clone()).await,
    };
    let error = response.extensions_mut().remove::<ApiError>();
    if let Some(error) = error.or_else(|| refused_by_the_framework(&response, &address)) {
        let mut headers = std::mem::take(response.headers_mut());
        response = error.answer(&id);
        // Those describe the body that was left behind.
        headers.remove(header::CONTENT_TYPE);
        headers.remove(header::CONTENT_LENGTH);
        response.headers_mut().extend(headers);
    }
    response.headers_mut().insert(REQUEST_ID, HeaderValue::from_str(&id).expect("an id is plain ASCII"));
    headers::complete(response.headers_mut(), is_encrypted || shared.config.listeners.https_in_front);
    let (status, took) = (response.status().as_u16(), shared.clock.elapsed() - began);
    shared.requests.count(class, status, took);
    span.in_scope(|| tracing::debug!(peer = ?peer, status, took_us = took.as_micros(), "answered"));
    response
}

/// An address with bytes that are no text is refused before any handler sees it, with words of its own.
fn refused_by_the_framework(response: &Response, address: &Uri) -> Option<ApiError> {
    let form = response.headers().get(header::CONTENT_TYPE)?;
    let is_plain = form.as_bytes().starts_with(b"text/plain");
    (is_plain && response.status().is_client_error())
        .then(|| ApiError::NoRoute { path: address.path().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_id_is_kept_if_it_is_plain() {
        let requests = Requests::new(255);
        let id = |given: &'static str| {
            requests.id(&HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_static(given))]))
        };
        assert_eq!(id("abc-1"), "abc-1");
        assert_eq!(id("a b"), "ff-1");
        assert_eq!(id(""), "ff-2");
        assert_eq!(requests.id(&HeaderMap::new()), "ff-3");
    }

    #[test]
    fn requests_are_counted_by_status_and_bucket() {
        let requests = Requests::new(0);
        requests.count(RouteClass::Health, 200, Duration::from_micros(900));
        requests.count(RouteClass::Health, 503, Duration::from_secs(60));
        let figures = &requests.figures()[&RouteClass::Health];
        assert_eq!(figures.by_status, BTreeMap::from([(200, 1), (503, 1)]));
        assert_eq!((figures.count, figures.buckets[0], figures.buckets.iter().sum::<u64>()), (2, 1, 1));
    }
}
