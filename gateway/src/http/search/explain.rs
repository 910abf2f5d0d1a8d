//! Explaining a search: its steps, the ways that parts of the index took, and what each cost.
//!
//! Invariant: figures are of a run of the same search, and nothing is estimated. It does not give the lines.

use antler_projections::index::port::search::PAGE_LINES_MAX;
use antler_projections::index::port::{Cost, Explanation, LineQuery, Step, Way};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value};

use super::asking::{Asking, Tail};
use super::page::order;
use super::parameters::Parameters;
use super::question::Question;
use super::{RequestTenant, SearchState};
use crate::http::answer::json;
use crate::http::error::ApiError;

const SIZE: u32 = 50;

#[derive(Debug, Serialize)]
struct Answer {
    query: String,
    /// The filter as it was understood.
    filter: String,
    /// Lines of the page, which is not given.
    lines: u64,
    steps: Vec<ShownStep>,
    /// The same for people.
    text: String,
    #[serde(flatten)]
    tail: Tail,
}

#[derive(Debug, Serialize)]
struct ShownStep {
    what: String,
    parts: u64,
    ways: Vec<ShownWay>,
    looked_at: Map<String, Value>,
    #[serde(flatten)]
    cost: ShownCost,
}

#[derive(Debug, Serialize)]
struct ShownWay {
    what: String,
    parts: u64,
    names: Vec<String>,
    #[serde(flatten)]
    cost: ShownCost,
}

#[derive(Debug, Serialize)]
struct ShownCost {
    stored_bytes_read: u64,
    cached_bytes_read: u64,
    /// Of all threads together.
    took_ms: f64,
}

pub(super) async fn explain(
    RequestTenant(tenant): RequestTenant,
    State(state): State<SearchState>,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    let mut asking = Asking::new(&state);
    let question = Question::read_without_pipes(&mut parameters, asking.now())?;
    let limit = parameters.number(&["size", "page_size"], 1, PAGE_LINES_MAX)?.unwrap_or(SIZE);
    let query = LineQuery {
        filter: question.filter,
        period: question.period,
        order: order(&mut parameters)?,
        wants_total: parameters.flag("total")?.unwrap_or(true),
        asked_at: question.asked_at,
        ..LineQuery::newest(limit)
    };
    asking.note(parameters.unknown().into_iter().chain(question.notes));
    let told = state.index.explain(tenant, query, asking.bounds()).await?;
    let text = told.to_string();
    let Explanation { filter, steps, lines, coverage } = told;
    asking.cover(coverage);
    let steps = steps.into_iter().map(ShownStep::from).collect();
    let body = Answer { query: question.text, filter, lines, steps, text, tail: asking.tail() };
    Ok(json(StatusCode::OK, &body))
}

impl From<Step> for ShownStep {
    fn from(step: Step) -> Self {
        let looked_at = step.looked_at.into_iter().map(|(what, count)| (what, Value::from(count)));
        Self {
            what: step.what,
            parts: step.parts,
            ways: step.ways.into_iter().map(ShownWay::from).collect(),
            looked_at: looked_at.collect(),
            cost: step.cost.into(),
        }
    }
}

impl From<Way> for ShownWay {
    fn from(Way { what, parts, names, cost }: Way) -> Self {
        Self { what, parts, names, cost: cost.into() }
    }
}

impl From<Cost> for ShownCost {
    fn from(cost: Cost) -> Self {
        Self {
            stored_bytes_read: cost.stored_bytes_read,
            cached_bytes_read: cost.cached_bytes_read,
            took_ms: cost.took.as_secs_f64() * 1e3,
        }
    }
}
