//! Aggregations beside a search: the most frequent values of fields, and counts over time.
//!
//! Invariant: each is about all lines that the search finds and not about its page, and is answered under the name it was
//! asked with. It counts nothing itself.

use antler_events::ids::TenantId;
use antler_events::query::tree::FieldName;
use antler_projections::index::port::counts::{FACETS_MAX, VALUES_MAX};
use antler_projections::index::port::{Facet, FacetQuery, HistogramQuery, Resolution};
use serde_json::{Map, Value};

use super::SearchState;
use super::asking::Asking;
use super::counts::{ShownFacet, ShownHistogram};
use super::parameters::Parameters;
use super::question::Question;
use super::refusal::invalid;
use crate::http::error::ApiError;

const NAME: &str = "aggregations";
/// What `aggregations=true` asks for.
const USUAL: [&str; 5] = ["level", "service", "source", "environment", "host"];
const SIZE: u32 = 10;
const BUCKETS: u32 = 60;

/// Something to count beside a search.
#[derive(Debug)]
pub(super) struct Aggregation {
    name: String,
    of: Of,
}

#[derive(Debug)]
enum Of {
    Values { field: FieldName, size: u32 },
    Time(Resolution),
}

/// Reads names of fields, or an object of `{"terms":{"field","size"}}` and `{"date_histogram":{"interval"}}`.
pub(super) fn read(parameters: &mut Parameters) -> Result<Vec<Aggregation>, ApiError> {
    let mut found: Vec<Aggregation> = Vec::new();
    for (_, value) in parameters.values(&[NAME, "aggs"]) {
        found.extend(of_value(value)?);
    }
    if found.len() > FACETS_MAX {
        return Err(invalid(
            NAME,
            format!("there are {}, and at most {FACETS_MAX} are answered", found.len()),
        ));
    }
    Ok(found)
}

fn of_value(value: Value) -> Result<Vec<Aggregation>, ApiError> {
    match value {
        Value::Bool(true) => Ok(USUAL.map(of_name).into()),
        Value::Bool(false) | Value::Null => Ok(Vec::new()),
        Value::String(text) if text.starts_with('{') => {
            let object: Map<String, Value> = serde_json::from_str(&text)
                .map_err(|error| invalid(NAME, format!("it is no JSON object; {error}")))?;
            of_value(Value::Object(object))
        }
        Value::String(text) => match text.as_str() {
            "true" | "1" => of_value(Value::Bool(true)),
            "false" | "0" => Ok(Vec::new()),
            _ => Ok(text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(of_name).collect()),
        },
        Value::Array(names) => names
            .into_iter()
            .map(|name| match name {
                Value::String(name) => Ok(of_name(&name)),
                _ => Err(invalid(NAME, "a list of them holds names of fields")),
            })
            .collect(),
        Value::Object(object) => object.into_iter().map(|(name, said)| of_object(name, &said)).collect(),
        Value::Number(_) => Err(invalid(NAME, "it is a list of names of fields, or an object")),
    }
}

fn of_name(name: &str) -> Aggregation {
    let of = match FieldName::named(name) {
        FieldName::Role(antler_events::line::Role::Time) => Of::Time(Resolution::Buckets(BUCKETS)),
        field => Of::Values { field, size: SIZE },
    };
    Aggregation { name: name.to_owned(), of }
}

fn of_object(name: String, said: &Value) -> Result<Aggregation, ApiError> {
    if let Some(said) = said.get("date_histogram") {
        let interval =
            ["interval", "fixed_interval", "calendar_interval"].iter().find_map(|key| said.get(key));
        let mut parameters = Parameters::default();
        parameters.put("interval", interval.cloned());
        let resolution =
            parameters.duration("interval")?.map_or(Resolution::Buckets(BUCKETS), Resolution::Step);
        return Ok(Aggregation { name, of: Of::Time(resolution) });
    }
    let said = said.get("terms").unwrap_or(said);
    let Some(field) = said.get("field").and_then(Value::as_str) else {
        let reason = format!("{name} needs a field: {{\"terms\":{{\"field\":\"service\",\"size\":10}}}}");
        return Err(invalid(NAME, reason));
    };
    let field = FieldName::named(field.strip_suffix(".keyword").unwrap_or(field));
    let mut parameters = Parameters::default();
    parameters.put("size", said.get("size").cloned());
    let size = parameters.number(&["size"], 1, VALUES_MAX)?.unwrap_or(SIZE);
    Ok(Aggregation { name, of: Of::Values { field, size } })
}

/// Counts what was asked for.
pub(super) async fn answer(
    tenant: TenantId,
    state: &SearchState,
    asking: &mut Asking<'_>,
    question: &Question,
    wanted: &[Aggregation],
) -> Result<Map<String, Value>, ApiError> {
    let mut answers = Map::new();
    let fields = wanted.iter().filter_map(|wanted| match &wanted.of {
        Of::Values { field, size } => Some((field.clone(), *size)),
        Of::Time(_) => None,
    });
    let mut facets = facets_of(tenant, state, asking, question, fields.collect()).await?.into_iter();
    for Aggregation { name, of } in wanted {
        let shown = match of {
            Of::Values { size, .. } => {
                let facet = facets.next().expect("there is a facet for each field that was asked for");
                serde_json::to_value(ShownFacet::of(facet, *size))
            }
            Of::Time(resolution) => {
                let query = HistogramQuery {
                    filter: question.filter.clone(),
                    period: question.period,
                    resolution: *resolution,
                };
                let histogram = state.index.histogram(tenant, query, asking.bounds()).await?;
                asking.cover(histogram.coverage.clone());
                serde_json::to_value(ShownHistogram::of(&histogram))
            }
        };
        answers.insert(name.clone(), shown.expect("counts are plain JSON"));
    }
    Ok(answers)
}

async fn facets_of(
    tenant: TenantId,
    state: &SearchState,
    asking: &mut Asking<'_>,
    question: &Question,
    fields: Vec<(FieldName, u32)>,
) -> Result<Vec<Facet>, ApiError> {
    let Some(size) = fields.iter().map(|(_, size)| *size).max() else { return Ok(Vec::new()) };
    let query = FacetQuery {
        filter: question.filter.clone(),
        period: question.period,
        fields: fields.into_iter().map(|(field, _)| field).collect(),
        size,
    };
    query.check()?;
    let facets = state.index.facets(tenant, query, asking.bounds()).await?;
    asking.cover(facets.coverage);
    Ok(facets.facets)
}
