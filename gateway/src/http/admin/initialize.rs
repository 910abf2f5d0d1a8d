//! `POST /api/admin/initialize-indexes/` and `initialize-metadata-indexes/`: what older programs call before they begin.
//!
//! Invariant: it says truthfully what is there. It makes nothing, because the server has made all of it before it answers
//! the first request.

use std::sync::Arc;

use antler_projections::views::{arrivals, rebuild};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use crate::http::Shared;
use crate::http::answer::json;
use crate::http::error::ApiError;

#[derive(Debug, Serialize)]
struct Initialized {
    /// Always empty: a server that answers has all that it needs.
    created: [&'static str; 0],
    existing: Vec<Existing>,
    message: &'static str,
}

#[derive(Debug, Serialize)]
struct Existing {
    name: String,
    /// Groups of an index, documents of a view.
    entries: u64,
}

pub(super) async fn indexes(State(shared): State<Arc<Shared>>) -> Response {
    let entries = shared.program.index.statistics().parts;
    let existing = vec![Existing { name: "index".to_owned(), entries }];
    let message = "the search index was there already: the server makes it at its first start";
    json(StatusCode::OK, &Initialized { created: [], existing, message })
}

pub(super) async fn metadata(State(shared): State<Arc<Shared>>) -> Result<Response, ApiError> {
    let store = shared.program.gate.accounts.views.store();
    let mut existing = Vec::new();
    for view in rebuild::VIEWS.into_iter().chain(arrivals::VIEWS) {
        existing.push(Existing { name: view.as_str().to_owned(), entries: store.count(view).await? });
    }
    let message = "these views were there already: the server makes them at its first start";
    Ok(json(StatusCode::OK, &Initialized { created: [], existing, message }))
}
