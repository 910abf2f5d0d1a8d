//! A query that is being written: what is wrong with it, and what could stand at the cursor.
//!
//! Invariant: names and values that are offered are of this tenant's lines; places count UTF-16 units, the cursor too. It
//! does not run the query.

use std::time::Duration;

use antler_config::limits::QueryLimits;
use antler_events::ids::TenantId;
use antler_events::line::{Level, Role};
use antler_events::query::pipe::PIPES;
use antler_events::query::pipe::aggregate::Function;
use antler_events::query::pipe::expression::function::FUNCTIONS;
use antler_events::query::tree::{FieldName, Filter, Test};
use antler_events::query::{Expected, complete, parse, parse_lucene, print, print_name};
use antler_projections::index::port::{Bounds, FieldsQuery, Period, ValueMatch, ValuesQuery};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::asking::{Asking, Tail};
use super::parameters::Parameters;
use super::question::{ReadQuery, period};
use super::wrong_query::{ShownDiagnostic, place_behind, units_before};
use super::{RequestTenant, SearchState};
use crate::http::answer::json;
use crate::http::error::ApiError;

/// Of each kind.
const SUGGESTIONS_MAX: usize = 20;
/// Somebody is typing.
const TIME_MAX: Duration = Duration::from_secs(1);
const TIMES: [&str; 6] = ["now-15m", "now-1h", "now-24h", "now-7d", "now/d", "now"];
const PERCENTILES: [&str; 4] = ["p50", "p90", "p95", "p99"];

#[derive(Debug, Serialize)]
struct Answer {
    query: String,
    valid: bool,
    diagnostics: Vec<ShownDiagnostic>,
    /// The filter as it was understood.
    understood: Option<String>,
    completion: ShownCompletion,
    #[serde(flatten)]
    tail: Tail,
}

#[derive(Debug, Serialize)]
struct ShownCompletion {
    /// What a suggestion is put in place of.
    start: usize,
    end: usize,
    prefix: String,
    suggestions: Vec<Suggestion>,
}

#[derive(Debug, Serialize)]
struct Suggestion {
    /// As it is written in the query.
    text: String,
    kind: &'static str,
    /// What it is, for people.
    detail: Option<&'static str>,
    /// Lines that have it.
    count: Option<u64>,
}

pub(super) async fn validate(
    RequestTenant(tenant): RequestTenant,
    State(state): State<SearchState>,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    let mut asking = Asking::new(&state);
    let text = parameters.text(&["q", "query"])?.unwrap_or_default();
    let cursor = parameters.number(&["cursor"], 0, u32::MAX)?;
    let is_lucene = parameters.choice(&["syntax"], &[("kql", false), ("lucene", true)])?.unwrap_or(false);
    let period = period(&mut parameters, asking.now())?;
    asking.note(parameters.unknown());
    let reader = if is_lucene { parse_lucene } else { parse };
    let read = ReadQuery::of(&text, reader, period, asking.now());
    let place = cursor.map_or(text.len(), |units| place_behind(&text, units as usize));
    let found = complete(&text, place, &QueryLimits::default());
    let mut offered = Offers { tenant, period, state: &state, found: Vec::new() };
    for expected in &found.expected {
        offered.add(expected, &found.prefix, &mut asking).await?;
    }
    let completion = ShownCompletion {
        start: units_before(&text, found.replace.start),
        end: units_before(&text, found.replace.end),
        prefix: found.prefix,
        suggestions: offered.found,
    };
    let valid = !read.has_errors();
    let body = Answer {
        valid,
        diagnostics: read.diagnostics.iter().map(|one| ShownDiagnostic::of(&text, one)).collect(),
        understood: valid.then(|| print(&read.filter)),
        query: text,
        completion,
        tail: asking.tail(),
    };
    Ok(json(StatusCode::OK, &body))
}

/// What is offered so far.
struct Offers<'a> {
    tenant: TenantId,
    period: Period,
    state: &'a SearchState,
    found: Vec<Suggestion>,
}

impl Offers<'_> {
    async fn add(
        &mut self,
        expected: &Expected,
        prefix: &str,
        asking: &mut Asking<'_>,
    ) -> Result<(), ApiError> {
        match expected {
            Expected::Field => self.fields(prefix, asking).await?,
            Expected::Value(field) => self.values(field, prefix, asking).await?,
            Expected::Word(words) => self.words("word", words.iter().map(|word| (*word, None)), prefix),
            Expected::Pipe => {
                self.words("pipe", PIPES.iter().map(|pipe| (pipe.name, Some(pipe.what))), prefix);
            }
            Expected::Function => self.functions(prefix),
        }
        Ok(())
    }

    fn words<'w>(
        &mut self,
        kind: &'static str,
        words: impl Iterator<Item = (&'w str, Option<&'static str>)>,
        prefix: &str,
    ) {
        let begins = |word: &str| ValueMatch::Prefix(prefix.to_owned()).matches(word);
        let fitting = words.filter(|(word, _)| begins(word)).take(SUGGESTIONS_MAX);
        self.found.extend(fitting.map(|(word, detail)| Suggestion {
            text: word.to_owned(),
            kind,
            detail,
            count: None,
        }));
    }

    fn functions(&mut self, prefix: &str) {
        let aggregates: Vec<String> = Function::PLAIN.iter().map(ToString::to_string).collect();
        let aggregates = aggregates.iter().map(String::as_str).chain(PERCENTILES);
        self.words("function", aggregates.map(|name| (name, None)), prefix);
        self.words("function", FUNCTIONS.iter().map(|entry| (entry.name, Some(entry.what))), prefix);
    }

    /// Names that every line is asked for come first, then those of the tenant's lines, the most frequent before.
    async fn fields(&mut self, prefix: &str, asking: &mut Asking<'_>) -> Result<(), ApiError> {
        self.words("field", Role::ALL.iter().map(|role| (FieldName::role_name(*role), None)), prefix);
        let query = FieldsQuery { period: self.period, prefix: prefix.to_owned(), size: 200 };
        let mut found = self.state.index.fields(self.tenant, query, bounds(asking)).await?;
        found.fields.sort_by_key(|field| std::cmp::Reverse(field.lines));
        let is_role = |name: &str| matches!(FieldName::named(name), FieldName::Role(_));
        let other = found.fields.into_iter().filter(|field| !is_role(&field.name)).take(SUGGESTIONS_MAX);
        self.found.extend(other.map(|field| Suggestion {
            text: print_name(&FieldName::named(&field.name)),
            kind: "field",
            detail: None,
            count: Some(field.lines),
        }));
        Ok(())
    }

    async fn values(
        &mut self,
        field: &FieldName,
        prefix: &str,
        asking: &mut Asking<'_>,
    ) -> Result<(), ApiError> {
        match field {
            FieldName::Role(Role::Level) => {
                self.words("value", Level::ALL.iter().map(|level| (level.as_str(), None)), prefix);
                return Ok(());
            }
            FieldName::Role(Role::Time) => {
                self.words("value", TIMES.iter().map(|time| (*time, None)), prefix);
                return Ok(());
            }
            FieldName::Any | FieldName::Like(_) => return Ok(()),
            FieldName::Role(_) | FieldName::Named(_) => {}
        }
        let like = ValueMatch::Prefix(prefix.to_owned());
        let size = SUGGESTIONS_MAX as u32;
        let query = ValuesQuery { field: field.clone(), period: self.period, like, size };
        let found = self.state.index.values(self.tenant, query, bounds(asking)).await?;
        let values = found.facets.into_iter().flat_map(|facet| facet.values);
        self.found.extend(values.map(|value| Suggestion {
            text: written(field, &value.value),
            kind: "value",
            detail: None,
            count: Some(value.lines),
        }));
        Ok(())
    }
}

/// A value as it stands behind the colon.
fn written(field: &FieldName, value: &str) -> String {
    let condition = print(&Filter::is(field.clone(), Test::Text(value.into())));
    let behind = condition.strip_prefix(&print_name(field)).and_then(|rest| rest.strip_prefix(':'));
    behind.map_or_else(|| condition.clone(), |value| value.trim_start().to_owned())
}

fn bounds(asking: &Asking<'_>) -> Bounds {
    let bounds = asking.bounds();
    Bounds { time: bounds.time.min(TIME_MAX), ..bounds }
}
