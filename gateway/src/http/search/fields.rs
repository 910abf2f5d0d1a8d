//! Fields: what lines have, and the values of one of them.
//!
//! Invariant: names are those that queries use; counts are of lines. It does not guess types: it tells what kinds of
//! values there are.

use antler_events::ids::TenantId;
use antler_events::line::Role;
use antler_events::query::tree::{FieldName, Filter};
use antler_projections::index::port::counts::VALUES_MAX;
use antler_projections::index::port::fields::FIELDS_MAX;
use antler_projections::index::port::{
    FacetQuery, Facets, FieldKinds, FieldSummary, FieldsQuery, ValueMatch, ValuesQuery,
};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::asking::{Asking, Tail};
use super::counts::{ShownFacet, ShownValue};
use super::parameters::Parameters;
use super::question::{Question, period};
use super::refusal::invalid;
use super::{RequestTenant, SearchState};
use crate::http::answer::json;
use crate::http::error::ApiError;

const FIELDS: u32 = 1_000;
const VALUES: u32 = 50;

#[derive(Debug, Serialize)]
struct FieldsAnswer {
    results: Vec<ShownField>,
    total: usize,
    #[serde(flatten)]
    tail: Tail,
}

#[derive(Debug, Serialize)]
struct ShownField {
    name: String,
    types: Vec<&'static str>,
    count: u64,
    /// The name under which queries find it whatever its sender calls it.
    role: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct ValuesAnswer {
    field: String,
    results: Vec<ShownValue>,
    total: usize,
    /// How often there are other values.
    others: u64,
    #[serde(flatten)]
    tail: Tail,
}

pub(super) async fn fields(
    RequestTenant(tenant): RequestTenant,
    State(state): State<SearchState>,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    let mut asking = Asking::new(&state);
    let period = period(&mut parameters, asking.now())?;
    let prefix = parameters.text(&["prefix"])?.unwrap_or_default();
    let size = parameters.number(&["size"], 1, FIELDS_MAX)?.unwrap_or(FIELDS);
    asking.note(parameters.unknown());
    let found = state.index.fields(tenant, FieldsQuery { period, prefix, size }, asking.bounds()).await?;
    asking.cover(found.coverage);
    let results: Vec<_> = found.fields.into_iter().map(ShownField::from).collect();
    Ok(json(StatusCode::OK, &FieldsAnswer { total: results.len(), results, tail: asking.tail() }))
}

pub(super) async fn values(
    RequestTenant(tenant): RequestTenant,
    State(state): State<SearchState>,
    Path(name): Path<String>,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    let mut asking = Asking::new(&state);
    let question = Question::read_without_pipes(&mut parameters, asking.now())?;
    let like = like(&mut parameters)?;
    let size = parameters.number(&["size"], 1, VALUES_MAX)?.unwrap_or(VALUES);
    asking.note(parameters.unknown().into_iter().chain(question.notes.iter().cloned()));
    let field = FieldName::named(&name);
    let found = counted(tenant, &state, &asking, question, ValuesQueryParts { field, like, size }).await?;
    asking.cover(found.coverage);
    let facet = found.facets.into_iter().next().expect("a question about one field has one facet");
    let (field, results, others) = ShownFacet::of(facet, size).into_values();
    let body = ValuesAnswer { field, total: results.len(), results, others, tail: asking.tail() };
    Ok(json(StatusCode::OK, &body))
}

/// Which values of which field, and how many.
struct ValuesQueryParts {
    field: FieldName,
    like: ValueMatch,
    size: u32,
}

/// Values of all lines, or of those that a filter wants.
async fn counted(
    tenant: TenantId,
    state: &SearchState,
    asking: &Asking<'_>,
    question: Question,
    ValuesQueryParts { field, like, size }: ValuesQueryParts,
) -> Result<Facets, ApiError> {
    let period = question.period;
    if question.filter == Filter::All {
        let query = ValuesQuery { field, period, like, size };
        query.check()?;
        return Ok(state.index.values(tenant, query, asking.bounds()).await?);
    }
    // What values look like is asked of those that were counted.
    let counted = if like == ValueMatch::Any { size } else { VALUES_MAX };
    let query = FacetQuery { filter: question.filter, period, fields: vec![field], size: counted };
    query.check()?;
    let mut facets = state.index.facets(tenant, query, asking.bounds()).await?;
    for facet in &mut facets.facets {
        facet.values.retain(|value| like.matches(&value.value));
    }
    Ok(facets)
}

fn like(parameters: &mut Parameters) -> Result<ValueMatch, ApiError> {
    match (parameters.text(&["prefix"])?, parameters.text(&["contains"])?) {
        (None, None) => Ok(ValueMatch::Any),
        (Some(prefix), None) => Ok(ValueMatch::Prefix(prefix)),
        (None, Some(part)) => Ok(ValueMatch::Contains(part)),
        (Some(_), Some(_)) => Err(invalid("contains", "give either a prefix or a part of the values")),
    }
}

impl From<FieldSummary> for ShownField {
    fn from(field: FieldSummary) -> Self {
        let role = field.role.map(|role: Role| FieldName::role_name(role));
        Self { types: types(field.kinds), name: field.name, count: field.lines, role }
    }
}

fn types(kinds: FieldKinds) -> Vec<&'static str> {
    let FieldKinds { text, number, flag, time } = kinds;
    let named = [(text, "text"), (number, "number"), (flag, "boolean"), (time, "time")];
    named.into_iter().filter(|(is_there, _)| *is_there).map(|(_, name)| name).collect()
}
