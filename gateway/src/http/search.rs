//! The search API: questions about the lines of a tenant, and their answers.
//!
//! `parameters` reads what was sent, `question` makes the one filter of it, `asking` keeps the time that is left,
//! `line` and `table` show what was found, `asked` keeps questions; every other file is one resource.
//! Invariant: the tenant comes from the request's credential alone and is handed to the index by itself, so no text of a
//! user can reach beyond it. Nothing is spawned: who hangs up drops the future, and with it the work.

mod aggregations;
mod asked;
mod asking;
mod columns;
mod counts;
mod explain;
pub(crate) mod export;
mod fields;
pub(crate) mod figures;
pub(crate) mod history;
mod line;
mod one;
mod page;
pub(in crate::http) mod parameters;
mod patterns;
mod question;
pub(super) mod refusal;
pub(crate) mod saved;
mod streams;
mod table;
mod tail;
mod template;
pub(crate) mod uploaded;
mod validate;
mod wrong_query;

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::Arc;

use antler_config::limits::SearchLimits;
use antler_events::clock::Clock;
use antler_events::ids::TenantId;
use antler_projections::index::port::SearchIndex;
use axum::Router;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::routing::{MethodRouter, get};

pub(crate) use self::figures::SearchFigures;
pub(crate) use self::line::{ComingLine, PastLine};
pub(crate) use self::tail::Watched;
use super::addresses::in_api;
use super::error::ApiError;

/// What the handlers need.
#[derive(Debug, Clone)]
pub struct SearchState {
    pub index: Arc<dyn SearchIndex>,
    pub clock: Arc<dyn Clock>,
    pub limits: SearchLimits,
    pub figures: Arc<SearchFigures>,
}

/// Whose lines a request may see. Whoever checks credentials puts it into the extensions of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestTenant(pub TenantId);

impl<S: Sync> FromRequestParts<S> for RequestTenant {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        parts.extensions.get().copied().ok_or_else(nobody)
    }
}

fn nobody() -> ApiError {
    let reason = "this address needs a credential: send Authorization: Bearer X, where X is an access token or \
                  an API key";
    ApiError::Unauthorized { reason: reason.to_owned() }
}

/// All routes of searching.
pub fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    SearchState: FromRef<S>,
{
    let routes = table().into_iter();
    let router = in_api(Router::new(), "/api/search", &get(page::search).post(page::search));
    routes.fold(router, |router, (path, methods)| in_api(router, &format!("/api/logs{path}"), &methods))
}

fn table<S>() -> Vec<(&'static str, MethodRouter<S, Infallible>)>
where
    S: Clone + Send + Sync + 'static,
    SearchState: FromRef<S>,
{
    vec![
        ("", get(page::newest)),
        ("/search", get(page::search).post(page::search)),
        ("/export", get(export::export).post(export::export)),
        ("/stats", get(counts::stats).post(counts::stats)),
        ("/histogram", get(counts::histogram).post(counts::histogram)),
        ("/facets", get(counts::facets).post(counts::facets)),
        ("/fields", get(fields::fields)),
        ("/streams", get(streams::streams)),
        ("/fields/{name}/values", get(fields::values).post(fields::values)),
        ("/patterns", get(patterns::patterns).post(patterns::patterns)),
        ("/validate-query", get(validate::validate).post(validate::validate)),
        ("/explain", get(explain::explain).post(explain::explain)),
        ("/{id}", get(one::detail)),
        ("/{id}/raw", get(one::raw)),
        ("/{id}/context", get(one::context)),
    ]
}
