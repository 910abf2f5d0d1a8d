//! A filter compiled for groups: its conditions with what they ask of columns, and the matcher for the rest.
//!
//! Invariant: plan and matcher are made of the same filter. A plan knows no group, so that one serves all,
//! in any thread.

use std::ops::Bound;
use std::sync::Arc;

use antler_events::clock::Timestamp;
use antler_events::line::{Level, Role};
use antler_events::query::matcher::{Matcher, MatcherError};
use antler_events::query::tree::{Condition, FieldName, Filter};
use antler_events::query::value::{FieldKind, NamePattern, NumberUnits, ValueTest};

use crate::index::columns::column::ColumnHead;

/// A compiled filter.
#[derive(Debug)]
pub struct Plan {
    pub(super) root: Node,
    pub(super) matcher: Matcher,
}

#[derive(Debug)]
pub(super) enum Node {
    All,
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Is(Box<Leaf>),
}

/// A condition.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) target: Target,
    pub(super) test: ValueTest,
    /// Hashes of tokens that filters keep and every passing text has.
    pub(super) tokens: Vec<u64>,
}

/// Whose values a condition asks.
#[derive(Debug)]
pub(super) enum Target {
    Any,
    Role(Role),
    Named(Arc<str>),
    Like(NamePattern),
    /// Levels that pass; bit n is the level n.
    Levels(u8),
    /// The time of the row, first and last nanosecond.
    Period(i64, i64),
}

impl Plan {
    pub fn new(filter: &Filter) -> Result<Self, MatcherError> {
        let matcher = Matcher::new(filter)?;
        Ok(Self { root: Node::new(filter)?, matcher })
    }

    /// The time in which all rows that pass lie, as far as the filter itself bounds it.
    pub fn period(&self) -> (i64, i64) {
        self.root.period()
    }
}

impl Node {
    /// The matcher has bounded depth and count before.
    fn new(filter: &Filter) -> Result<Self, MatcherError> {
        let all = |parts: &[Filter]| parts.iter().map(Self::new).collect::<Result<Vec<_>, _>>();
        Ok(match filter {
            Filter::All => Self::All,
            Filter::And(parts) => {
                let mut parts = all(parts)?;
                parts.sort_by_key(Self::cost);
                Self::And(parts)
            }
            Filter::Or(parts) => Self::Or(all(parts)?),
            Filter::Not(inner) => Self::Not(Box::new(Self::new(inner)?)),
            Filter::Is(condition) => Self::Is(Box::new(Leaf::new(condition)?)),
        })
    }

    /// A rank among the parts of an And: what is cheap and narrow comes first.
    fn cost(&self) -> u32 {
        match self {
            Self::All => 0,
            Self::Is(leaf) => leaf.cost(),
            Self::And(parts) => parts.first().map_or(0, Self::cost),
            Self::Or(parts) => parts.iter().map(Self::cost).max().unwrap_or(0) + 1,
            Self::Not(inner) => inner.cost() + 100,
        }
    }

    fn period(&self) -> (i64, i64) {
        match self {
            Self::And(parts) => parts.iter().fold((i64::MIN, i64::MAX), |(first, last), part| {
                let (from, to) = part.period();
                (first.max(from), last.min(to))
            }),
            Self::Is(leaf) => match leaf.target {
                Target::Period(first, last) => (first, last),
                _ => (i64::MIN, i64::MAX),
            },
            _ => (i64::MIN, i64::MAX),
        }
    }
}

impl Leaf {
    fn new(condition: &Condition) -> Result<Self, MatcherError> {
        let kind = match condition.field {
            FieldName::Any => FieldKind::Any,
            FieldName::Role(Role::Message) => FieldKind::Message,
            _ => FieldKind::Other,
        };
        let test = ValueTest::new(&condition.test, kind)?;
        let target = match &condition.field {
            FieldName::Any => Target::Any,
            FieldName::Named(name) => Target::Named(Arc::clone(name)),
            FieldName::Like(wildcard) => Target::Like(NamePattern::new(wildcard)?),
            FieldName::Role(role) => target_of_role(*role, &test),
        };
        let tokens = test.required_tokens();
        Ok(Self { target, test, tokens })
    }

    fn cost(&self) -> u32 {
        match self.target {
            Target::Period(..) => 0,
            Target::Levels(_) => 1,
            Target::Role(Role::Message) => 4,
            Target::Role(_) => 2,
            Target::Named(_) => 3,
            Target::Like(_) => 8,
            // A token that the filter does not have ends it at once.
            Target::Any if !self.tokens.is_empty() => 5,
            Target::Any => 10,
        }
    }

    /// Whether the values of a column may be asked; a role is known by shapes only.
    pub(super) fn asks(&self, head: &ColumnHead) -> bool {
        match &self.target {
            Target::Any => true,
            Target::Named(name) => *name == head.name,
            Target::Like(pattern) => pattern.matches(&head.name),
            Target::Role(_) | Target::Levels(_) | Target::Period(..) => false,
        }
    }

    /// The role whose value is asked.
    pub(super) fn role(&self) -> Option<Role> {
        match self.target {
            Target::Role(role) => Some(role),
            Target::Levels(_) => Some(Role::Level),
            Target::Period(..) => Some(Role::Time),
            _ => None,
        }
    }

    /// Units of the numbers of a column. A role has none.
    pub(super) fn units(&self, head: &ColumnHead) -> NumberUnits {
        if self.role().is_some() { NumberUnits::DEFAULT } else { NumberUnits::of_name(&head.name) }
    }
}

fn target_of_role(role: Role, test: &ValueTest) -> Target {
    match role {
        Role::Level => test.levels().map_or(Target::Role(role), |range| Target::Levels(levels(range))),
        Role::Time => test.times().map_or(Target::Role(role), period),
        _ => Target::Role(role),
    }
}

fn levels(range: (Bound<Level>, Bound<Level>)) -> u8 {
    use std::ops::RangeBounds as _;
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
