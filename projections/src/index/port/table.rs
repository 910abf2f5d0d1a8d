//! Tables: what the pipes of a query make of lines.
//!
//! Invariant: the table is that of pushing every line that the filter wants, newest first, or the coverage says
//! what is missing. It does not read pipes from text.

use std::sync::Arc;

use antler_events::clock::Timestamp;
use antler_events::query::pipe::{Cell, Context, Pipe, Pipeline};
use antler_events::query::tree::{FieldName, Filter};

use super::answer::Coverage;
use super::error::SearchError;
use super::line::FoundLine;
use super::search::Period;

/// A filter and pipes; the range of the context is where they look.
#[derive(Debug, Clone)]
pub struct TableQuery {
    pub filter: Filter,
    pub pipes: Vec<Pipe>,
    pub context: Context,
}

impl TableQuery {
    pub fn pipeline(&self) -> Result<Pipeline, SearchError> {
        Ok(Pipeline::new(&self.pipes, &self.context)?)
    }

    pub fn period(&self) -> Period {
        let range = self.context.range;
        let last = Timestamp::from_nanos(range.to.nanos().saturating_sub(1));
        Period { first: range.from, last }
    }
}

/// Columns and rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableAnswer {
    pub columns: Vec<Arc<str>>,
    /// A cell for each column.
    pub rows: Vec<Vec<Cell>>,
    /// The lines behind the rows, if rows are lines.
    pub lines: Option<TableLines>,
    pub coverage: Coverage,
}

/// Lines that are the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLines {
    /// For each row; none if it cannot be read any more.
    pub lines: Vec<Option<FoundLine>>,
    /// Whether the other fields of the line belong to the answer too; else only the columns do.
    pub with_other_fields: bool,
    /// Fields that do not.
    pub dropped: Vec<FieldName>,
}
