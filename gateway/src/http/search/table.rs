//! Tables: what the pipes of a query make of lines, as columns and rows, and the lines behind the rows.
//!
//! Invariant: every cell stands under its column, and rows that are lines are results too. It does not cut tables into
//! pages: `limit` does, and the bounds of pipes.

use std::sync::Arc;

use antler_events::ids::TenantId;
use antler_events::query::pipe::{Cell, Pipe};
use antler_events::query::tree::FieldName;
use antler_projections::index::port::{Coverage, Period, TableAnswer, TableQuery};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::SearchState;
use super::asking::Asking;
use super::columns::ShownCell;
use super::line::{Extras, ShownLine};
use super::question::{Question, context};
use crate::http::error::ApiError;

/// Asks for the table of a question.
pub(super) async fn table_of(
    tenant: TenantId,
    state: &SearchState,
    asking: &mut Asking<'_>,
    question: &Question,
) -> Result<TableAnswer, ApiError> {
    let period = match question.pipes.iter().any(Pipe::has_rate) {
        true => bounded(tenant, state, asking, question.period).await?,
        false => question.period,
    };
    let query = TableQuery {
        filter: question.filter.clone(),
        pipes: question.pipes.clone(),
        context: context(period),
    };
    let mut table = state.index.table(tenant, query, asking.bounds()).await?;
    asking.cover(std::mem::replace(&mut table.coverage, Coverage::whole()));
    Ok(table)
}

/// A time that does not end has no rate: then it is the time of the tenant's lines.
async fn bounded(
    tenant: TenantId,
    state: &SearchState,
    asking: &mut Asking<'_>,
    period: Period,
) -> Result<Period, ApiError> {
    let (from_ever, for_ever) = (period.first == Period::ALWAYS.first, period.last == Period::ALWAYS.last);
    if !from_ever && !for_ever {
        return Ok(period);
    }
    let known = state.index.tenant_statistics(tenant, asking.bounds()).await?;
    // Figures that lack lines say nothing about where they end.
    let (Some(earliest), Some(latest), false) = (known.earliest, known.latest, known.coverage.is_partial)
    else {
        return Ok(period);
    };
    let first = if from_ever { earliest.min(period.last) } else { period.first };
    let last = if for_ever { latest.max(period.first) } else { period.last };
    Ok(Period { first, last })
}

/// The rows of a table as JSON.
#[derive(Debug)]
pub(super) struct ShownRows<'a>(pub &'a [Vec<Cell>]);

impl Serialize for ShownRows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|row| ShownRow(row)))
    }
}

struct ShownRow<'a>(&'a [Cell]);

impl Serialize for ShownRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ShownCell))
    }
}

/// What is shown of the lines behind a table.
pub(super) fn extras_of(table: &TableAnswer, extras: Extras) -> Extras {
    let dropped = table.lines.iter().flat_map(|lines| &lines.dropped).filter_map(|field| match field {
        FieldName::Named(name) => Some(name.to_string()),
        _ => None,
    });
    Extras { dropped: dropped.collect(), ..extras }
}

/// The lines behind the rows; none if rows are no lines.
pub(super) fn results_of<'a>(table: &'a TableAnswer, extras: &'a Extras) -> Vec<ShownResult<'a>> {
    let Some(lines) = &table.lines else { return Vec::new() };
    let rows = lines.lines.iter().zip(&table.rows);
    rows.map(|(line, row)| match line {
        Some(line) if lines.with_other_fields => {
            ShownResult::Line { line: ShownLine { line, extras }, columns: &table.columns, row }
        }
        _ => ShownResult::Row {
            id: line.as_ref().map(|line| line.id().to_string()),
            columns: &table.columns,
            row,
        },
    })
    .collect()
}

/// A result: a line, or as much of it as a pipe has left.
#[derive(Debug)]
pub(super) enum ShownResult<'a> {
    /// A line that is JSON already.
    Written(Box<RawValue>),
    /// With what pipes have made beside it.
    Line {
        line: ShownLine<'a>,
        columns: &'a [Arc<str>],
        row: &'a [Cell],
    },
    Row {
        id: Option<String>,
        columns: &'a [Arc<str>],
        row: &'a [Cell],
    },
}

impl Serialize for ShownResult<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (id, columns, row) = match self {
            Self::Written(json) => return json.serialize(serializer),
            Self::Line { line, columns, row } => return line.serialize_with(columns, row, serializer),
            Self::Row { id, columns, row } => (id, columns, row),
        };
        let mut map = serializer.serialize_map(None)?;
        if let Some(id) = id.as_ref().filter(|_| !columns.iter().any(|column| &**column == "id")) {
            map.serialize_entry("id", id)?;
        }
        for (column, cell) in columns.iter().zip(*row) {
            map.serialize_entry(column, &ShownCell(cell))?;
        }
        map.end()
    }
}
