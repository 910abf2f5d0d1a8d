//! The question: one filter of the query and of the parameters beside it, the time that it is about, and the pipes.
//!
//! This is the one builder of filters of the API. Parameters such as `level` and `service` stand around the user's query
//! and cannot be turned around by it; values of one are alternatives. So do the streams that a key is kept to.
//! Invariant: a cursor brings back the moment that relative times count from, so that it is the same question again. It
//! knows no tenant: the index takes that by itself.

use std::ops::Bound;

use antler_config::limits::{PipeLimits, QueryLimits};
use antler_events::clock::Timestamp;
use antler_events::line::{Level, Role};
use antler_events::query::diagnose::{Diagnostic, Diagnostics};
use antler_events::query::moment::Moment;
use antler_events::query::pipe::{self, Context, Pipe, TimeRange};
use antler_events::query::tree::{FieldName, Filter, Scalar, Test, Wildcard};
use antler_events::query::{Parsed, Severity, parse, parse_lucene};
use antler_projections::index::port::{Cursor, Period};

use super::counts::NO_LEVEL;
use super::parameters::{Parameters, shown};
use super::refusal::invalid;
use super::wrong_query::wrong_query;
use crate::http::error::ApiError;

/// Values of all parameters beside the query.
const VALUES_MAX: usize = 1_000;

pub(super) const QUERY: &[&str] = &["q", "query"];
/// The uploaded file that lines come from.
pub(super) const UPLOAD: &[&str] = &["upload_id"];
pub(super) const FROM: &[&str] = &["from", "start_date", "start_time", "start", "since"];
pub(super) const TO: &[&str] = &["to", "end_date", "end_time", "end"];

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// Parameters that stand for a field, and the field.
const FIELDS: [(&[&str], FieldOf); 7] = [
    (&["level", "levels"], FieldOf::Role(Role::Level)),
    (&["source"], FieldOf::Role(Role::Source)),
    (&["service", "service_name"], FieldOf::Role(Role::Service)),
    (&["environment", "env"], FieldOf::Role(Role::Environment)),
    (&["host", "hostname"], FieldOf::Role(Role::Host)),
    (&["tags", "tag"], FieldOf::Named("tags")),
    (UPLOAD, FieldOf::Named("upload_id")),
];

#[derive(Debug, Clone, Copy)]
enum FieldOf {
    Role(Role),
    Named(&'static str),
}

/// The names of each filter beside the query, its own first; the times are not among them.
pub(super) fn filters() -> impl Iterator<Item = &'static [&'static str]> {
    FIELDS.iter().map(|(names, _)| *names)
}

/// What is asked of lines.
#[derive(Debug)]
pub(super) struct Question {
    /// As it was written.
    pub text: String,
    /// What the user wrote, without the parameters: what to highlight.
    pub written: Filter,
    pub filter: Filter,
    pub pipes: Vec<Pipe>,
    pub period: Period,
    pub cursor: Option<Cursor>,
    pub asked_at: Timestamp,
    /// What the author of the query may want to know.
    pub notes: Vec<String>,
}

impl Question {
    pub(super) fn read(parameters: &mut Parameters, now: Timestamp) -> Result<Self, ApiError> {
        let cursor = parameters.text(&["cursor"])?.map(|text| Cursor::parse(&text)).transpose();
        let cursor = cursor.map_err(|error| invalid("cursor", error.to_string()))?;
        let asked_at = cursor.map_or(now, |cursor| cursor.asked_at());
        let text = parameters.text(QUERY)?.unwrap_or_default();
        let reader = parameters.choice(&["syntax"], &[("kql", parse as Reader), ("lucene", parse_lucene)])?;
        let period = period(parameters, asked_at)?;
        let read = ReadQuery::of(&text, reader.unwrap_or(parse), period, asked_at);
        if read.has_errors() {
            return Err(wrong_query(&text, &read.diagnostics));
        }
        let around = around(parameters)?;
        let notes = read.diagnostics.iter().map(|diagnostic| diagnostic.message.to_string()).collect();
        let filter = Filter::all_of([read.filter.clone(), around, parameters.reach()]);
        Ok(Self { text, written: read.filter, filter, pipes: read.pipes, period, cursor, asked_at, notes })
    }

    /// The same, where nothing is to be gone on with and pipes have no use.
    pub(super) fn read_without_pipes(parameters: &mut Parameters, now: Timestamp) -> Result<Self, ApiError> {
        let question = Self::read(parameters, now)?;
        if question.cursor.is_some() {
            return Err(invalid("cursor", "there are no further pages of this answer"));
        }
        match question.pipes.is_empty() {
            true => Ok(question),
            false => Err(invalid("q", "pipes are answered by /api/logs/search/ and /api/logs/export/ only")),
        }
    }
}

/// A front end of the query language.
type Reader = fn(&str, Timestamp, &QueryLimits) -> Parsed;

/// A query with its pipes, as far as they can be read.
#[derive(Debug)]
pub(super) struct ReadQuery {
    pub filter: Filter,
    pub pipes: Vec<Pipe>,
    /// In the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl ReadQuery {
    pub(super) fn of(text: &str, reader: Reader, period: Period, now: Timestamp) -> Self {
        let limits = QueryLimits::default();
        let parsed = reader(text, now, &limits);
        let mut found = Diagnostics::new(usize::from(limits.diagnostics_max));
        parsed.diagnostics.into_iter().for_each(|diagnostic| found.push(diagnostic));
        let pipes = match parsed.query.pipes {
            Some(span) => pipe::parse(text, span.start, now, &limits, &mut found),
            None => Vec::new(),
        };
        if !found.has_errors() {
            pipe::check(text, &pipes, &context(period), &mut found);
        }
        let pipes = pipes.into_iter().map(|(pipe, _)| pipe).collect();
        Self { filter: parsed.query.filter, pipes, diagnostics: found.into_sorted() }
    }

    pub(super) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Where pipes look.
pub(super) fn context(period: Period) -> Context {
    let to = Timestamp::from_nanos(period.last.nanos().saturating_add(1));
    let range = TimeRange { from: period.first, to, utc_offset_seconds: 0 };
    Context { range, limits: PipeLimits::default() }
}

/// The time that is asked for; what was written as a day, say, is asked for to its end.
pub(super) fn period(parameters: &mut Parameters, now: Timestamp) -> Result<Period, ApiError> {
    let from = parameters.moment(FROM, now)?;
    let to = parameters.moment(TO, now)?;
    let first = from.map_or(Period::ALWAYS.first, |moment| moment.start);
    let last = to.map_or(Period::ALWAYS.last, |moment| last_of(moment, now));
    if first > last {
        return Err(invalid("to", format!("it ends at {last}, before from, which begins at {first}")));
    }
    Ok(Period { first, last })
}

/// The second that runs is meant to its end: clocks of senders are a little ahead of ours, too.
fn last_of(to: Moment, now: Timestamp) -> Timestamp {
    let into = now.nanos().rem_euclid(NANOS_PER_SECOND);
    let end =
        if to.start == now { now.nanos().saturating_sub(into) + NANOS_PER_SECOND } else { to.end.nanos() };
    Timestamp::from_nanos(end.saturating_sub(1))
}

/// What the parameters beside the query demand.
fn around(parameters: &mut Parameters) -> Result<Filter, ApiError> {
    let mut demands = Vec::new();
    let mut count = 0;
    for (names, field) in FIELDS {
        let values = parameters.list(names)?;
        count += values.len();
        if count > VALUES_MAX {
            return Err(invalid(names[0], format!("there are more than {VALUES_MAX} values")));
        }
        let mut wanted = Vec::with_capacity(values.len());
        for value in values {
            wanted.push(demand(names[0], field, &value)?);
        }
        if !wanted.is_empty() {
            demands.push(Filter::any_of(wanted));
        }
    }
    Ok(Filter::all_of(demands))
}

fn demand(name: &str, field: FieldOf, value: &str) -> Result<Filter, ApiError> {
    let exactly = Test::Like(Wildcard::literally(value));
    match field {
        FieldOf::Role(Role::Level) if value == NO_LEVEL => {
            let (least, most) = (Scalar::Level(Level::Trace), Scalar::Level(Level::Critical));
            let any = Test::Range(Bound::Included(least), Bound::Included(most));
            Ok(Filter::is(FieldName::Role(Role::Level), any).negated())
        }
        FieldOf::Role(Role::Level) => {
            let names = || Level::ALL.map(Level::as_str).join(", ");
            let wrong = || {
                invalid(
                    name,
                    format!(
                        "{} is no level; the levels are {}, or {NO_LEVEL} for lines without one",
                        shown(value),
                        names()
                    ),
                )
            };
            let level = Level::parse(value.as_bytes()).ok_or_else(wrong)?;
            let bound = Bound::Included(Scalar::Level(level));
            Ok(Filter::is(FieldName::Role(Role::Level), Test::Range(bound.clone(), bound)))
        }
        FieldOf::Role(role) => Ok(Filter::is(FieldName::Role(role), exactly)),
        FieldOf::Named(name) => Ok(Filter::is(FieldName::named(name), exactly)),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Uri;

    use super::*;

    #[test]
    fn a_time_that_ends_now_ends_with_the_second_and_others_as_they_are_written() {
        let now = Timestamp::from_nanos(1_772_352_000_250_000_000);
        let last = |to: &str| {
            let uri: Uri = format!("/?to={to}").parse().unwrap();
            let mut parameters = Parameters::of_form(uri.query().unwrap().as_bytes());
            period(&mut parameters, now).unwrap().last.nanos()
        };
        assert_eq!(last("now"), 1_772_352_000_999_999_999);
        assert_eq!(last("now-15m"), 1_772_351_100_250_000_000);
        assert_eq!(last("1772352000250"), 1_772_352_000_999_999_999, "as good as now");
        assert_eq!(last("2026-03-01T08:00:00Z"), 1_772_352_000_999_999_999);
    }
}
