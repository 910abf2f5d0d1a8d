//! `where` on rows: a filter held against cells.
//!
//! Invariant: a cell passes a test as the value of a line would that it came from or could come from: `tree` says
//! how. What can be asked of lines is asked there and not here, where a field has only its first value.
//! It does not test values itself: `value` does.

use super::cell::Cell;
use super::scope::Scope;
use super::{PipeError, name_of};
use crate::line::Role;
use crate::query::tree::{Condition, FieldName, Filter, Test};
use crate::query::value::{FieldKind, NumberUnits, ValueTest};

/// A filter over slots.
#[derive(Debug, Clone)]
pub(super) enum RowFilter {
    All,
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    /// Some cell passes.
    Some(Vec<CellTest>),
}

#[derive(Debug, Clone)]
pub(super) struct CellTest {
    slot: usize,
    test: ValueTest,
    units: NumberUnits,
}

impl RowFilter {
    pub(super) fn compile(filter: &Filter, scope: &mut Scope) -> Result<Self, PipeError> {
        let mut all =
            |parts: &[Filter]| parts.iter().map(|part| Self::compile(part, scope)).collect::<Result<_, _>>();
        Ok(match filter {
            Filter::All => Self::All,
            Filter::And(parts) => Self::And(all(parts)?),
            Filter::Or(parts) => Self::Or(all(parts)?),
            Filter::Not(inner) => Self::Not(Box::new(Self::compile(inner, scope)?)),
            Filter::Is(condition) => Self::Some(tests(condition, scope)?),
            Filter::Filed(_) => return Err(PipeError::WholeLine),
        })
    }

    pub(super) fn matches(&self, cells: &[Cell]) -> bool {
        match self {
            Self::All => true,
            Self::And(parts) => parts.iter().all(|part| part.matches(cells)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(cells)),
            Self::Not(inner) => !inner.matches(cells),
            Self::Some(tests) => tests.iter().any(|test| test.passes(&cells[test.slot])),
        }
    }
}

/// A test for each column that the name means: the one, or all that it matches.
fn tests(condition: &Condition, scope: &mut Scope) -> Result<Vec<CellTest>, PipeError> {
    let Condition { field, test } = condition;
    let fields: Vec<FieldName> = match field {
        FieldName::Any | FieldName::Like(_) if scope.is_open() => return Err(PipeError::WholeLine),
        FieldName::Any => scope.columns().iter().map(|(field, _)| field.clone()).collect(),
        FieldName::Like(pattern) => {
            // In the answer of pipes names with wildcards know no case.
            let names = ValueTest::new(&Test::Like(pattern.clone()), FieldKind::Other)?;
            let is_meant = |field: &FieldName| names.matches_text(name_of(field).as_bytes());
            scope.columns().iter().map(|(field, _)| field).filter(|field| is_meant(field)).cloned().collect()
        }
        one => vec![one.clone()],
    };
    let kind = |column: &FieldName| match (field, column) {
        (FieldName::Any, _) => FieldKind::Any,
        (_, FieldName::Role(Role::Message)) => FieldKind::Message,
        _ => FieldKind::Other,
    };
    let cell_test = |column: &FieldName| {
        Ok(CellTest {
            slot: scope.read(column)?,
            test: ValueTest::new(test, kind(column))?,
            units: NumberUnits::of_name(name_of(column)),
        })
    };
    fields.iter().map(cell_test).collect()
}

impl CellTest {
    fn passes(&self, cell: &Cell) -> bool {
        match cell {
            Cell::Missing => false,
            Cell::Bool(value) => self.test.matches_literal(*value),
            Cell::Number(number) => match number.as_decimal() {
                Some((mantissa, scale)) => self.test.matches_decimal(mantissa, scale, self.units),
                None => self.test.matches_number(number.to_string().as_bytes(), self.units),
            },
            Cell::Time(time) => self.test.matches_time(*time, time.to_string().as_bytes(), false),
            Cell::Level(level) => self.test.matches_text(level.as_str().as_bytes()),
            Cell::Text(text) => self.test.matches_text(text.as_bytes()),
        }
    }
}
