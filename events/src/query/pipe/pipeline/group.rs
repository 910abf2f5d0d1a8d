//! A step that gathers rows into groups: `stats`, `top`, `rare`, `uniq` and `patterns`.
//!
//! Invariant: what it gives is a table whose columns are those that `columns` says.
//! It does not bound memory: `Groups` does.

use std::sync::Arc;

use super::answer::Warning;
use super::{Context, Row, time_of};
use crate::line::Role;
use crate::query::pipe::cell::Cell;
use crate::query::pipe::grouping::{Grouping, Groups, TimeRange};
use crate::query::pipe::patterns::{Patterns, key_of};
use crate::query::pipe::scope::Scope;
use crate::query::pipe::top::Top;
use crate::query::pipe::{PipeError, name_of};
use crate::query::tree::FieldName;

/// Groups, and where their keys and values stand in a row.
#[derive(Debug, Clone)]
pub(super) struct GroupStep {
    pub groups: Groups,
    keys: Vec<usize>,
    values: Vec<Option<usize>>,
    time: Option<usize>,
    shape: Shape,
    /// Reused for each row.
    key: Vec<Cell>,
    value: Vec<Cell>,
}

/// What becomes of the rows of groups.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    AsTheyAre,
    Top(Top),
    Patterns(Patterns),
}

impl GroupStep {
    /// Reads rows with the names of one scope; gives the step, and the scope of its table.
    pub(super) fn new(
        grouping: Grouping,
        shape: Shape,
        scope: &mut Scope,
        context: &Context,
    ) -> Result<(Self, Scope), PipeError> {
        let is_patterns = matches!(shape, Shape::Patterns(_));
        let needs_time = grouping.measures.iter().any(|measure| measure.function.needs_time());
        let time = FieldName::Role(Role::Time);
        let time_slot = if needs_time { scope.read_of_line(&time) } else { None };
        let keys = grouping.keys.iter().map(|key| scope.read(&key.field)).collect::<Result<_, _>>()?;
        // When a pattern was seen is known as long as rows are lines.
        let value = |field: &Option<FieldName>| match field {
            Some(field) if is_patterns && *field == time => Ok(scope.read_of_line(field)),
            Some(field) => scope.read(field).map(Some),
            None => Ok(None),
        };
        let values =
            grouping.measures.iter().map(|measure| &measure.field).map(value).collect::<Result<_, _>>()?;
        let percent = matches!(shape, Shape::Top(_)).then(|| Arc::from("percent"));
        let columns: Vec<Arc<str>> = grouping.columns().cloned().chain(percent).collect();
        twice(&columns)?;
        let groups = Groups::new(Arc::new(grouping), &context.limits);
        let step = Self { groups, keys, values, time: time_slot, shape, key: Vec::new(), value: Vec::new() };
        Ok((step, Scope::of_table(&columns)))
    }

    pub(super) fn is_patterns(&self) -> bool {
        matches!(self.shape, Shape::Patterns(_))
    }

    pub(super) fn push(&mut self, row: &Row, range: &TimeRange) {
        let Self { groups, keys, values, shape, key, value, .. } = self;
        key.clear();
        let cut =
            |(key, slot): (&_, &usize)| crate::query::pipe::grouping::Key::of(key, &row.cells[*slot], range);
        key.extend(groups.grouping().keys.iter().zip(keys.iter()).map(cut));
        if let (Shape::Patterns(_), Some(text)) = (shape, key.first_mut().filter(|cell| !cell.is_missing())) {
            *text = key_of(text);
        }
        value.clear();
        value.extend(values.iter().map(|slot| slot.map_or(Cell::Missing, |slot| row.cells[slot].clone())));
        groups.add(key, value, 1, time_of(row, self.time));
    }

    /// The rows of the table, and what is wrong with them.
    pub(super) fn finish(&mut self, range: &TimeRange) -> (Vec<Row>, Vec<Warning>) {
        let empty = Groups::new(Arc::clone(self.groups.grouping()), &Default::default());
        let mut groups = std::mem::replace(&mut self.groups, empty);
        let mut warnings = Vec::new();
        if groups.lines_left_out() > 0 {
            warnings.push(Warning::GroupsLeftOut { groups: groups.len(), lines: groups.lines_left_out() });
        }
        let estimates = groups.are_estimates();
        for (measure, _) in groups.grouping().measures.iter().zip(estimates).filter(|of| of.1) {
            let (column, function) = (Arc::clone(&measure.name), measure.function);
            warnings.push(Warning::Estimated { column, function });
        }
        let rows = groups.finish(range);
        let rows = match &self.shape {
            Shape::AsTheyAre => rows,
            Shape::Top(top) => top.choose(rows),
            Shape::Patterns(patterns) => patterns.choose(rows),
        };
        let row = |(place, cells)| Row { key: place as u128, cells };
        (rows.into_iter().enumerate().map(row).collect(), warnings)
    }
}

fn twice(columns: &[Arc<str>]) -> Result<(), PipeError> {
    for (index, name) in columns.iter().enumerate() {
        let field = FieldName::named(name);
        if columns[..index].iter().any(|other| FieldName::named(other) == field) {
            return Err(PipeError::ColumnTwice { name: name_of(&field).to_owned() });
        }
    }
    Ok(())
}
