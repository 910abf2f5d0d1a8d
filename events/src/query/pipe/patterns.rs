//! `patterns`: messages that differ only in their variables, as one pattern with its count.
//!
//! Rows are gathered by the form of their text, and forms become patterns in the end. Invariant: a text has one form
//! whatever other texts there are, so an index can make it from its own templates, and parts can be merged.
//! What a pattern is says `query::pattern`.

use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;

use super::aggregate::{Function, Measure};
use super::cell::Cell;
use super::grouping::{Grouping, Key};
use super::number::Number;
use super::parse::{Parsed, Reader};
use super::print::write_name;
use super::{Pipe, name_of};
use crate::line::Role;
use crate::query::pattern::{Form, merge};
use crate::query::tree::FieldName;

/// Of which field, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patterns {
    /// The most frequent ones; none for all.
    pub rows: Option<u32>,
    pub field: FieldName,
}

pub(super) fn parse(reader: &mut Reader<'_, '_>) -> Parsed<Pipe> {
    let rows = reader.count();
    let field = if reader.at_end() {
        FieldName::Role(Role::Message)
    } else {
        reader.take_word("of");
        reader.name("the name of a field, or nothing for message")?
    };
    Ok(Pipe::Patterns(Patterns { rows, field }))
}

impl Patterns {
    /// The key is the form of the field.
    pub(super) fn grouping(&self) -> Grouping {
        let measure = |function, field: FieldName, name: &str| Measure {
            function,
            field: Some(field),
            name: name.into(),
        };
        let time = || FieldName::Role(Role::Time);
        let measures = vec![
            Measure::new(Function::Count, None),
            measure(Function::Minimum, time(), "first_seen"),
            measure(Function::Maximum, time(), "last_seen"),
            measure(Function::First, self.field.clone(), "example"),
        ];
        let key = Key { name: Arc::from("pattern"), ..Key::new(self.field.clone(), None) };
        Grouping { keys: vec![key], measures, only_complete: true }
    }

    /// The rows of patterns out of those of forms, the most frequent first.
    pub(super) fn choose(&self, rows: Vec<Vec<Cell>>) -> Vec<Vec<Cell>> {
        let forms: Vec<Form> = rows.iter().map(|row| row.first().map(form_of).unwrap_or_default()).collect();
        let merged = merge(&forms);
        let mut patterns: Vec<Option<Vec<Cell>>> = vec![None; merged.patterns.len()];
        for (row, pattern) in rows.into_iter().zip(&merged.of_form) {
            match &mut patterns[*pattern as usize] {
                Some(pattern) => take_in(pattern, row),
                none => *none = Some(row),
            }
        }
        let mut rows: Vec<Vec<Cell>> = Vec::with_capacity(patterns.len());
        for (row, form) in patterns.into_iter().zip(&merged.patterns) {
            let text = [Cell::text(&form.to_string())];
            rows.extend(row.map(|row| text.into_iter().chain(row.into_iter().skip(1)).collect()));
        }
        rows.sort_by_key(|row| Reverse(row.get(1).and_then(Cell::as_number)));
        rows.truncate(self.rows.map_or(usize::MAX, |rows| rows as usize));
        rows
    }
}

/// What rows are gathered by.
pub(super) fn key_of(text: &Cell) -> Cell {
    Cell::text(&Form::of_text(text.to_string().as_bytes()).to_string())
}

/// The form that a key shows.
fn form_of(key: &Cell) -> Form {
    Form::parse(&key.to_string())
}

/// Adds a row of the same pattern: counts are added, and the earliest line gives the example.
fn take_in(pattern: &mut [Cell], row: Vec<Cell>) {
    let ([_, count, first, last, example], Ok([_, more, earliest, latest, other])) =
        (pattern, <[Cell; 5]>::try_from(row))
    else {
        return;
    };
    let sum = |one: Number, other: Number| one.plus(other);
    if let Some(sum) = count.as_number().zip(more.as_number()).and_then(|(one, other)| sum(one, other)) {
        *count = Cell::Number(sum);
    }
    // What is missing stands last.
    if earliest < *first {
        (*first, *example) = (earliest, other);
    }
    if !latest.is_missing() && (last.is_missing() || latest > *last) {
        *last = latest;
    }
}

impl fmt::Display for Patterns {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("patterns")?;
        if let Some(rows) = self.rows {
            write!(out, " {rows}")?;
        }
        if self.field != FieldName::Role(Role::Message) {
            out.write_str(" of ")?;
            write_name(name_of(&self.field), out)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn rows_of_one_pattern_become_one() {
        let row = |pattern: &str, count, first, last| {
            let time = |nanos| Cell::Time(Timestamp::from_nanos(nanos));
            vec![
                Cell::text(pattern),
                Cell::count(count),
                time(first),
                time(last),
                Cell::text(&first.to_string()),
            ]
        };
        let rows = vec![
            row("bye", 4, 1, 2),
            row("for bob <num>", 1, 5, 6),
            row("for eve <num>", 2, 3, 9),
            row("for root <num>", 3, 4, 5),
        ];
        let all = Patterns { rows: None, field: FieldName::Role(Role::Message) };
        let expected = vec![row("for <*> <num>", 6, 3, 9), row("bye", 4, 1, 2)];
        assert_eq!(all.choose(rows.clone()), expected);
        let one = Patterns { rows: Some(1), ..all };
        assert_eq!(one.choose(rows), expected[..1]);
    }
}
