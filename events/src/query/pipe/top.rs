//! `top 10 path by service` and `rare 10 path`: the values that come most often, or least.
//!
//! Invariant: lines without a value are not counted; values that come as often stand in their own order. The
//! share is that of the lines counted, within each `by`. It does not hold the groups: `grouping` does.

use std::cmp::Reverse;
use std::fmt;

use super::Pipe;
use super::aggregate::{Function, Measure};
use super::cell::Cell;
use super::grouping::{Grouping, Key};
use super::number::Number;
use super::parse::{Parsed, Reader};
use super::print::write_names;
use crate::query::tree::FieldName;

/// What `top` without a number takes.
const ROWS: u32 = 10;

/// Which values are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Top {
    pub rows: u32,
    pub fields: Vec<FieldName>,
    /// Each of these has its own top.
    pub by: Vec<FieldName>,
    pub is_rare: bool,
}

pub(super) fn parse_top(reader: &mut Reader<'_, '_>) -> Parsed<Pipe> {
    parse(reader, false)
}

pub(super) fn parse_rare(reader: &mut Reader<'_, '_>) -> Parsed<Pipe> {
    parse(reader, true)
}

fn parse(reader: &mut Reader<'_, '_>, is_rare: bool) -> Parsed<Pipe> {
    let rows = reader.count().unwrap_or(ROWS);
    let fields = reader.names()?;
    let by = if reader.take_word("by") { reader.names()? } else { Vec::new() };
    if by.iter().any(|field| fields.contains(field)) {
        let message = "A field cannot stand before by and behind it: leave one out.";
        return Err(reader.fail(reader.peek().span, "name_twice", message.to_owned()));
    }
    Ok(Pipe::Top(Top { rows, fields, by, is_rare }))
}

impl Top {
    /// Counts of each `by` and value.
    pub(super) fn grouping(&self) -> Grouping {
        let keys = self.by.iter().chain(&self.fields).map(|field| Key::new(field.clone(), None)).collect();
        Grouping { keys, measures: vec![Measure::new(Function::Count, None)], only_complete: true }
    }

    /// The rows of the answer from those of the groups: the best of each `by`, and their share.
    pub(super) fn choose(&self, mut rows: Vec<Vec<Cell>>) -> Vec<Vec<Cell>> {
        let mut chosen = Vec::new();
        // The rows come in the order of their keys, so each `by` is a run.
        for of_one in rows.chunk_by_mut(|one, other| one[..self.by.len()] == other[..self.by.len()]) {
            let total: f64 = of_one.iter().map(|row| count(row).as_f64()).sum();
            if self.is_rare {
                of_one.sort_by_key(|row| count(row));
            } else {
                of_one.sort_by_key(|row| Reverse(count(row)));
            }
            chosen.extend(of_one.iter().take(self.rows as usize).map(|row| {
                let percent = Number::of(count(row).as_f64() / total * 100.0).unwrap_or(Number::ZERO);
                row.iter().cloned().chain([Cell::Number(percent.rounded_to(2))]).collect()
            }));
        }
        chosen
    }
}

fn count(row: &[Cell]) -> Number {
    row.last().and_then(Cell::as_number).unwrap_or(Number::ZERO)
}

impl fmt::Display for Top {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} ", if self.is_rare { "rare" } else { "top" }, self.rows)?;
        write_names(&self.fields, out)?;
        if !self.by.is_empty() {
            out.write_str(" by ")?;
            write_names(&self.by, out)?;
        }
        Ok(())
    }
}
