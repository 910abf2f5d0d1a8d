//! Where the values of a line passed: for pages that show lines.
//!
//! Invariant: places lie inside the text of their value with escapes resolved, on the bounds of characters,
//! in order and without overlap; only conditions that the filter wants to hold give any. How many there are
//! is bounded. It does not show defaults: they are no part of the line.

use std::ops::Range;

use super::bound::passes;
use super::condition::Target;
use super::{BoundMatcher, Node};
use crate::line::{Field, Line, Role, ValueKind};
use crate::query::value::NumberUnits;

/// Of one value and one condition.
const PLACES_MAX: usize = 256;

/// What passed in one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Highlight<'a> {
    /// The place of the field among those of the line.
    pub field: usize,
    pub name: &'a str,
    /// Bytes of `Value::text`.
    pub places: Vec<Range<usize>>,
}

impl BoundMatcher<'_> {
    /// Where the values of a line passed.
    pub fn highlights<'a>(&self, line: Line<'a>) -> Vec<Highlight<'a>> {
        let mut wanted = Vec::new();
        collect(&self.matcher.root, true, &mut wanted);
        let fields = line.fields().enumerate();
        let highlights = fields.map(|(index, field)| Highlight {
            field: index,
            name: field.name_text,
            places: self.places(&wanted, line, &field),
        });
        highlights.filter(|highlight| !highlight.places.is_empty()).collect()
    }

    fn places(&self, conditions: &[usize], line: Line<'_>, field: &Field<'_>) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        for index in conditions {
            let condition = &self.matcher.conditions[*index];
            let is_asked = match condition.target {
                Target::Role(role) => fills(line, role, field),
                Target::Levels(_) | Target::Period(..) => false,
                Target::Any => !fills(line, Role::Time, field),
                Target::Named(_) | Target::Like(_) => self.asks(*index, field.name),
            };
            if !is_asked || !passes(&condition.test, field.value, NumberUnits::DEFAULT) {
                continue;
            }
            let text = field.value.text();
            match field.value.kind {
                ValueKind::Number if condition.test.asks_text() => places.push(0..text.len()),
                _ => places.extend(condition.test.places(&text, PLACES_MAX)),
            }
        }
        joined(places)
    }
}

/// Conditions that must hold, and not those that must not.
fn collect(node: &Node, wanted: bool, conditions: &mut Vec<usize>) {
    match node {
        Node::All | Node::Filed(_) => {}
        Node::And(parts) | Node::Or(parts) => {
            parts.iter().for_each(|part| collect(part, wanted, conditions));
        }
        Node::Not(inner) => collect(inner, !wanted, conditions),
        Node::Is(condition) if wanted => conditions.push(*condition),
        Node::Is(_) => {}
    }
}

fn fills(line: Line<'_>, role: Role, field: &Field<'_>) -> bool {
    line.role(role).is_some_and(|value| std::ptr::eq(value.raw, field.value.raw))
}

/// In order, those that touch made one.
fn joined(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.retain(|place| !place.is_empty());
    places.sort_unstable_by_key(|place| (place.start, place.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(places.len());
    for place in places {
        match joined.last_mut().filter(|last| last.end >= place.start) {
            Some(last) => last.end = last.end.max(place.end),
            None => joined.push(place),
        }
    }
    joined
}
