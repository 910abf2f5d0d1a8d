//! The answer of a pipeline: a table.
//!
//! Invariant: a table has no more rows and bytes than `PipeLimits` allows, and says when there were more.
//! It does not render lines: it names them by their keys.

use std::fmt;
use std::sync::Arc;

use antler_config::limits::PipeLimits;

use super::{Flow, LineKey, Row};
use crate::query::pipe::aggregate::{Distinct, Function};
use crate::query::pipe::cell::Cell;
use crate::query::pipe::name_of;
use crate::query::pipe::scope::Scope;
use crate::query::tree::FieldName;

/// What the pipes made of the lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<Arc<str>>,
    /// A cell for each column.
    pub rows: Vec<Vec<Cell>>,
    /// The lines behind the rows, if rows are lines.
    pub lines: Option<Lines>,
    pub warnings: Vec<Warning>,
}

/// The lines that the rows of a table are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// For each row.
    pub keys: Vec<LineKey>,
    /// Whether the other fields of the line belong to the answer too; else only the columns do.
    pub with_other_fields: bool,
    /// Fields that do not.
    pub dropped: Vec<FieldName>,
}

/// Why an answer is not all that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Only these groups were counted.
    GroupsLeftOut { groups: usize, lines: u64 },
    /// A percentile or a distinct count is an estimate, in some rows at least.
    Estimated { column: Arc<str>, function: Function },
    /// Only the first in this order were kept.
    SortedFirst { rows: usize },
    /// There were more rows.
    RowsLeftOut { rows: usize },
}

/// Rows on their way to the table.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    rows: Vec<Row>,
    rows_max: usize,
    bytes: usize,
    bytes_max: usize,
    has_lost: bool,
}

impl Answer {
    pub(super) fn new(limits: &PipeLimits) -> Self {
        Self {
            rows: Vec::new(),
            rows_max: limits.rows_max as usize,
            bytes: 0,
            bytes_max: limits.row_bytes_max as usize,
            has_lost: false,
        }
    }

    pub(super) fn push(&mut self, row: Row) -> Flow {
        let bytes = row.bytes_held();
        if self.rows.len() == self.rows_max || self.bytes + bytes > self.bytes_max {
            self.has_lost = true;
            return Flow::Enough;
        }
        self.bytes += bytes;
        self.rows.push(row);
        Flow::More
    }

    pub(super) fn finish(self, scope: &Scope, is_lines: bool, mut warnings: Vec<Warning>) -> Table {
        if self.has_lost {
            warnings.push(Warning::RowsLeftOut { rows: self.rows.len() });
        }
        let lines = is_lines.then(|| Lines {
            keys: self.rows.iter().map(|row| row.key).collect(),
            with_other_fields: scope.is_open(),
            dropped: scope.hidden().to_vec(),
        });
        let shown = |row: &Row| scope.columns().iter().map(|(_, slot)| row.cells[*slot].clone()).collect();
        Table {
            columns: scope.columns().iter().map(|(field, _)| name_of(field).into()).collect(),
            rows: self.rows.iter().map(shown).collect(),
            lines,
            warnings,
        }
    }
}

impl fmt::Display for Table {
    /// Columns and rows with ` | ` between their cells.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.columns.join(" | "))?;
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(Cell::to_string).collect();
            write!(out, "\n{}", cells.join(" | "))?;
        }
        Ok(())
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GroupsLeftOut { groups, lines } => {
                write!(out, "Only {groups} groups fit: {lines} lines of other groups are not counted.")
            }
            Self::Estimated { column, function: Function::Distinct } => write!(
                out,
                "{column} is an estimate, because there are too many different values to count each: its standard \
                 error is {:.2} %, so it is hardly ever off by more than {:.1} %.",
                100.0 * Distinct::STANDARD_ERROR,
                300.0 * Distinct::STANDARD_ERROR
            ),
            Self::Estimated { column, .. } => write!(
                out,
                "{column} is an estimate, because there are too many different values: it is within 0.2 % of the \
                 value as a rule and 3.2 % at worst."
            ),
            Self::SortedFirst { rows } => {
                write!(out, "Only the first {rows} rows of the order were kept: put a limit behind the sort.")
            }
            Self::RowsLeftOut { rows } => {
                write!(out, "There are more than these {rows} rows: put a limit at the end, or ask for less.")
            }
        }
    }
}
