//! Searching: a page of lines with its total, and what pipes make of them.
//!
//! Invariant: the pages of one question do not overlap. A cursor holds its place whatever arrives meanwhile; a page by
//! number walks there from the newest line, so it is bounded. It does not keep pages between requests.

use antler_events::event::asked::Asked;
use antler_events::ids::TenantId;
use antler_events::query::Matcher;
use antler_projections::index::port::search::PAGE_LINES_MAX;
use antler_projections::index::port::{After, FoundLine, LinePage, LineQuery, Order, Total};
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;
use serde_json::value::to_raw_value;
use serde_json::{Map, Value};

use super::aggregations::{self, Aggregation};
use super::asked;
use super::asking::{Asking, Tail};
use super::history::AnsweredSearch;
use super::line::{Extras, ShownLine};
use super::parameters::Parameters;
use super::question::Question;
use super::refusal::invalid;
use super::table::{ShownResult, ShownRows, extras_of, results_of, table_of};
use super::{RequestTenant, SearchState};
use crate::http::answer::json;
use crate::http::base::AskedUri;
use crate::http::error::ApiError;
use crate::http::paging::asked_again;
use crate::http::slow::Told;

const SIZE: u32 = 50;
/// About a millisecond's worth.
const LINES_AT_ONCE: usize = 200;

/// What is asked for.
#[derive(Debug)]
struct PageRequest {
    question: Question,
    order: Order,
    page: u32,
    size: u32,
    wants_total: bool,
    aggregations: Vec<Aggregation>,
    extras: Extras,
    unknown: Vec<String>,
}

/// The body of an answer.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    query: &'a str,
    results: Vec<ShownResult<'a>>,
    total: Option<u64>,
    /// False if there may be more.
    total_is_exact: bool,
    page: u32,
    size: u32,
    #[serde(flatten)]
    tail: Tail,
    next_cursor: Option<String>,
    aggregations: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<&'a [std::sync::Arc<str>]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<ShownRows<'a>>,
    #[serde(flatten)]
    links: Option<Links>,
}

/// What is remembered of an answer.
#[derive(Debug)]
struct Figures {
    found: Option<u64>,
    took_us: u64,
    is_first_page: bool,
}

/// Where the pages of a list are.
#[derive(Debug, Serialize)]
struct Links {
    next: Option<String>,
    previous: Option<String>,
}

pub(super) async fn search(
    RequestTenant(tenant): RequestTenant,
    State(state): State<SearchState>,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    let may_be_saved = parameters.flag("save")?.unwrap_or(true);
    let asked = asked::take(&mut parameters.clone())?;
    let (mut response, Figures { found, took_us, is_first_page }) =
        answer(tenant, &state, parameters, None).await?;
    if may_be_saved && is_first_page && !asked.is_empty() {
        response.extensions_mut().insert(AnsweredSearch { asked, found, took_us });
    }
    Ok(response)
}

/// Asks a question that was kept.
pub(super) async fn answer_again(
    tenant: TenantId,
    state: &SearchState,
    kept: &Asked,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    Ok(answer(tenant, state, asked::again(kept, parameters), None).await?.0)
}

/// Answers what is asked beside what a caller has put there.
pub(super) async fn of_parameters(
    tenant: TenantId,
    state: &SearchState,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    Ok(answer(tenant, state, parameters, None).await?.0)
}

/// The newest lines, as a list with links.
pub(super) async fn newest(
    RequestTenant(tenant): RequestTenant,
    State(state): State<SearchState>,
    AskedUri(uri): AskedUri,
    parameters: Parameters,
) -> Result<Response, ApiError> {
    Ok(answer(tenant, &state, parameters, Some(uri)).await?.0)
}

async fn answer(
    tenant: TenantId,
    state: &SearchState,
    parameters: Parameters,
    listed_at: Option<Uri>,
) -> Result<(Response, Figures), ApiError> {
    let (mut asking, told) = (Asking::new(state), parameters.told.clone());
    let request = PageRequest::read(parameters, state, &asking)?;
    asking.note(request.unknown.iter().chain(&request.question.notes).cloned());
    if !request.question.pipes.is_empty() {
        return piped(tenant, state, asking, request, &told).await;
    }
    let page = request.walk(tenant, state, &mut asking).await?;
    let counted =
        aggregations::answer(tenant, state, &mut asking, &request.question, &request.aggregations).await?;
    let next_cursor = page.next.map(|cursor| cursor.to_string());
    let body = Answer {
        query: &request.question.text,
        results: written(&page.lines, &request.extras).await,
        total: page.total.map(Total::count),
        total_is_exact: matches!(page.total, Some(Total::Exactly(_))),
        page: request.page,
        size: request.size,
        tail: asking.tail(),
        links: listed_at.map(|uri| Links::of(&uri, next_cursor.as_deref(), request.page)),
        next_cursor,
        aggregations: counted,
        columns: None,
        rows: None,
    };
    told.answered(body.total, body.tail.is_partial());
    Ok(body.into_answer(request.question.cursor.is_none()))
}

/// Lines as JSON. Between some of them other requests of the same thread have their turn.
async fn written(lines: &[FoundLine], extras: &Extras) -> Vec<ShownResult<'static>> {
    let mut results = Vec::with_capacity(lines.len());
    for some in lines.chunks(LINES_AT_ONCE) {
        results.extend(some.iter().map(|line| {
            let json = to_raw_value(&ShownLine { line, extras }).expect("lines are maps with text keys");
            ShownResult::Written(json)
        }));
        tokio::task::yield_now().await;
    }
    results
}

/// The answer of a query with pipes: one table.
async fn piped(
    tenant: TenantId,
    state: &SearchState,
    mut asking: Asking<'_>,
    request: PageRequest,
    told: &Told,
) -> Result<(Response, Figures), ApiError> {
    if request.question.cursor.is_some() || request.page > 1 {
        return Err(invalid("page", "the answer of pipes is one table; write | limit N to bound it"));
    }
    let table = table_of(tenant, state, &mut asking, &request.question).await?;
    let counted =
        aggregations::answer(tenant, state, &mut asking, &request.question, &request.aggregations).await?;
    let extras = extras_of(&table, request.extras);
    let body = Answer {
        query: &request.question.text,
        results: results_of(&table, &extras),
        total: Some(table.rows.len() as u64),
        total_is_exact: true,
        page: 1,
        size: request.size,
        tail: asking.tail(),
        next_cursor: None,
        aggregations: counted,
        columns: Some(&table.columns),
        rows: Some(ShownRows(&table.rows)),
        links: None,
    };
    told.answered(body.total, body.tail.is_partial());
    Ok(body.into_answer(true))
}

impl Answer<'_> {
    fn into_answer(self, is_without_cursor: bool) -> (Response, Figures) {
        let (found, took_us) = (self.total, self.tail.took_us());
        let figures = Figures { found, took_us, is_first_page: is_without_cursor && self.page == 1 };
        (json(StatusCode::OK, &self), figures)
    }
}

impl PageRequest {
    fn read(mut parameters: Parameters, state: &SearchState, asking: &Asking<'_>) -> Result<Self, ApiError> {
        let question = Question::read(&mut parameters, asking.now())?;
        let size = parameters.number(&["size", "page_size", "limit"], 1, PAGE_LINES_MAX)?.unwrap_or(SIZE);
        let page = parameters.number(&["page"], 1, u32::MAX)?.unwrap_or(1);
        let (skipped, skipped_max) = (u64::from(page - 1) * u64::from(size), state.limits.skipped_lines_max);
        if question.cursor.is_none() && skipped > u64::from(skipped_max) {
            let reason = format!(
                "it begins behind {skipped} lines, and pages by number reach {skipped_max}; go on with next_cursor instead"
            );
            return Err(invalid("page", reason));
        }
        let order = order(&mut parameters)?;
        let wants_total = parameters.flag("total")?.unwrap_or(true);
        let aggregations = aggregations::read(&mut parameters)?;
        let extras = extras(&mut parameters, &question)?;
        let unknown = parameters.unknown();
        Ok(Self { question, order, page, size, wants_total, aggregations, extras, unknown })
    }

    fn query(&self) -> LineQuery {
        LineQuery {
            filter: self.question.filter.clone(),
            period: self.question.period,
            order: self.order,
            limit: self.size,
            after: self.question.cursor.map(After::Cursor),
            wants_total: self.wants_total,
            asked_at: self.question.asked_at,
        }
    }

    /// Asks for the page, behind all lines of the pages before it.
    async fn walk(
        &self,
        tenant: TenantId,
        state: &SearchState,
        asking: &mut Asking<'_>,
    ) -> Result<LinePage, ApiError> {
        let mut query = self.query();
        let mut skip = if query.after.is_some() { 0 } else { (self.page - 1) * self.size };
        while skip > 0 && query.limit > 0 {
            let limit = skip.min(PAGE_LINES_MAX);
            let step = LineQuery { limit, wants_total: false, ..query.clone() };
            let passed = state.index.search(tenant, step, asking.bounds()).await?;
            skip -= passed.lines.len() as u32;
            match passed.next {
                Some(_) if passed.lines.is_empty() => {
                    asking.cover(passed.coverage);
                    asking.lack("The time ran out on the way to this page: go on with next_cursor of the page before.");
                    return Ok(LinePage::default());
                }
                Some(cursor) => query.after = Some(After::Cursor(cursor)),
                // There are fewer lines than that; the page is empty, and its total is wanted nevertheless.
                None => query = LineQuery { limit: 0, after: None, ..query },
            }
        }
        let is_beyond = query.limit == 0;
        let mut page = state.index.search(tenant, query, asking.bounds()).await?;
        asking.cover(std::mem::take(&mut page.coverage));
        Ok(if is_beyond { LinePage { next: None, ..page } } else { page })
    }
}

/// Which end of time comes first.
pub(super) fn order(parameters: &mut Parameters) -> Result<Order, ApiError> {
    const ORDERS: [(&str, Order); 8] = [
        ("-timestamp", Order::NewestFirst),
        ("timestamp", Order::OldestFirst),
        ("-@timestamp", Order::NewestFirst),
        ("@timestamp", Order::OldestFirst),
        ("desc", Order::NewestFirst),
        ("asc", Order::OldestFirst),
        ("newest", Order::NewestFirst),
        ("oldest", Order::OldestFirst),
    ];
    let chosen = parameters.choice(&["sort", "ordering", "order"], &ORDERS).map_err(|error| match error {
        ApiError::InvalidParameter { field, .. } => invalid(
            &field,
            "lines are sorted by timestamp or -timestamp; to sort by another field write | sort by FIELD in the query",
        ),
        other => other,
    })?;
    Ok(chosen.unwrap_or(Order::NewestFirst))
}

fn extras(parameters: &mut Parameters, question: &Question) -> Result<Extras, ApiError> {
    let included = parameters.list(&["include"])?;
    if let Some(other) =
        included.iter().find(|name| !["raw", "raw_log", "highlight"].contains(&name.as_str()))
    {
        let reason = format!("{other:?} cannot be included; raw, raw_log and highlight can");
        return Err(invalid("include", reason));
    }
    let has = |name: &str| included.iter().any(|included| included == name);
    let wants_highlight = parameters.flag("highlight")?.unwrap_or(false) || has("highlight");
    let highlight = wants_highlight.then(|| Matcher::new(&question.written)).transpose();
    let highlight = highlight
        .map_err(|error| ApiError::InvalidQuery { message: error.to_string(), details: Map::new() })?;
    Ok(Extras { raw: has("raw"), raw_log: has("raw_log"), highlight, ..Extras::default() })
}

impl Links {
    fn of(uri: &Uri, next_cursor: Option<&str>, page: u32) -> Self {
        let link = |name: &str, value: &str| asked_again(uri, &["page", "cursor"], name, value);
        Self {
            next: next_cursor.map(|cursor| link("cursor", cursor)),
            previous: (page > 1).then(|| link("page", &(page - 1).to_string())),
        }
    }
}
