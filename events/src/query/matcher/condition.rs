//! A condition, compiled: which values it asks, in the cheapest way that there is, and what of them.
//!
//! Invariant: a level or a time is asked of what was read from the line, which is what the tree says of its
//! text. It knows no batch: `bound` does.

use std::ops::{Bound, RangeBounds as _};
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::line::{Level, Role};
use crate::query::tree::{Condition, FieldName};
use crate::query::value::{FieldKind, NamePattern, ValueTest, ValueTestError};

/// A condition that is ready to be asked, of lines or of an index.
#[derive(Debug, Clone)]
pub struct CompiledCondition {
    pub target: Target,
    pub test: ValueTest,
}

/// Whose values are asked.
#[derive(Debug, Clone)]
pub enum Target {
    Any,
    Role(Role),
    Named(Arc<str>),
    Like(NamePattern),
    /// The level of the line is one of these; bit n is the level n.
    Levels(u8),
    /// The time of the line is from the first to the last.
    Period(i64, i64),
}

impl CompiledCondition {
    pub fn new(condition: &Condition) -> Result<Self, ValueTestError> {
        let kind = match condition.field {
            FieldName::Any => FieldKind::Any,
            FieldName::Role(Role::Message) => FieldKind::Message,
            FieldName::Role(_) | FieldName::Named(_) | FieldName::Like(_) => FieldKind::Other,
        };
        let test = ValueTest::new(&condition.test, kind)?;
        let target = match &condition.field {
            FieldName::Any => Target::Any,
            FieldName::Role(role) => of_role(*role, &test),
            FieldName::Named(name) => Target::Named(Arc::clone(name)),
            FieldName::Like(wildcard) => Target::Like(NamePattern::new(wildcard)?),
        };
        Ok(Self { target, test })
    }

    /// A rank among conditions, by what they cost for a line.
    pub(super) fn cost(&self) -> u32 {
        let values = match self.target {
            Target::Levels(_) | Target::Period(..) => return 1,
            Target::Role(Role::Message) => 4,
            Target::Role(_) => 1,
            Target::Named(_) => 6,
            Target::Like(_) => 10,
            Target::Any => 20,
        };
        values * (1 + self.test.cost())
    }

    /// Whether a name is asked. Roles are not asked by a name.
    pub fn asks_name(&self, name: &str) -> bool {
        match &self.target {
            Target::Any => true,
            Target::Named(wanted) => **wanted == *name,
            Target::Like(pattern) => pattern.matches(name),
            Target::Role(_) | Target::Levels(_) | Target::Period(..) => false,
        }
    }

    /// Whether a role is asked that all lines of a batch may have from their sender.
    pub(super) fn asks_default(&self, role: Role) -> bool {
        match self.target {
            Target::Role(wanted) => wanted == role,
            Target::Levels(_) => role == Role::Level,
            _ => self.asks_name(role.synonyms()[0]),
        }
    }
}

fn of_role(role: Role, test: &ValueTest) -> Target {
    match role {
        Role::Level => test.levels().map_or(Target::Role(role), |range| Target::Levels(levels(range))),
        Role::Time => test.times().map_or(Target::Role(role), period),
        _ => Target::Role(role),
    }
}

fn levels(range: (Bound<Level>, Bound<Level>)) -> u8 {
    let inside = Level::ALL.into_iter().filter(|level| range.contains(level));
    inside.fold(0, |levels, level| levels | 1 << level as u8)
}

fn period((lower, upper): (Bound<Timestamp>, Bound<Timestamp>)) -> Target {
    let first = match lower {
        Bound::Unbounded => Some(i64::MIN),
        Bound::Included(time) => Some(time.nanos()),
        Bound::Excluded(time) => time.nanos().checked_add(1),
    };
    let last = match upper {
        Bound::Unbounded => Some(i64::MAX),
        Bound::Included(time) => Some(time.nanos()),
        Bound::Excluded(time) => time.nanos().checked_sub(1),
    };
    let (first, last) = first.zip(last).unwrap_or((1, 0));
    Target::Period(first, last)
}
