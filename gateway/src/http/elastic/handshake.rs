//! What clients of Elasticsearch ask before they send anything.
//!
//! Invariant: the answers are the same for everybody, and say nothing of a tenant. What they say is there, is: no licence
//! is needed, a template is not.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::{PRODUCT, content_type};
use crate::http::Shared;
use crate::http::answer::json as answer;
use crate::http::listing::lists;

/// Programs ask which version of Elasticsearch's interface they speak to; some refuse one older than themselves, unless they
/// are told not to.
const VERSION: &str = "8.19.0";
const NAME: &str = "antler";
/// Clients of the versions 7 look for it.
const TAGLINE: &str = "You Know, for Search";

/// The answer to `GET /` of a program; none for a browser, which gets the page.
pub(in crate::http) fn greeting(method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
    let accept = headers.get(header::ACCEPT);
    let asks_for_json = || {
        ["application/json", "application/vnd.elasticsearch+json"].iter().any(|kind| lists(accept, kind))
            && !lists(accept, "text/html")
    };
    let is_asked = path == "/" && matches!(*method, Method::GET | Method::HEAD) && asks_for_json();
    is_asked.then(|| {
        let version = json!({
            "number": VERSION, "build_flavor": "default", "build_type": NAME, "build_snapshot": false,
            "build_hash": NAME, "build_date": "1970-01-01T00:00:00Z", "lucene_version": "9.12.2",
            "minimum_wire_compatibility_version": "7.17.0", "minimum_index_compatibility_version": "7.0.0",
        });
        let body = json!({
            "name": NAME, "cluster_name": NAME, "cluster_uuid": NAME, "version": version, "tagline": TAGLINE,
        });
        finished(headers, answer(StatusCode::OK, &body))
    })
}

/// Marks every answer as clients want to see it.
pub(super) async fn as_product(request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    finished(&headers, next.run(request).await)
}

fn finished(asked: &HeaderMap, mut response: Response) -> Response {
    let headers = response.headers_mut();
    let (name, value) = PRODUCT;
    headers.insert(name, value);
    if headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json") {
        headers.insert(header::CONTENT_TYPE, content_type(asked));
    }
    response
}

pub(super) async fn license() -> Response {
    answer(StatusCode::OK, &json!({"license": licence()}))
}

fn licence() -> Value {
    json!({"status": "active", "uid": NAME, "type": "basic", "mode": "basic", "issued_to": NAME})
}

pub(super) async fn features() -> Response {
    let body = json!({
        "license": licence(),
        "features": {
            "ilm": {"available": false, "enabled": false},
            "security": {"available": true, "enabled": true},
        },
        "tagline": TAGLINE,
    });
    answer(StatusCode::OK, &body)
}

/// It takes lines, or it is stopping.
fn status(shared: &Shared) -> &'static str {
    if shared.stopping.load(Ordering::Relaxed) { "red" } else { "green" }
}

pub(super) async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let body = json!({
        "cluster_name": NAME, "status": status(&shared), "timed_out": false, "number_of_nodes": 1,
        "number_of_data_nodes": 1, "active_primary_shards": 1, "active_shards": 1, "relocating_shards": 0,
        "initializing_shards": 0, "unassigned_shards": 0,
    });
    answer(StatusCode::OK, &body)
}

pub(super) async fn health_line(State(shared): State<Arc<Shared>>) -> Response {
    let line = format!("{NAME} {} 1 1 1 1 0 0 0 0 - 100.0%\n", status(&shared));
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))], line).into_response()
}

/// Whatever template somebody looks for is not needed, and so not missing.
pub(super) async fn template(Path(name): Path<String>) -> Response {
    let body = json!({"index_templates": [{"name": name, "index_template": {"index_patterns": []}}]});
    answer(StatusCode::OK, &body)
}

pub(super) async fn put_template() -> Response {
    answer(StatusCode::OK, &json!({"acknowledged": true}))
}
