//! The scope: which columns a pipe can name, and where in the row they stand.
//!
//! Invariant: a name means the last thing that was computed under it, else the field of the line while rows are
//! lines. What was dropped, and what a table does not have, is an error that says what there is.
//! It holds no values.

use std::sync::Arc;

use super::{PipeError, name_of};
use crate::query::tree::FieldName;

/// Columns of the rows between two pipes.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    /// In the order in which they are shown.
    columns: Vec<(FieldName, usize)>,
    hidden: Vec<FieldName>,
    /// Whether rows are lines, whose other fields can be read.
    open: bool,
    /// Whether rows are lines, perhaps with some of their fields only.
    of_lines: bool,
    /// Slots of a row.
    width: usize,
    reads: Vec<Read>,
}

/// A field that is read from a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    pub field: FieldName,
    /// Whether the field is shown in the answer and nothing is computed from it: then it can be left missing, and
    /// read for the lines of the answer only.
    pub shown_only: bool,
    /// Where in the row it stands.
    pub(super) slot: usize,
}

impl Scope {
    /// Rows are lines.
    pub(super) fn of_lines() -> Self {
        Self {
            columns: Vec::new(),
            hidden: Vec::new(),
            open: true,
            of_lines: true,
            width: 0,
            reads: Vec::new(),
        }
    }

    /// Rows are those of a table.
    pub(super) fn of_table<'a>(columns: impl IntoIterator<Item = &'a Arc<str>>) -> Self {
        let columns: Vec<_> =
            columns.into_iter().enumerate().map(|(slot, name)| (FieldName::named(name), slot)).collect();
        Self {
            width: columns.len(),
            columns,
            hidden: Vec::new(),
            open: false,
            of_lines: false,
            reads: Vec::new(),
        }
    }

    /// Whether rows are lines with all their fields.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn reads(&self) -> &[Read] {
        &self.reads
    }

    pub(super) fn columns(&self) -> &[(FieldName, usize)] {
        &self.columns
    }

    pub(super) fn hidden(&self) -> &[FieldName] {
        &self.hidden
    }

    /// Whether the name means a field of the line.
    pub(super) fn is_of_line(&self, field: &FieldName) -> bool {
        let read = |slot: usize| self.reads.iter().any(|read| read.slot == slot);
        match self.find(field) {
            Some(slot) => read(slot),
            None => self.open && !self.hidden.contains(field),
        }
    }

    /// The slot of a field that something is computed from.
    pub(super) fn read(&mut self, field: &FieldName) -> Result<usize, PipeError> {
        let slot = self.slot(field)?;
        self.reads.iter_mut().filter(|read| read.slot == slot).for_each(|read| read.shown_only = false);
        Ok(slot)
    }

    /// The slot of a field of the line, whatever its name means by now; none if rows are no lines.
    pub(super) fn read_of_line(&mut self, field: &FieldName) -> Option<usize> {
        if !self.of_lines {
            return None;
        }
        if let Some(read) = self.reads.iter_mut().find(|read| read.field == *field) {
            read.shown_only = false;
            return Some(read.slot);
        }
        let slot = self.width;
        self.width += 1;
        self.reads.push(Read { field: field.clone(), shown_only: false, slot });
        Some(slot)
    }

    /// A slot for a column that is computed; later pipes mean it by the name.
    pub(super) fn define(&mut self, field: &FieldName) -> usize {
        let slot = self.width;
        self.width += 1;
        self.hidden.retain(|hidden| hidden != field);
        match self.columns.iter_mut().find(|(name, _)| name == field) {
            Some(column) => column.1 = slot,
            None => self.columns.push((field.clone(), slot)),
        }
        slot
    }

    /// Leaves these columns, in this order.
    pub(super) fn keep(&mut self, fields: &[FieldName]) -> Result<(), PipeError> {
        let mut kept: Vec<(FieldName, usize)> = Vec::new();
        for field in fields {
            let slot = self.slot(field)?;
            if !kept.iter().any(|(name, _)| name == field) {
                kept.push((field.clone(), slot));
            }
        }
        (self.columns, self.open) = (kept, false);
        Ok(())
    }

    /// Takes these columns away.
    pub(super) fn hide(&mut self, fields: &[FieldName]) -> Result<(), PipeError> {
        for field in fields {
            if !self.open {
                self.slot(field)?;
            }
            self.columns.retain(|(name, _)| name != field);
            if self.open && !self.hidden.contains(field) {
                self.hidden.push(field.clone());
            }
        }
        Ok(())
    }

    fn find(&self, field: &FieldName) -> Option<usize> {
        self.columns.iter().find(|(name, _)| name == field).map(|(_, slot)| *slot)
    }

    fn slot(&mut self, field: &FieldName) -> Result<usize, PipeError> {
        if let Some(slot) = self.find(field) {
            return Ok(slot);
        }
        if !self.open || self.hidden.contains(field) {
            return Err(self.unknown(field));
        }
        let slot = self.width;
        self.width += 1;
        self.columns.push((field.clone(), slot));
        self.reads.push(Read { field: field.clone(), shown_only: true, slot });
        Ok(slot)
    }

    fn unknown(&self, field: &FieldName) -> PipeError {
        let known = self.columns.iter().map(|(name, _)| name_of(name).to_owned()).collect();
        PipeError::UnknownColumn { name: name_of(field).to_owned(), known, dropped: self.open }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> FieldName {
        FieldName::named(name)
    }

    #[test]
    fn a_name_means_what_was_computed_last() {
        let mut scope = Scope::of_lines();
        let of_line = scope.read(&named("a")).unwrap();
        let computed = scope.define(&named("a"));
        assert_ne!(of_line, computed);
        assert_eq!(scope.read(&named("a")), Ok(computed));
        assert!(!scope.is_of_line(&named("a")) && scope.is_of_line(&named("b")));
    }

    #[test]
    fn what_was_dropped_cannot_be_named_until_it_is_computed() {
        let mut scope = Scope::of_lines();
        scope.hide(&[named("a")]).unwrap();
        assert!(matches!(scope.read(&named("a")), Err(PipeError::UnknownColumn { dropped: true, .. })));
        let computed = scope.define(&named("a"));
        assert_eq!(scope.read(&named("a")), Ok(computed));
    }

    #[test]
    fn fields_close_the_scope_and_say_what_is_only_shown() {
        let mut scope = Scope::of_lines();
        scope.read(&named("b")).unwrap();
        scope.keep(&[named("a"), named("b"), named("a")]).unwrap();
        assert!(scope.read(&named("c")).is_err() && scope.hide(&[named("c")]).is_err());
        let shown_only: Vec<_> = scope.reads().iter().map(|read| read.shown_only).collect();
        assert_eq!((scope.columns().len(), shown_only), (2, vec![false, true]));
    }
}
