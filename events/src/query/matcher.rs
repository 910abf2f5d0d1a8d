//! A filter held against lines in memory: for the live tail, for alerts, and to verify what an index found.
//!
//! `condition` compiles the conditions of a filter; `bound` knows where their fields are in one batch and
//! answers for its lines; `highlight` says where they passed.
//! Invariant: the answer is that of `tree`, and what is cheap is asked first: roles and times before names,
//! names before all values. The arrival, which is the time of lines without one, is a value of `timestamp`
//! alone and not of a field of any name. It keeps no state between lines.

use crate::access::StreamPatterns;
use crate::event::lines::LineDefaults;
use crate::line::LineBatch;

use super::tree::{Condition, Filter, Test};
use super::value::ValueTestError;

mod bound;
mod condition;
mod highlight;

pub use self::bound::BoundMatcher;
pub use self::condition::{CompiledCondition, Target};
pub use self::highlight::Highlight;

#[cfg(test)]
mod tests;

/// Deepest filter: twice what the parser allows, because it may build two levels for one.
const DEPTH_MAX: usize = 64;
const CONDITIONS_MAX: usize = 10_000;
/// Finding the stream of a line looks at all its fields.
const FILED_COST: u32 = 1_000;
/// Regular expressions take up to three megabytes each.
const EXPRESSIONS_MAX: usize = 32;

/// Why a filter cannot be compiled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MatcherError {
    #[error(transparent)]
    Test(#[from] ValueTestError),
    #[error("the filter is nested deeper than {max} levels")]
    TooDeep { max: usize },
    #[error("the filter has more than {max} conditions")]
    TooManyConditions { max: usize },
    #[error("the filter has more than {max} regular expressions; join them with |")]
    TooManyExpressions { max: usize },
}

/// A compiled filter.
#[derive(Debug, Clone)]
pub struct Matcher {
    root: Node,
    conditions: Vec<CompiledCondition>,
}

#[derive(Debug, Clone)]
enum Node {
    All,
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    /// A condition by its place.
    Is(usize),
    /// Boxed, because it is rare.
    Filed(Box<StreamPatterns>),
}

impl Matcher {
    pub fn new(filter: &Filter) -> Result<Self, MatcherError> {
        let mut compiler = Compiler::default();
        let root = compiler.node(filter, 0)?;
        let mut matcher = Self { root: Node::All, conditions: compiler.conditions };
        matcher.root = matcher.ordered(root).0;
        Ok(matcher)
    }

    /// Finds the fields of the filter in a batch. `defaults` are what the sender said for all its lines.
    pub fn for_batch(&self, batch: &LineBatch, defaults: &LineDefaults) -> BoundMatcher<'_> {
        BoundMatcher::new(self, batch, defaults)
    }

    /// The node with what is cheap first, and what it costs to ask.
    fn ordered(&self, node: Node) -> (Node, u32) {
        match node {
            Node::All => (Node::All, 0),
            Node::Is(condition) => (Node::Is(condition), self.conditions[condition].cost()),
            Node::Filed(streams) => (Node::Filed(streams), FILED_COST),
            Node::Not(inner) => {
                let (inner, cost) = self.ordered(*inner);
                (Node::Not(Box::new(inner)), cost)
            }
            Node::And(parts) => {
                let (parts, cost) = self.all_ordered(parts);
                (Node::And(parts), cost)
            }
            Node::Or(parts) => {
                let (parts, cost) = self.all_ordered(parts);
                (Node::Or(parts), cost)
            }
        }
    }

    fn all_ordered(&self, parts: Vec<Node>) -> (Vec<Node>, u32) {
        let mut parts: Vec<_> = parts.into_iter().map(|part| self.ordered(part)).collect();
        parts.sort_by_key(|(_, cost)| *cost);
        let cost = parts.iter().fold(0u32, |sum, (_, cost)| sum.saturating_add(*cost));
        (parts.into_iter().map(|(part, _)| part).collect(), cost)
    }
}

#[derive(Debug, Default)]
struct Compiler {
    conditions: Vec<CompiledCondition>,
    expressions: usize,
}

impl Compiler {
    fn node(&mut self, filter: &Filter, depth: usize) -> Result<Node, MatcherError> {
        if depth > DEPTH_MAX {
            return Err(MatcherError::TooDeep { max: DEPTH_MAX });
        }
        Ok(match filter {
            Filter::All => Node::All,
            Filter::And(parts) => Node::And(self.nodes(parts, depth + 1)?),
            Filter::Or(parts) => Node::Or(self.nodes(parts, depth + 1)?),
            Filter::Not(inner) => Node::Not(Box::new(self.node(inner, depth + 1)?)),
            Filter::Is(condition) => self.condition(condition)?,
            Filter::Filed(streams) => Node::Filed(Box::new(streams.clone())),
        })
    }

    fn nodes(&mut self, parts: &[Filter], depth: usize) -> Result<Vec<Node>, MatcherError> {
        parts.iter().map(|part| self.node(part, depth)).collect()
    }

    fn condition(&mut self, condition: &Condition) -> Result<Node, MatcherError> {
        if self.conditions.len() >= CONDITIONS_MAX {
            return Err(MatcherError::TooManyConditions { max: CONDITIONS_MAX });
        }
        if matches!(condition.test, Test::Regex(_)) {
            self.expressions += 1;
        }
        if self.expressions > EXPRESSIONS_MAX {
            return Err(MatcherError::TooManyExpressions { max: EXPRESSIONS_MAX });
        }
        self.conditions.push(CompiledCondition::new(condition)?);
        Ok(Node::Is(self.conditions.len() - 1))
    }
}
