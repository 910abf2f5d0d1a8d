//! Pipelines: pipes at work on rows.
//!
//! Invariant: rows go through as they come; only sorts, groups and the answer hold some, within `PipeLimits`.
//! What is missing from an answer because of a limit is told in its warnings. A pipeline is pure: the same rows in the
//! same order give the same table. It does not know where rows come from: their source asks what to read, and may
//! compute the first groups itself.

mod answer;
mod compile;
mod group;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use antler_config::limits::PipeLimits;

use self::group::GroupStep;
use super::cell::Cell;
use super::eval::Evaluator;
use super::extract::Extractor;
use super::filtering::RowFilter;
use super::grouping::{Grouping, Groups, TimeRange};
use super::scope::{Read, Scope};
use super::sort::Sorter;
use crate::clock::Timestamp;
use crate::query::tree::{FieldName, Filter};

pub use self::answer::{Lines, Table, Warning};

/// What names a line for the source of rows, which finds it again by this.
pub type LineKey = u128;

/// A row between two pipes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The line that it is, or its place in the table that it comes from.
    pub key: LineKey,
    pub cells: Vec<Cell>,
}

impl Row {
    /// Sets a cell. The rows of a table grow by the columns that are computed from them.
    pub(super) fn put(&mut self, slot: usize, cell: Cell) {
        if self.cells.len() <= slot {
            self.cells.resize(slot + 1, Cell::Missing);
        }
        self.cells[slot] = cell;
    }

    pub(super) fn bytes_held(&self) -> usize {
        size_of::<Self>() + self.cells.iter().map(Cell::bytes_held).sum::<usize>()
    }
}

/// Whether more rows can change the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    More,
    Enough,
}

/// What a pipeline is told of its query.
#[derive(Debug, Clone)]
pub struct Context {
    pub range: TimeRange,
    pub limits: PipeLimits,
}

/// Pipes that take rows and give a table. A clone of a fresh one works on another part of the rows.
#[derive(Debug, Clone)]
pub struct Pipeline {
    steps: Vec<Step>,
    /// Names in front of the first table, and in the answer.
    lines: Scope,
    last: Scope,
    /// What the pipes ask of lines before anything else.
    filter: Filter,
    range: TimeRange,
    answer: answer::Answer,
    warnings: Vec<Warning>,
}

#[derive(Debug, Clone)]
enum Step {
    Where(RowFilter),
    Eval(Evaluator),
    Extract(Extractor),
    /// How many rows may still pass.
    Limit(u64),
    Sort(Sorter),
    Group(Box<GroupStep>),
}

/// The groups that a pipeline begins with, which an index can compute column by column.
#[derive(Debug, Clone)]
pub struct FirstGroups {
    pub grouping: Arc<Grouping>,
    /// Whether the one key is the form of its field, as `query::pattern` shows it.
    pub of_patterns: bool,
}

impl Pipeline {
    /// What must hold of a line, beside the filter of the query, before it is pushed.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The fields that a row has, in the order of its cells.
    pub fn reads(&self) -> &[Read] {
        self.lines.reads()
    }

    /// Whether the rows of the answer are lines; else they are those of a table.
    pub fn answers_lines(&self) -> bool {
        !self.steps.iter().any(|step| matches!(step, Step::Group(_)))
    }

    /// Whether parts of the rows can be pushed into clones, to be merged before the end.
    pub fn is_divisible(&self) -> bool {
        let first =
            self.steps.iter().find(|step| matches!(step, Step::Limit(_) | Step::Sort(_) | Step::Group(_)));
        matches!(first, Some(Step::Sort(_) | Step::Group(_)))
    }

    /// The groups, if nothing stands in front of them.
    pub fn first_groups(&self) -> Option<FirstGroups> {
        match self.steps.first() {
            Some(Step::Group(step)) => Some(FirstGroups {
                grouping: Arc::clone(step.groups.grouping()),
                of_patterns: step.is_patterns(),
            }),
            _ => None,
        }
    }

    /// The groups themselves, to be filled elsewhere.
    pub fn first_groups_mut(&mut self) -> Option<&mut Groups> {
        match self.steps.first_mut() {
            Some(Step::Group(step)) => Some(&mut step.groups),
            _ => None,
        }
    }

    /// Pushes a line: a cell for each of `reads`.
    pub fn push_row(&mut self, key: LineKey, cells: impl IntoIterator<Item = Cell>) -> Flow {
        let mut row = Row { key, cells: vec![Cell::Missing; self.lines.width()] };
        for (read, cell) in self.lines.reads().iter().zip(cells) {
            row.cells[read.slot] = cell;
        }
        self.feed(0, row)
    }

    /// Takes in what a clone was given: rows that come after the own ones. Only if `is_divisible`.
    pub fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.steps.iter_mut().zip(other.steps) {
            match (mine, theirs) {
                (Step::Group(mine), Step::Group(theirs)) => return mine.groups.merge(theirs.groups),
                (Step::Sort(mine), Step::Sort(theirs)) => return mine.merge(theirs),
                _ => {}
            }
        }
    }

    /// The answer.
    pub fn finish(mut self) -> Table {
        for index in 0..self.steps.len() {
            let rows = match &mut self.steps[index] {
                Step::Sort(sorter) => {
                    let (rows, has_lost) = sorter.finish();
                    self.warnings.extend(has_lost.then_some(Warning::SortedFirst { rows: rows.len() }));
                    rows
                }
                Step::Group(step) => {
                    let (rows, warnings) = step.finish(&self.range);
                    self.warnings.extend(warnings);
                    rows
                }
                _ => continue,
            };
            for row in rows {
                if self.feed(index + 1, row) == Flow::Enough {
                    break;
                }
            }
        }
        let is_lines = self.answers_lines();
        self.answer.finish(&self.last, is_lines, self.warnings)
    }

    /// Sends a row through the steps from this one on.
    fn feed(&mut self, from: usize, mut row: Row) -> Flow {
        let mut flow = Flow::More;
        for step in &mut self.steps[from..] {
            match step {
                Step::Where(filter) if !filter.matches(&row.cells) => return flow,
                Step::Where(_) => {}
                Step::Eval(evaluator) => evaluator.apply(&mut row),
                Step::Extract(extractor) => extractor.apply(&mut row),
                Step::Limit(0) => return Flow::Enough,
                Step::Limit(left) => {
                    *left -= 1;
                    flow = if *left == 0 { Flow::Enough } else { flow };
                }
                Step::Sort(sorter) => {
                    sorter.push(row);
                    return flow;
                }
                Step::Group(step) => {
                    step.push(&row, &self.range);
                    return flow;
                }
            }
        }
        if self.answer.push(row) == Flow::Enough { Flow::Enough } else { flow }
    }
}

/// Where the pipes ask for what is not there.
#[derive(Debug)]
pub struct PipelineError {
    /// Which pipe, from 0.
    pub pipe: usize,
    pub source: super::PipeError,
}

impl fmt::Display for PipelineError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "pipe {} of the query cannot work", self.pipe + 1)
    }
}

impl std::error::Error for PipelineError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// The time of a row, for the first and the last.
fn time_of(row: &Row, slot: Option<usize>) -> Timestamp {
    match slot.map(|slot| &row.cells[slot]) {
        Some(Cell::Time(time)) => *time,
        // A row of a table: by its place.
        _ => Timestamp::from_nanos(row.key as i64),
    }
}

/// The fields that a filter asks for; none if it asks for any.
fn fields_of(filter: &Filter, found: &mut Vec<FieldName>) {
    match filter {
        Filter::All | Filter::Filed(_) => {}
        Filter::And(parts) | Filter::Or(parts) => parts.iter().for_each(|part| fields_of(part, found)),
        Filter::Not(inner) => fields_of(inner, found),
        Filter::Is(condition) => found.push(condition.field.clone()),
    }
}
