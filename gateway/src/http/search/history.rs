//! `/api/logs/search-history/` and `/api/search/history/`: what somebody searched for, to be seen, asked again, forgotten.
//!
//! Invariant: a history is seen by its person alone; another's search is not there, also for people of the same tenant. A
//! search is remembered behind its answer, and never makes it slower or fail. It does not serve API keys: what a person
//! looked for is not for every program that the person gave a key to.

use antler_actors::search_history::{HistoryError, SearchHistory};
use antler_events::event::asked::Asked;
use antler_events::event::note::{PastSearchId, Searched};
use antler_projections::views::search_history::PastSearch;
use axum::Router;
use axum::extract::{FromRef, Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::Serialize;

use super::SearchState;
use super::asked::{self, ShownQuestion};
use super::page;
use super::parameters::Parameters;
use super::refusal::invalid;
use crate::http::addresses::in_api;
use crate::http::answer::json;
use crate::http::auth::{Caller, Identity};
use crate::http::base::AskedUri;
use crate::http::error::ApiError;
use crate::http::paging::{Page, PageAsked};

/// What the handlers need beside the index.
#[derive(Debug, Clone)]
pub(crate) struct HistoryState(pub(crate) SearchHistory);

/// A search that was answered and may be remembered; it travels beside the answer.
#[derive(Debug, Clone)]
pub(super) struct AnsweredSearch {
    pub asked: Asked,
    pub found: Option<u64>,
    pub took_us: u64,
}

#[derive(Debug, Serialize)]
struct ShownSearch {
    id: String,
    #[serde(flatten)]
    question: ShownQuestion,
    results_count: Option<u64>,
    execution_time_ms: Option<f64>,
    created_at: String,
}

impl From<PastSearch> for ShownSearch {
    fn from(past: PastSearch) -> Self {
        Self {
            id: past.id.to_string(),
            question: ShownQuestion::from(&past.asked),
            results_count: past.found,
            execution_time_ms: past.took_us.map(|took| took as f64 / 1e3),
            created_at: past.first_at.to_string(),
        }
    }
}

/// The history under both of its names.
pub(crate) fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    SearchState: FromRef<S>,
    HistoryState: FromRef<S>,
{
    let table = [
        ("", get(list).post(save).delete(clear)),
        ("/{id}", get(one).delete(forget)),
        ("/{id}/replay", post(replay)),
    ];
    let mut router = Router::new();
    for name in ["/api/logs/search-history", "/api/search/history"] {
        for (path, methods) in &table {
            router = in_api(router, &format!("{name}{path}"), methods);
        }
    }
    router
}

/// The layer around searching: has what a person asked written down, once it was answered.
pub(crate) async fn remember(State(history): State<SearchHistory>, request: Request, next: Next) -> Response {
    let person = request.extensions().get::<Caller>().and_then(|caller| match caller.identity {
        Identity::Person { user, .. } => Some((caller.tenant, user)),
        Identity::Key { .. } => None,
    });
    let mut response = next.run(request).await;
    let answered = response.extensions_mut().remove::<AnsweredSearch>();
    if let (Some((tenant, by)), Some(AnsweredSearch { asked, found, took_us })) = (person, answered) {
        history.remember(tenant, Searched { by, asked, found, took_us: Some(took_us) });
    }
    response
}

async fn list(
    caller: Caller,
    State(HistoryState(history)): State<HistoryState>,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    let asked = PageAsked::of(&uri)?;
    let past = history.list(caller.tenant, caller.user()).await?;
    let total = past.len() as u64;
    let results: Vec<ShownSearch> = asked.cut(past).into_iter().map(ShownSearch::from).collect();
    Ok(json(StatusCode::OK, &Page::new(&uri, asked, results, total)))
}

async fn save(
    caller: Caller,
    State(HistoryState(history)): State<HistoryState>,
    State(search): State<SearchState>,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    let asked = asked::take_from_body(&mut parameters)?;
    asked::check(&asked, search.clock.now())?;
    let found = parameters.number(&["results_count"], 0, u32::MAX)?.map(u64::from);
    let took_us = took_us(&mut parameters)?;
    parameters.refuse_unknown()?;
    if asked.is_empty() {
        return Err(invalid("query", "it is missing: a search has a query, or a filter other than a time"));
    }
    if !history.takes(&asked) {
        return Err(invalid("query", "it is too long to be kept; shorten it, or its filters"));
    }
    let saved = history.save(caller.tenant, Searched { by: caller.user(), asked, found, took_us }).await?;
    Ok(json(StatusCode::CREATED, &ShownSearch::from(saved)))
}

async fn clear(
    caller: Caller,
    State(HistoryState(history)): State<HistoryState>,
) -> Result<Response, ApiError> {
    history.forget(caller.tenant, caller.user(), None).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn one(
    caller: Caller,
    State(HistoryState(history)): State<HistoryState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let past = find(&caller, &history, &id).await?;
    Ok(json(StatusCode::OK, &ShownSearch::from(past)))
}

async fn forget(
    caller: Caller,
    State(HistoryState(history)): State<HistoryState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let past = find(&caller, &history, &id).await?;
    history.forget(caller.tenant, caller.user(), Some(past.id)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Answers as a search does. It is in the history already and not written down again.
async fn replay(
    caller: Caller,
    State(HistoryState(history)): State<HistoryState>,
    State(search): State<SearchState>,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let past = find(&caller, &history, &id).await?;
    page::answer_again(caller.tenant, &search, &past.asked, parameters).await
}

async fn find(caller: &Caller, history: &SearchHistory, id: &str) -> Result<PastSearch, ApiError> {
    let found = match id.parse::<PastSearchId>() {
        Ok(id) => history.find(caller.tenant, caller.user(), id).await?,
        Err(_) => None,
    };
    found.ok_or_else(|| ApiError::no_such("search in the history", id))
}

/// Milliseconds, with a fraction or without.
fn took_us(parameters: &mut Parameters) -> Result<Option<u64>, ApiError> {
    let Some(text) = parameters.text(&["execution_time_ms", "took"])? else { return Ok(None) };
    let took = text.parse::<f64>().ok().filter(|ms| (0.0..=1e9).contains(ms));
    let took = took.ok_or_else(|| invalid("execution_time_ms", "it is a number of milliseconds"))?;
    Ok(Some((took * 1e3).round() as u64))
}

impl From<HistoryError> for ApiError {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Views(error) => error.into(),
            HistoryError::Note(error) => error.into(),
        }
    }
}
