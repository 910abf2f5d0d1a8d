//! A filter compiled for groups: its conditions with what they ask of columns, and the matcher for the rest.
//!
//! Invariant: plan and matcher are made of the same filter. A plan knows no group, so that one serves all,
//! in any thread.

use std::sync::OnceLock;

use antler_events::access::StreamPatterns;
use antler_events::line::Role;
use antler_events::query::matcher::{CompiledCondition, Matcher, MatcherError, Target};
use antler_events::query::text::{FILTERED_NUMBER_BYTES_MIN, is_token_byte};
use antler_events::query::tree::{Condition, Filter, Test};
use antler_events::query::value::{Automaton, NumberUnits, Piece};

use super::templates::Required;
use crate::index::columns::column::{Class, ColumnHead};

/// Beside other costs: it reads four columns and makes a name of them.
const FILED_COST: u32 = 50;

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
    Filed(StreamPatterns),
}

/// A condition.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) condition: CompiledCondition,
    /// Hashes of tokens that filters keep and every passing text has.
    pub(super) tokens: Vec<u64>,
    /// The longest token with a digit that every passing text has: few texts do.
    pub(super) rare_token: Option<Box<[u8]>>,
    /// Whether numbers may pass.
    numbers: bool,
    /// Made when texts with templates are asked first.
    automaton: OnceLock<Option<Automaton>>,
    /// The same.
    required: OnceLock<Required>,
}

impl Plan {
    pub fn new(filter: &Filter) -> Result<Self, MatcherError> {
        let matcher = Matcher::new(filter)?;
        Ok(Self { root: Node::new(filter)?, matcher })
    }

    /// Whether every line that passes has a token that few lines have.
    pub(super) fn is_rare(&self) -> bool {
        self.root.is_rare()
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
            Filter::Filed(streams) => Self::Filed(streams.clone()),
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
            Self::Filed(_) => FILED_COST,
        }
    }

    fn is_rare(&self) -> bool {
        match self {
            Self::And(parts) => parts.iter().any(Self::is_rare),
            Self::Is(leaf) => leaf.rare_token.is_some(),
            Self::All | Self::Or(_) | Self::Not(_) | Self::Filed(_) => false,
        }
    }

    fn period(&self) -> (i64, i64) {
        match self {
            Self::And(parts) => parts.iter().fold((i64::MIN, i64::MAX), |(first, last), part| {
                let (from, to) = part.period();
                (first.max(from), last.min(to))
            }),
            Self::Is(leaf) => match leaf.condition.target {
                Target::Period(first, last) => (first, last),
                _ => (i64::MIN, i64::MAX),
            },
            _ => (i64::MIN, i64::MAX),
        }
    }
}

impl Leaf {
    fn new(condition: &Condition) -> Result<Self, MatcherError> {
        let asked = &condition.test;
        let condition = CompiledCondition::new(condition)?;
        let tokens = condition.test.required_tokens();
        let numbers = match asked {
            Test::Text(_) => condition.test.asks_number(),
            Test::Network(_) => false,
            _ => true,
        };
        let rare_token = condition.test.pieces().iter().flat_map(rare_tokens).max_by_key(|token| token.len());
        let rare_token = rare_token.map(Into::into);
        Ok(Self {
            condition,
            tokens,
            rare_token,
            numbers,
            automaton: OnceLock::new(),
            required: OnceLock::new(),
        })
    }

    /// The test of texts as an automaton, if there is one.
    pub(super) fn automaton(&self) -> Option<&Automaton> {
        self.automaton.get_or_init(|| self.condition.test.automaton()).as_ref()
    }

    /// What every passing text has.
    pub(super) fn required(&self) -> &Required {
        self.required.get_or_init(|| Required::of(&self.condition.test))
    }

    fn cost(&self) -> u32 {
        match self.condition.target {
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

    /// Whether some value of a class may pass.
    pub(super) fn may_pass(&self, class: Class) -> bool {
        let test = &self.condition.test;
        match class {
            Class::Text | Class::EscapedText => true,
            Class::Number | Class::OtherNumber => self.numbers,
            Class::Flag => test.matches_literal(true) || test.matches_literal(false),
            Class::Whole | Class::Time => false,
        }
    }

    /// The role whose value is asked.
    pub(super) fn role(&self) -> Option<Role> {
        match self.condition.target {
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

/// Whole tokens of a piece that have a digit, are worth looking for, and are written in one way but for the case
/// of ASCII letters: of these only the k has another writing.
fn rare_tokens(piece: &Piece) -> impl Iterator<Item = &[u8]> {
    let bytes = piece.text.as_bytes();
    let mut end = 0;
    let tokens = bytes.split(|byte| !is_token_byte(*byte)).filter(move |token| {
        let start = end;
        end = start + token.len() + 1;
        (start > 0 || piece.begins_word) && (start + token.len() < bytes.len() || piece.ends_word)
    });
    let is_rare = |token: &&[u8]| {
        token.len() >= FILTERED_NUMBER_BYTES_MIN
            && token.iter().any(u8::is_ascii_digit)
            && token.iter().all(|byte| byte.is_ascii() && *byte != b'k')
    };
    tokens.filter(is_rare)
}
