//! Counts: over time and level, by the values of fields, and both at a glance.
//!
//! Invariant: counts are of all lines that the question finds, or the answer is partial. Buckets without lines are not
//! given. It does not read lines.

use antler_events::line::{Level, Role};
use antler_events::query::tree::FieldName;
use antler_projections::index::port::counts::{BUCKETS_MAX, LevelCounts, VALUES_MAX};
use antler_projections::index::port::{
    Facet, FacetQuery, Histogram, HistogramQuery, Resolution, TenantStatistics, ValueCount,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value};

use super::asking::{Asking, Tail};
use super::parameters::Parameters;
use super::question::Question;
use super::refusal::invalid;
use super::{RequestTenant, SearchState};
use crate::http::answer::json;
use crate::http::error::ApiError;

const BUCKETS: u32 = 60;
const SIZE: u32 = 10;
/// What lines without a level are counted as, and asked for by.
pub(super) const NO_LEVEL: &str = "none";

/// Values of one field.
#[derive(Debug, Serialize)]
pub(super) struct ShownFacet {
    field: String,
    values: Vec<ShownValue>,
    /// How often there are other values.
    others: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct ShownValue {
    value: String,
    count: u64,
}

/// Counts over time.
#[derive(Debug, Serialize)]
pub(super) struct ShownHistogram {
    interval_ms: f64,
    buckets: Vec<ShownBucket>,
}

#[derive(Debug, Serialize)]
struct ShownBucket {
    start: String,
    count: u64,
    levels: Map<String, Value>,
}

#[derive(Debug, Serialize)]
struct HistogramAnswer {
    query: String,
    total: u64,
    #[serde(flatten)]
    histogram: ShownHistogram,
    #[serde(flatten)]
    tail: Tail,
}

#[derive(Debug, Serialize)]
struct FacetsAnswer {
    query: String,
    facets: Vec<ShownFacet>,
    #[serde(flatten)]
    tail: Tail,
}

/// A question at a glance.
#[derive(Debug, Serialize)]
struct StatsAnswer {
    query: String,
    total: u64,
    /// Lines of the levels error and critical, and their share.
    errors: u64,
    error_rate: f64,
    by_level: Map<String, Value>,
    by_service: Vec<ShownValue>,
    by_source: Vec<ShownValue>,
    by_environment: Vec<ShownValue>,
    by_host: Vec<ShownValue>,
    storage: Storage,
    #[serde(flatten)]
    tail: Tail,
}

/// All that the tenant has, whatever is asked.
#[derive(Debug, Serialize)]
struct Storage {
    lines: u64,
    raw_bytes: u64,
    stored_bytes: u64,
    earliest: Option<String>,
    latest: Option<String>,
}

pub(super) async fn histogram(
    RequestTenant(tenant): RequestTenant,
    State(state): State<SearchState>,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    let mut asking = Asking::new(&state);
    let question = Question::read_without_pipes(&mut parameters, asking.now())?;
    let resolution = resolution(&mut parameters)?.unwrap_or(Resolution::Buckets(BUCKETS));
    asking.note(parameters.unknown().into_iter().chain(question.notes));
    let query = HistogramQuery { filter: question.filter, period: question.period, resolution };
    let histogram = state.index.histogram(tenant, query, asking.bounds()).await?;
    let shown = ShownHistogram::of(&histogram);
    asking.cover(histogram.coverage);
    let total = histogram.buckets.iter().map(|bucket| bucket.lines()).sum();
    let body = HistogramAnswer { query: question.text, total, histogram: shown, tail: asking.tail() };
    Ok(json(StatusCode::OK, &body))
}

pub(super) async fn facets(
    RequestTenant(tenant): RequestTenant,
    State(state): State<SearchState>,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    let mut asking = Asking::new(&state);
    let question = Question::read_without_pipes(&mut parameters, asking.now())?;
    let fields = parameters.list(&["fields", "field"])?;
    if fields.is_empty() {
        return Err(invalid(
            "fields",
            "name the fields whose values are to be counted, such as service,level",
        ));
    }
    let size = parameters.number(&["size"], 1, VALUES_MAX)?.unwrap_or(SIZE);
    asking.note(parameters.unknown().into_iter().chain(question.notes));
    let fields = fields.iter().map(|name| FieldName::named(name)).collect();
    let query = FacetQuery { filter: question.filter, period: question.period, fields, size };
    query.check()?;
    let found = state.index.facets(tenant, query, asking.bounds()).await?;
    asking.cover(found.coverage);
    let facets = found.facets.into_iter().map(|facet| ShownFacet::of(facet, size)).collect();
    Ok(json(StatusCode::OK, &FacetsAnswer { query: question.text, facets, tail: asking.tail() }))
}

pub(super) async fn stats(
    RequestTenant(tenant): RequestTenant,
    State(state): State<SearchState>,
    mut parameters: Parameters,
) -> Result<Response, ApiError> {
    const ROLES: [Role; 4] = [Role::Service, Role::Source, Role::Environment, Role::Host];
    let mut asking = Asking::new(&state);
    let question = Question::read_without_pipes(&mut parameters, asking.now())?;
    let size = parameters.number(&["size"], 1, VALUES_MAX)?.unwrap_or(SIZE);
    asking.note(parameters.unknown().into_iter().chain(question.notes));
    let (filter, period) = (question.filter, question.period);
    let whole = HistogramQuery { filter: filter.clone(), period, resolution: Resolution::Buckets(1) };
    let whole = state.index.histogram(tenant, whole, asking.bounds()).await?;
    asking.cover(whole.coverage);
    let fields = ROLES.map(FieldName::Role).into();
    let facets = FacetQuery { filter, period, fields, size };
    let facets = state.index.facets(tenant, facets, asking.bounds()).await?;
    asking.cover(facets.coverage);
    let known = state.index.tenant_statistics(tenant, asking.bounds()).await?;
    let storage = Storage::of(&known);
    asking.cover(known.coverage);
    let mut counts: LevelCounts = Default::default();
    for bucket in &whole.buckets {
        counts.iter_mut().zip(bucket.by_level).for_each(|(sum, count)| *sum += count);
    }
    let mut values = facets.facets.into_iter().map(|facet| ShownFacet::of(facet, size).values);
    let mut next = || values.next().unwrap_or_default();
    let (total, errors) =
        (counts.iter().sum::<u64>(), counts[Level::Error as usize] + counts[Level::Critical as usize]);
    let body = StatsAnswer {
        query: question.text,
        total,
        errors,
        error_rate: if total == 0 { 0.0 } else { errors as f64 / total as f64 },
        by_level: by_level(&counts),
        by_service: next(),
        by_source: next(),
        by_environment: next(),
        by_host: next(),
        storage,
        tail: asking.tail(),
    };
    Ok(json(StatusCode::OK, &body))
}

/// How finely time is to be cut.
pub(super) fn resolution(parameters: &mut Parameters) -> Result<Option<Resolution>, ApiError> {
    let buckets = parameters.number(&["buckets"], 1, BUCKETS_MAX)?;
    let is_auto = parameters.take_word("interval", "auto");
    let step = parameters.duration("interval")?;
    match (step, buckets) {
        (Some(_), Some(_)) => Err(invalid("buckets", "give either an interval or a number of buckets")),
        (Some(step), None) => Ok(Some(Resolution::Step(step))),
        (None, Some(buckets)) => Ok(Some(Resolution::Buckets(buckets))),
        (None, None) if is_auto => Ok(Some(Resolution::Buckets(BUCKETS))),
        (None, None) => Ok(None),
    }
}

/// Counts of lines by the names of levels; of those that there are.
pub(super) fn by_level(counts: &LevelCounts) -> Map<String, Value> {
    let names = std::iter::once(NO_LEVEL).chain(Level::ALL.map(Level::as_str));
    let counted = names.zip(counts).filter(|(_, count)| **count > 0);
    counted.map(|(name, count)| (name.to_owned(), Value::from(*count))).collect()
}

impl ShownFacet {
    /// The first values of a facet.
    pub(super) fn of(facet: Facet, size: u32) -> Self {
        let mut values = facet.values;
        let beyond = values.split_off(values.len().min(size as usize));
        Self {
            field: field_name(&facet.field),
            values: values.into_iter().map(ShownValue::from).collect(),
            others: facet.others + beyond.iter().map(|value| value.lines).sum::<u64>(),
        }
    }

    pub(super) fn into_values(self) -> (String, Vec<ShownValue>, u64) {
        (self.field, self.values, self.others)
    }
}

fn field_name(field: &FieldName) -> String {
    match field {
        FieldName::Role(role) => FieldName::role_name(*role).to_owned(),
        FieldName::Named(name) => name.to_string(),
        FieldName::Like(pattern) => pattern.source.to_string(),
        FieldName::Any => "*".to_owned(),
    }
}

impl From<ValueCount> for ShownValue {
    fn from(ValueCount { value, lines }: ValueCount) -> Self {
        Self { value, count: lines }
    }
}

impl ShownHistogram {
    pub(super) fn of(histogram: &Histogram) -> Self {
        let buckets = histogram.buckets.iter().map(|bucket| ShownBucket {
            start: bucket.start.to_string(),
            count: bucket.lines(),
            levels: by_level(&bucket.by_level),
        });
        Self { interval_ms: histogram.step.as_secs_f64() * 1e3, buckets: buckets.collect() }
    }
}

impl Storage {
    fn of(known: &TenantStatistics) -> Self {
        Self {
            lines: known.lines,
            raw_bytes: known.raw_bytes,
            stored_bytes: known.stored_bytes,
            earliest: known.earliest.map(|time| time.to_string()),
            latest: known.latest.map(|time| time.to_string()),
        }
    }
}
