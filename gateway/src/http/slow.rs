//! How long questions take, and those that took long: one line each in the server's own log, and a list of the latest for operators and admins.
//!
//! Invariant: a question that is quick costs two looks at the clock. What is kept is bounded and in memory only, and an
//! admin sees those of its own tenant. It makes nothing faster.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use antler_config::audit::ReadKind;
use antler_config::limits::SearchLimits;
use antler_events::event::Actor;
use antler_events::ids::TenantId;
use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use axum::{Extension, body::HttpBody as _};
use serde::Serialize;

use super::Shared;
use super::answer::json;
use super::auth::audited::{Audited, audited};
use super::auth::{Caller, Operator};
use super::base::AskedUri;
use super::error::ApiError;
use super::observe::RequestText;
use super::paging::{Page, PageAsked};
use super::route_class::RouteClass;

/// What is kept of the text of a query.
const QUERY_CHARACTERS_MAX: usize = 1_000;

/// What is known of a question on its way: whoever reads its parameters and whoever answers put it here for the layer.
#[derive(Debug, Clone, Default)]
pub(super) struct Told(Arc<ToldOf>);

#[derive(Debug, Default)]
struct ToldOf {
    text: OnceLock<String>,
    /// The parameters of a body, as in an address.
    body: OnceLock<String>,
    answered: OnceLock<Answered>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Answered {
    found: Option<u64>,
    is_partial: bool,
}

/// The latest of them, and how many there were.
#[derive(Debug)]
pub struct SlowQueries {
    after: Duration,
    kept_max: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    latest: VecDeque<(TenantId, SlowQuery)>,
    count: u64,
}

/// A question that took long.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SlowQuery {
    at: String,
    tenant_id: TenantId,
    /// `user ID` or `key ID`.
    asked_by: String,
    request_id: String,
    path: String,
    query: String,
    took_ms: f64,
    status: u16,
    /// Lines that pass, or rows; none if they were not counted.
    found: Option<u64>,
    /// Lines were missing from the answer.
    partial: bool,
    /// None of an answer that is sent as it is found.
    answer_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
struct List {
    /// The latest first.
    #[serde(flatten)]
    page: Page<SlowQuery>,
    /// Of all tenants, also those that are not kept any more; for the operator only.
    #[serde(skip_serializing_if = "Option::is_none")]
    since_start: Option<u64>,
    slow_after_ms: u64,
}

impl Told {
    pub(super) fn asked(&self, text: &str) {
        // Who reads parameters twice says the same twice.
        let _same = self.0.text.set(text.chars().take(QUERY_CHARACTERS_MAX).collect());
    }

    pub(super) fn asked_in_body(&self, parameters: String) {
        // As above.
        let _same = self.0.body.set(parameters);
    }

    pub(super) fn body(&self) -> Option<&str> {
        self.0.body.get().map(String::as_str)
    }

    pub(super) fn answered(&self, found: Option<u64>, is_partial: bool) {
        // A question is answered once.
        let _first = self.0.answered.set(Answered { found, is_partial });
    }
}

impl SlowQueries {
    pub fn new(limits: &SearchLimits) -> Self {
        Self { after: limits.slow_after, kept_max: limits.slow_kept_max as usize, kept: Mutex::default() }
    }

    /// How many there were since the start.
    pub(super) fn count(&self) -> u64 {
        self.kept().count
    }

    /// The latest first; of one tenant, or of all.
    pub(super) fn latest(&self, of: Option<TenantId>) -> Vec<SlowQuery> {
        let kept = self.kept();
        let wanted = kept.latest.iter().rev().filter(|(tenant, _)| of.is_none_or(|of| of == *tenant));
        wanted.map(|(_, slow)| slow.clone()).collect()
    }

    fn note(&self, tenant: TenantId, slow: SlowQuery) {
        let SlowQuery { asked_by, request_id, path, query, took_ms, status, .. } = &slow;
        let SlowQuery { found, partial, answer_bytes, .. } = slow;
        tracing::warn!(
            %tenant, asked_by, request_id, path, query, took_ms, status, found, partial, answer_bytes,
            "a question took long"
        );
        let mut kept = self.kept();
        kept.count += 1;
        kept.latest.push_back((tenant, slow));
        while kept.latest.len() > self.kept_max {
            kept.latest.pop_front();
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The layer around questions.
pub(super) async fn watch(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let Some(caller) = request.extensions().get::<Caller>() else { return next.run(request).await };
    let (tenant, actor) = (caller.tenant, caller.actor());
    let id = request.extensions().get::<RequestText>().map(|id| Arc::clone(&id.0));
    let told = request.extensions().get::<Told>().cloned().unwrap_or_default();
    let uri = request.uri().clone();
    let kind = kind(&request);
    request.extensions_mut().insert(told.clone());
    let began = shared.clock.elapsed();
    let response = next.run(request).await;
    let took = shared.clock.elapsed().saturating_sub(began);
    if let Some(kind) = kind {
        shared.searches.note_took(kind, took);
    }
    if took >= shared.slow.after {
        let Answered { found, is_partial } = told.0.answered.get().copied().unwrap_or_default();
        let slow = SlowQuery {
            at: shared.clock.now().to_string(),
            tenant_id: tenant,
            asked_by: named(actor),
            request_id: id.map(|id| id.to_string()).unwrap_or_default(),
            path: uri.path().to_owned(),
            query: told.0.text.get().cloned().unwrap_or_default(),
            took_ms: (took.as_secs_f64() * 1e5).round() / 1e2,
            status: response.status().as_u16(),
            found,
            partial: is_partial,
            answer_bytes: response.body().size_hint().exact(),
        };
        shared.slow.note(tenant, slow);
    }
    response
}

/// Of a question about lines; none of what is asked about searches that are kept.
fn kind(request: &Request) -> Option<RouteClass> {
    let matched = request.extensions().get::<MatchedPath>()?;
    let audited = audited(request.method(), matched.as_str());
    let asks = matches!(audited, Audited::Reads(ReadKind::Search | ReadKind::Export));
    asks.then(|| RouteClass::of(request.method(), matched.as_str()))
}

/// `GET /api/admin/slow-queries/`
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    operator: Option<Extension<Operator>>,
    caller: Option<Extension<Caller>>,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    let asked = PageAsked::of(&uri)?;
    let of = match (&operator, caller) {
        (Some(_), _) => None,
        (None, Some(Extension(caller))) => Some(caller.tenant),
        (None, None) => return Err(ApiError::Forbidden { reason: "this address is closed".to_owned() }),
    };
    let list = List {
        page: Page::of_all(&uri, asked, shared.slow.latest(of)),
        since_start: operator.map(|_| shared.slow.count()),
        slow_after_ms: u64::try_from(shared.slow.after.as_millis()).unwrap_or(u64::MAX),
    };
    Ok(json(StatusCode::OK, &list))
}

fn named(actor: Actor) -> String {
    match actor {
        Actor::User(user) => format!("user {user}"),
        Actor::Key(key) => format!("key {key}"),
        Actor::System => "the server".to_owned(),
        Actor::Operator => "the operator".to_owned(),
        Actor::Visitor => "somebody".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slow(tenant: &str, query: &str) -> (TenantId, SlowQuery) {
        let tenant_id = TenantId::parse(tenant).unwrap();
        let slow = SlowQuery {
            at: String::new(),
            tenant_id,
            asked_by: "user u1".to_owned(),
            request_id: "r-1".to_owned(),
            path: "/api/logs/search/".to_owned(),
            query: query.to_owned(),
            took_ms: 1_000.0,
            status: 200,
            found: None,
            partial: false,
            answer_bytes: None,
        };
        (tenant_id, slow)
    }

    #[test]
    fn only_the_latest_are_kept_and_a_tenant_sees_its_own() {
        let limits = SearchLimits { slow_kept_max: 2, ..SearchLimits::default() };
        let queries = SlowQueries::new(&limits);
        for (tenant, query) in [("a", "one"), ("b", "two"), ("a", "three")] {
            let (tenant, slow) = slow(tenant, query);
            queries.note(tenant, slow);
        }
        let texts = |of: Option<&str>| -> Vec<String> {
            let of = of.map(|of| TenantId::parse(of).unwrap());
            queries.latest(of).into_iter().map(|slow| slow.query).collect()
        };
        assert_eq!(texts(None), ["three", "two"]);
        assert_eq!(texts(Some("a")), ["three"]);
        assert_eq!(texts(Some("c")), Vec::<String>::new());
        assert_eq!(queries.count(), 3);
    }
}
