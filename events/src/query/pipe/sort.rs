//! `sort by a desc, b`: rows by the order of cells.
//!
//! Invariant: rows that are equal stay in the order in which they came, and what is missing stands last in either
//! direction. Never more than twice the rows that are asked for are held, nor more than `PipeLimits` allows;
//! what is lost to the limits is told. It does not know which columns are shown.

use std::cmp::Ordering;
use std::fmt;

use antler_config::limits::PipeLimits;

use super::cell::Cell;
use super::parse::{Parsed, Reader};
use super::pipeline::Row;
use super::print::write_name;
use super::scope::Scope;
use super::{Pipe, PipeError, name_of};
use crate::query::lexer::TokenKind;
use crate::query::tree::FieldName;

/// By what rows are sorted, the strongest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    pub by: Vec<SortKey>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    pub field: FieldName,
    pub descending: bool,
}

pub(super) fn parse(reader: &mut Reader<'_, '_>) -> Parsed<Pipe> {
    reader.take_word("by");
    let by = reader.list(|reader| {
        let minus = reader.take(TokenKind::Minus);
        let field = reader.name("the name of a field to sort by")?;
        let descending = reader.take_word("desc") || (!reader.take_word("asc") && minus);
        Ok(SortKey { field, descending })
    })?;
    Ok(Pipe::Sort(Sort { by }))
}

impl Sort {
    pub(super) fn compile(&self, scope: &mut Scope, limits: &PipeLimits) -> Result<Sorter, PipeError> {
        let key = |key: &SortKey| Ok((scope.read(&key.field)?, key.descending));
        Ok(Sorter {
            keys: self.by.iter().map(key).collect::<Result<_, PipeError>>()?,
            rows: Vec::new(),
            is_full: false,
            rows_max: limits.rows_max as usize,
            is_asked_for: false,
            bytes: 0,
            bytes_max: limits.row_bytes_max as usize,
            has_lost: false,
        })
    }
}

/// Rows on their way to an order.
#[derive(Debug, Clone)]
pub(super) struct Sorter {
    keys: Vec<(usize, bool)>,
    rows: Vec<Row>,
    /// Whether the first `rows_max` are in order, and in front of all that came before the others.
    is_full: bool,
    rows_max: usize,
    /// Whether no more rows are asked for, so that leaving out the others loses nothing.
    is_asked_for: bool,
    bytes: usize,
    bytes_max: usize,
    has_lost: bool,
}

impl Sorter {
    /// No more rows than these are asked for.
    pub(super) fn limit(&mut self, rows: u32) {
        if rows as usize <= self.rows_max {
            (self.rows_max, self.is_asked_for) = (rows as usize, true);
        }
    }

    pub(super) fn push(&mut self, row: Row) {
        if self.is_beyond(&row) {
            self.has_lost |= !self.is_asked_for;
            return;
        }
        self.bytes += row.bytes_held();
        self.rows.push(row);
        if self.rows.len() >= self.rows_max.saturating_mul(2) || self.bytes > self.bytes_max {
            self.prune();
        }
    }

    /// Whether enough rows stand in front of this one, which comes after them.
    fn is_beyond(&self, row: &Row) -> bool {
        let worst = self.rows_max.checked_sub(1).and_then(|last| self.rows.get(last));
        self.is_full && worst.is_some_and(|worst| compare(&self.keys, &row.cells, &worst.cells).is_ge())
    }

    /// Takes in the rows of a later part.
    pub(super) fn merge(&mut self, other: Self) {
        self.has_lost |= other.has_lost;
        other.rows.into_iter().for_each(|row| self.push(row));
    }

    /// The rows in their order, and whether others were lost to the limits.
    pub(super) fn finish(&mut self) -> (Vec<Row>, bool) {
        self.prune();
        (std::mem::take(&mut self.rows), self.has_lost)
    }

    /// Sorts, which keeps the order of equal rows, and leaves the first.
    fn prune(&mut self) {
        let Self { keys, rows, .. } = self;
        rows.sort_by(|one, other| compare(keys, &one.cells, &other.cells));
        if self.rows.len() > self.rows_max {
            self.has_lost |= !self.is_asked_for;
            self.rows.truncate(self.rows_max);
        }
        self.bytes = self.rows.iter().map(Row::bytes_held).sum();
        if self.bytes > self.bytes_max {
            // Half, so that the next rows do not sort again at once.
            self.rows.truncate((self.rows.len() / 2).max(1));
            self.has_lost = true;
            self.bytes = self.rows.iter().map(Row::bytes_held).sum();
        }
        self.is_full = self.rows.len() == self.rows_max;
    }
}

fn compare(keys: &[(usize, bool)], one: &[Cell], other: &[Cell]) -> Ordering {
    let by_key = |(slot, descending): &(usize, bool)| {
        let (one, other) = (&one[*slot], &other[*slot]);
        match (one.is_missing(), other.is_missing()) {
            (false, false) if *descending => other.cmp(one),
            (false, false) => one.cmp(other),
            (mine, theirs) => mine.cmp(&theirs),
        }
    };
    keys.iter().map(by_key).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

impl fmt::Display for Sort {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, key) in self.by.iter().enumerate() {
            out.write_str(if index > 0 { ", " } else { "sort by " })?;
            write_name(name_of(&key.field), out)?;
            out.write_str(if key.descending { " desc" } else { "" })?;
        }
        Ok(())
    }
}
