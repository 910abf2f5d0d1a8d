//! `/api/logs/saved-searches/` and `/api/search/saved/`: questions that are kept under a name, asked again, and shared.
//!
//! Invariant: a search is seen by its owner, and by its tenant if it is shared; for everybody else it is not there. Only
//! its owner or an admin changes it. A question that cannot be read is not saved. It does not decide what a change makes
//! of a search: the aggregate does.

mod body;

use antler_actors::accounts::Accounts;
use antler_config::BasePath;
use antler_config::limits::{AccountLimits, SearchesLimits};
use antler_events::access::Scope;
use antler_events::event::search::Search;
use antler_events::ids::{SearchId, TenantId, UserId};
use antler_projections::views::control::Kept;
use axum::Router;
use axum::extract::{FromRef, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::Serialize;

use self::body::Body;
use super::SearchState;
use super::asked::ShownQuestion;
use super::page;
use super::parameters::Parameters;
use super::refusal::invalid;
use super::template;
use crate::http::addresses::in_api;
use crate::http::answer::json;
use crate::http::auth::{Caller, cause};
use crate::http::base::AskedUri;
use crate::http::error::ApiError;
use crate::http::paging::{Page, PageAsked};

/// What the handlers need beside the index.
#[derive(Debug, Clone)]
pub(crate) struct SavedState {
    /// What links begin with.
    pub(crate) base: BasePath,
    pub(crate) accounts: Accounts,
    pub(crate) limits: SearchesLimits,
    pub(crate) account_limits: AccountLimits,
}

#[derive(Debug, Serialize)]
struct ShownSearch {
    id: SearchId,
    name: String,
    description: String,
    #[serde(flatten)]
    question: ShownQuestion,
    columns: Vec<String>,
    shared: bool,
    template: bool,
    /// The values that a template asks for.
    parameters: Vec<String>,
    owner: UserId,
    created_at: String,
    updated_at: String,
    /// Of the page that asks it.
    permalink: String,
}

type KeptSearch = (SearchId, Kept<Search>, Search);

/// Saved searches under both of their names.
pub(crate) fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    SearchState: FromRef<S>,
    SavedState: FromRef<S>,
{
    let table = [
        ("", get(list).post(create)),
        ("/{id}", get(one).put(replace).patch(change).delete(delete)),
        ("/{id}/run", post(run)),
    ];
    let mut router = Router::new();
    for name in ["/api/logs/saved-searches", "/api/search/saved"] {
        for (path, methods) in &table {
            router = in_api(router, &format!("{name}{path}"), methods);
        }
    }
    router
}

async fn list(
    caller: Caller,
    State(saved): State<SavedState>,
    AskedUri(uri): AskedUri,
) -> Result<Response, ApiError> {
    let asked = PageAsked::of(&uri)?;
    let mut visible = undeleted(caller.tenant, &saved).await?;
    visible.retain(|(_, _, search)| may_see(&caller, search));
    visible.sort_by_cached_key(|(id, _, search)| (search.content.name.as_str().to_lowercase(), *id));
    let total = visible.len() as u64;
    let results: Vec<ShownSearch> = asked.cut(visible).into_iter().map(|kept| shown(&saved, kept)).collect();
    Ok(json(StatusCode::OK, &Page::new(&uri, asked, results, total)))
}

async fn create(
    caller: Caller,
    State(saved): State<SavedState>,
    State(search): State<SearchState>,
    parts: Parts,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    let body = Body { limits: &saved.limits, account_limits: &saved.account_limits, now: search.clock.now() };
    let content = body.content(parameters)?;
    let max = saved.limits.saved_per_tenant_max;
    if undeleted(caller.tenant, &saved).await?.len() >= max as usize {
        let reason = format!("the tenant has {max} saved searches already; delete those that nobody uses");
        return Err(ApiError::Conflict { field: "search", reason });
    }
    let cause = cause(caller.actor(), &parts.extensions);
    let id = saved.accounts.save_search(caller.tenant, caller.user(), content, &cause).await?;
    let found = find(&caller, &saved, id.as_str()).await?;
    Ok(json(StatusCode::CREATED, &shown(&saved, found)))
}

async fn one(
    caller: Caller,
    State(saved): State<SavedState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &shown(&saved, find(&caller, &saved, &id).await?)))
}

/// What is not said becomes what it is by default.
async fn replace(
    caller: Caller,
    State(saved): State<SavedState>,
    State(search): State<SearchState>,
    Path(id): Path<String>,
    parts: Parts,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    changed(&caller, (&saved, &search), &id, parts, parameters, true).await
}

/// What is not said stays as it is.
async fn change(
    caller: Caller,
    State(saved): State<SavedState>,
    State(search): State<SearchState>,
    Path(id): Path<String>,
    parts: Parts,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    changed(&caller, (&saved, &search), &id, parts, parameters, false).await
}

async fn changed(
    caller: &Caller,
    (saved, search): (&SavedState, &SearchState),
    id: &str,
    parts: Parts,
    parameters: Parameters,
    is_whole: bool,
) -> Result<Response, ApiError> {
    let (id, _, before) = find_to_change(caller, saved, id).await?;
    let body = Body { limits: &saved.limits, account_limits: &saved.account_limits, now: search.clock.now() };
    let change = body.change(parameters, is_whole)?;
    body.check(&change.clone().over(&before.content))?;
    let cause = cause(caller.actor(), &parts.extensions);
    saved.accounts.change_search(caller.tenant, id, change, &cause).await?;
    Ok(json(StatusCode::OK, &shown(saved, find(caller, saved, id.as_str()).await?)))
}

async fn delete(
    caller: Caller,
    State(saved): State<SavedState>,
    Path(id): Path<String>,
    parts: Parts,
) -> Result<Response, ApiError> {
    let (id, ..) = find_to_change(&caller, &saved, &id).await?;
    let cause = cause(caller.actor(), &parts.extensions);
    saved.accounts.delete_search(caller.tenant, id, &cause).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Answers as a search does; a template takes its values from `parameters`.
async fn run(
    caller: Caller,
    State(saved): State<SavedState>,
    State(search): State<SearchState>,
    Path(id): Path<String>,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    let (_, _, Search { content, .. }) = find(&caller, &saved, &id).await?;
    let mut asked = content.asked;
    let values = body::values(&mut parameters)?;
    if content.is_template {
        let filled = template::places(&asked.query)
            .and_then(|places| template::filled(&asked.query, &places, &values));
        asked.query = filled.map_err(|reason| invalid("parameters", reason))?;
    } else if !values.is_empty() {
        return Err(invalid("parameters", "this search is no template and takes no values"));
    }
    page::answer_again(caller.tenant, &search, &asked, parameters).await
}

fn may_see(caller: &Caller, search: &Search) -> bool {
    search.content.is_shared || search.owner == caller.user()
}

async fn find(caller: &Caller, saved: &SavedState, id: &str) -> Result<KeptSearch, ApiError> {
    let missing = || ApiError::no_such("saved search", id);
    let id = SearchId::parse(id).map_err(|_| missing())?;
    let mut kept = saved.accounts.views.search(caller.tenant, id).await?.ok_or_else(missing)?;
    let state = kept.state.take().filter(|search| !search.deleted && may_see(caller, search));
    Ok((id, kept, state.ok_or_else(missing)?))
}

async fn find_to_change(caller: &Caller, saved: &SavedState, id: &str) -> Result<KeptSearch, ApiError> {
    let found = find(caller, saved, id).await?;
    match found.2.owner == caller.user() || caller.scopes().contains(&Scope::Admin) {
        true => Ok(found),
        false => Err(ApiError::Forbidden {
            reason: "only its owner or an admin may change this search; save one of your own".to_owned(),
        }),
    }
}

/// Searches of a tenant that are not deleted.
async fn undeleted(tenant: TenantId, saved: &SavedState) -> Result<Vec<KeptSearch>, ApiError> {
    let searches = saved.accounts.views.searches(tenant).await?.into_iter();
    let undeleted = searches.filter_map(|(id, mut kept)| {
        let search = kept.state.take().filter(|search| !search.deleted)?;
        Some((id, kept, search))
    });
    Ok(undeleted.collect())
}

fn shown(saved: &SavedState, (id, kept, Search { owner, content, .. }): KeptSearch) -> ShownSearch {
    let places = if content.is_template { template::places(&content.asked.query) } else { Ok(Vec::new()) };
    let mut parameters: Vec<String> =
        places.unwrap_or_default().iter().map(|place| place.name.to_owned()).collect();
    parameters.sort();
    parameters.dedup();
    ShownSearch {
        id,
        name: content.name.as_str().to_owned(),
        description: content.description,
        question: ShownQuestion::from(&content.asked),
        columns: content.columns,
        shared: content.is_shared,
        template: content.is_template,
        parameters,
        owner,
        created_at: kept.created_at.to_string(),
        updated_at: kept.changed_at.to_string(),
        permalink: format!("{}/dashboard/search?saved={id}", saved.base),
    }
}
