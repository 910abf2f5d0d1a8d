//! Patterns: what messages have in common.
//!
//! Invariant: the same lines give the same patterns under the same ids. It does not keep patterns.

use antler_projections::index::port::patterns::{EXAMPLES_MAX, PATTERNS_MAX, SERVICES_MAX};
use antler_projections::index::port::{
    PatternDetails, PatternOrder, PatternSummary, Patterns, PatternsQuery,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value};

use super::asking::{Asking, Tail};
use super::counts::{ShownValue, by_level, resolution};
use super::line::{Extras, ShownLine};
use super::parameters::Parameters;
use super::question::Question;
use super::{RequestTenant, SearchState};
use crate::http::answer::json;
use crate::http::error::ApiError;

const SIZE: u32 = 50;
const SERVICES: u32 = 5;

#[derive(Debug, Serialize)]
struct Answer<'a> {
    query: &'a str,
    results: Vec<ShownPattern<'a>>,
    /// Patterns, those included that were left out.
    total: u64,
    others: Others,
    /// Lines that were looked at, and what became of them.
    lines: Lines,
    interval_ms: f64,
    #[serde(flatten)]
    tail: Tail,
}

#[derive(Debug, Serialize)]
struct Others {
    patterns: u64,
    lines: u64,
}

#[derive(Debug, Serialize)]
struct Lines {
    total: u64,
    classified: u64,
    without_message: u64,
    unclassified: u64,
}

#[derive(Debug, Serialize)]
struct ShownPattern<'a> {
    id: String,
    pattern: String,
    count: u64,
    /// Of the lines that have a pattern.
    share: f64,
    first_seen: Option<String>,
    last_seen: Option<String>,
    is_new: bool,
    count_before: Option<u64>,
    levels: Option<Map<String, Value>>,
    services: Vec<ShownValue>,
    buckets: Vec<ShownBucket>,
    examples: Vec<ShownLine<'a>>,
}

#[derive(Debug, Serialize)]
struct ShownBucket {
    start: String,
    count: u64,
}

pub(super) async fn patterns(
    RequestTenant(tenant): RequestTenant,
    State(state): State<SearchState>,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    let mut asking = Asking::new(&state);
    let question = Question::read_without_pipes(&mut parameters, asking.now())?;
    let query = read(&mut parameters, &question)?;
    query.check()?;
    asking.note(parameters.unknown().into_iter().chain(question.notes.iter().cloned()));
    let mut found = state.index.patterns(tenant, query, asking.bounds()).await?;
    asking.cover(std::mem::take(&mut found.coverage));
    Ok(json(StatusCode::OK, &Answer::of(&question.text, found_by(&found), &found, asking.tail())))
}

fn read(parameters: &mut Parameters, question: &Question) -> Result<PatternsQuery, ApiError> {
    const ORDERS: [(&str, PatternOrder); 4] = [
        ("frequent", PatternOrder::MostFrequent),
        ("rare", PatternOrder::Rarest),
        ("newest", PatternOrder::NewestFirst),
        ("changed", PatternOrder::MostChanged),
    ];
    let order = parameters.choice(&["sort", "order"], &ORDERS)?.unwrap_or_default();
    let new_since = parameters.moment(&["new_since"], question.asked_at)?.map(|moment| moment.start);
    let details = PatternDetails {
        seen: true,
        over_time: resolution(parameters)?,
        levels: true,
        services: parameters.number(&["services"], 0, SERVICES_MAX)?.unwrap_or(SERVICES),
        examples: parameters.number(&["examples"], 0, EXAMPLES_MAX)?.unwrap_or(1),
    };
    Ok(PatternsQuery {
        filter: question.filter.clone(),
        period: question.period,
        order,
        limit: parameters.number(&["size", "limit"], 1, PATTERNS_MAX)?.unwrap_or(SIZE),
        details,
        new_since,
        only_new: parameters.flag("only_new")?.unwrap_or(false),
        baseline: None,
        known: Vec::new(),
    })
}

const PLAIN: &Extras =
    &Extras { raw: false, raw_log: false, arrival: false, highlight: None, dropped: Vec::new() };

fn found_by(found: &Patterns) -> Vec<ShownPattern<'_>> {
    found.patterns.iter().map(|pattern| ShownPattern::of(pattern, found.classified)).collect()
}

impl<'a> Answer<'a> {
    fn of(query: &'a str, results: Vec<ShownPattern<'a>>, found: &Patterns, tail: Tail) -> Self {
        Self {
            query,
            total: results.len() as u64 + found.others,
            results,
            others: Others { patterns: found.others, lines: found.others_lines },
            lines: Lines {
                total: found.lines,
                classified: found.classified,
                without_message: found.without_message,
                unclassified: found.unclassified,
            },
            interval_ms: found.step.as_secs_f64() * 1e3,
            tail,
        }
    }
}

impl<'a> ShownPattern<'a> {
    fn of(pattern: &'a PatternSummary, classified: u64) -> Self {
        let buckets = pattern.buckets.iter();
        Self {
            id: pattern.id.to_string(),
            pattern: pattern.form.to_string(),
            count: pattern.lines,
            share: if classified == 0 { 0.0 } else { pattern.lines as f64 / classified as f64 },
            first_seen: pattern.seen.map(|seen| seen.first.to_string()),
            last_seen: pattern.seen.map(|seen| seen.last.to_string()),
            is_new: pattern.is_new,
            count_before: pattern.lines_before,
            levels: pattern.by_level.as_ref().map(by_level),
            services: pattern.services.iter().cloned().map(ShownValue::from).collect(),
            buckets: buckets
                .map(|bucket| ShownBucket { start: bucket.start.to_string(), count: bucket.lines })
                .collect(),
            examples: pattern.examples.iter().map(|line| ShownLine { line, extras: PLAIN }).collect(),
        }
    }
}
