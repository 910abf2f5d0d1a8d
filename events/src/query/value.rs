//! The test of a condition, compiled: whether one value passes it.
//!
//! The matcher asks it of the values of a line; an index asks it once for each text or number that it
//! keeps, and before that what a passing text must contain.
//! Invariant: it says of a value what `tree` says; what it compiles to is bounded, and a value costs time
//! linear in its length. Bytes that are no UTF-8 are replacement characters; white space is that of ASCII,
//! because bytes of other scripts are parts of words.
//! It does not know lines, names or roles: whoever asks says what kind of field the value is in.

use std::ops::{Bound, Range};

pub use self::automaton::{Automaton, Letters, State};
pub use self::finder::Finder;
pub use self::piece::{Piece, Prefilter, has_kelvin};
pub use self::units::NumberUnits;

use self::expression::Expression;
use self::needle::Needle;
use self::number::{Parts, Written};
use self::range::{Interval, Subject, is_in_network};
use self::wildcard::{Pattern, is_white_space};
use super::text::{is_filtered, token_hash};
use super::tree::{Network, Test, Wildcard};
use crate::clock::Timestamp;
use crate::line::Level;

mod automaton;
mod decimals;
mod expression;
mod finder;
mod needle;
mod number;
mod piece;
mod range;
pub mod units;
mod wildcard;

pub use self::decimals::Decimals;

#[cfg(test)]
mod tests;

/// What a value is to the condition that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// The message of a line, asked for by its role.
    Message,
    /// Any value of a line.
    Any,
    /// A value under a name or in another role.
    Other,
}

/// Why a test cannot be compiled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ValueTestError {
    #[error("the regular expression {expression:?} cannot be read")]
    Expression { expression: String, source: Box<regex::Error> },
    #[error("the regular expression {expression:?} takes too much memory; shorten its repetitions")]
    ExpressionTooLarge { expression: String },
    #[error("the wildcard of {length} characters takes too much memory; shorten it")]
    WildcardTooLarge { length: usize },
}

/// A compiled test.
#[derive(Debug, Clone)]
pub struct ValueTest {
    check: Check,
    /// Whether parts of a value may pass: it is a message, or any value.
    in_parts: bool,
    pieces: Vec<Piece>,
    prefilter: Option<Prefilter>,
}

#[derive(Debug, Clone)]
enum Check {
    Exists,
    Text {
        needle: Box<Needle>,
        /// The text as it was asked for, if it is a number as a whole.
        number: Option<Box<str>>,
    },
    Like(Box<Pattern>),
    Regex(Expression),
    Range(Box<Interval>),
    Network(Network),
}

impl ValueTest {
    pub fn new(test: &Test, kind: FieldKind) -> Result<Self, ValueTestError> {
        let check = match test {
            Test::Exists => Check::Exists,
            Test::Text(text) => {
                let number = Parts::of(text.as_bytes()).map(|_| (&**text).into());
                Check::Text { needle: Box::new(Needle::new(text)), number }
            }
            Test::Like(wildcard) => Check::Like(Box::new(Pattern::new(wildcard, true)?)),
            Test::Regex(source) => Check::Regex(Expression::new(source)?),
            Test::Range(lower, upper) => Check::Range(Box::new(Interval::new(lower, upper))),
            Test::Network(network) => Check::Network(*network),
        };
        let pieces = check.pieces();
        let prefilter = match &check {
            Check::Text { number: Some(number), .. } => Prefilter::of(number::whole_digits(number)),
            _ => Prefilter::of(pieces.iter().map(|piece| &*piece.text)),
        };
        Ok(Self { check, in_parts: kind != FieldKind::Other, pieces, prefilter })
    }

    /// Whether a text passes, escapes resolved.
    pub fn matches_text(&self, text: &[u8]) -> bool {
        match &self.check {
            Check::Exists => true,
            Check::Text { needle, .. } if self.in_parts => needle.is_in(text),
            Check::Text { needle, .. } => needle.is(text) || has_white_space(text) && needle.is_in(text),
            Check::Like(_) | Check::Regex(_) if !self.allows(text) => false,
            Check::Like(pattern) if self.in_parts => pattern.matches_part(text),
            Check::Like(pattern) => pattern.matches(text),
            Check::Regex(expression) => expression.is_in(text),
            Check::Range(interval) => interval.contains(Subject { text, units: None, time: None }),
            Check::Network(network) => is_in_network(text, *network),
        }
    }

    /// Whether a number passes, as it is written; `units` are those of its name.
    pub fn matches_number(&self, text: &[u8], units: NumberUnits) -> bool {
        match &self.check {
            Check::Text { number, .. } => number.as_deref().is_some_and(|wanted| same(wanted, text)),
            Check::Range(interval) => interval.contains(Subject { text, units: Some(units), time: None }),
            Check::Network(_) => false,
            Check::Exists | Check::Like(_) | Check::Regex(_) => self.matches_text(text),
        }
    }

    /// The same for `mantissa / 10^scale`, written without a power.
    pub fn matches_decimal(&self, mantissa: i64, scale: u8, units: NumberUnits) -> bool {
        let mut room: Written = [0; size_of::<Written>()];
        self.matches_number(number::write(mantissa, scale, &mut room), units)
    }

    /// Whether `true` or `false` passes.
    pub fn matches_literal(&self, literal: bool) -> bool {
        self.matches_text(if literal { b"true" } else { b"false" })
    }

    /// Whether the time of a line passes. `text` is how its sender wrote it, `number` whether as a number;
    /// of a line without a time of its own it is the arrival as `Timestamp` displays it.
    pub fn matches_time(&self, time: Timestamp, text: &[u8], number: bool) -> bool {
        match &self.check {
            Check::Range(interval) => {
                let units = number.then_some(NumberUnits::DEFAULT);
                interval.contains(Subject { text, units, time: Some(time) })
            }
            _ if number => self.matches_number(text, NumberUnits::DEFAULT),
            _ => self.matches_text(text),
        }
    }

    /// Hashes of tokens that every passing text has, by `text::token_hash`; so has every passing number that
    /// is written without a power of ten.
    pub fn required_tokens(&self) -> Vec<u64> {
        match &self.check {
            Check::Text { number: Some(number), .. } => {
                let digits = number::whole_digits(number).filter(|digits| is_filtered(digits.as_bytes()));
                digits.map(|digits| token_hash(digits.as_bytes())).into_iter().collect()
            }
            _ => self.pieces.iter().flat_map(Piece::tokens).collect(),
        }
    }

    /// What every passing text contains; nothing is known if there are none.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The test as an automaton over texts, if it is for texts and small enough; it costs some time to make.
    pub fn automaton(&self) -> Option<Automaton> {
        match &self.check {
            Check::Regex(expression) => Automaton::new(expression.source()),
            Check::Text { needle, .. } => Automaton::new(&automaton::words(needle.folded(), self.in_parts)?),
            Check::Like(pattern) => Automaton::new(&automaton::wildcard(pattern.source(), self.in_parts)?),
            Check::Exists | Check::Range(_) | Check::Network(_) => None,
        }
    }

    /// Which mantissas of numbers with this scale pass.
    pub fn decimals(&self, scale: u8, units: NumberUnits) -> Decimals {
        decimals::passing(&self.check, scale, units)
    }

    /// The time in which lines pass, if the test is for nothing else.
    pub fn times(&self) -> Option<(Bound<Timestamp>, Bound<Timestamp>)> {
        match &self.check {
            Check::Range(interval) => interval.times(),
            _ => None,
        }
    }

    /// The levels that pass, if the test is for nothing else.
    pub fn levels(&self) -> Option<(Bound<Level>, Bound<Level>)> {
        match &self.check {
            Check::Range(interval) => interval.levels(),
            _ => None,
        }
    }

    /// Whether the unit of a name matters to numbers.
    pub fn asks_units(&self) -> bool {
        matches!(&self.check, Check::Range(interval) if interval.has_units())
    }

    /// Whether every value passes.
    pub fn is_exists(&self) -> bool {
        matches!(self.check, Check::Exists)
    }

    /// Where a text passes: words, patterns and expressions, at most `count_max` places, in order.
    pub fn places(&self, text: &str, count_max: usize) -> Vec<Range<usize>> {
        match &self.check {
            _ if !self.matches_text(text.as_bytes()) => Vec::new(),
            Check::Text { needle, .. } => needle.places(text, count_max),
            Check::Like(pattern) if self.in_parts => pattern.matching_parts(text, count_max),
            Check::Like(_) => std::iter::once(0..text.len()).collect(),
            Check::Regex(expression) => expression.places(text, count_max),
            Check::Exists | Check::Range(_) | Check::Network(_) => Vec::new(),
        }
    }

    /// Whether a passing value can stand in this JSON, as far as a quick look tells; but for numbers that are
    /// written with a power of ten, if `asks_number`.
    pub(super) fn allows_json(&self, json: &[u8]) -> bool {
        self.prefilter.as_ref().is_none_or(|prefilter| prefilter.allows_json(json))
    }

    /// Whether numbers are compared by what they count, however they are written.
    pub fn asks_number(&self) -> bool {
        matches!(self.check, Check::Text { number: Some(_), .. })
    }

    /// Whether it costs much to ask: a rank among tests.
    pub(super) fn cost(&self) -> u32 {
        match &self.check {
            Check::Exists => 0,
            Check::Text { .. } => 2,
            Check::Range(_) | Check::Network(_) => 3,
            Check::Like(_) => 4,
            Check::Regex(_) => {
                if self.prefilter.is_some() {
                    5
                } else {
                    8
                }
            }
        }
    }

    /// Whether it is for words anywhere in a value: a part of the value that has them is enough.
    pub fn is_for_words(&self) -> bool {
        self.in_parts && matches!(self.check, Check::Text { .. })
    }

    /// Whether it is for what a value says, and not for where it lies.
    pub(super) fn asks_text(&self) -> bool {
        matches!(self.check, Check::Text { .. } | Check::Like(_) | Check::Regex(_))
    }

    fn allows(&self, text: &[u8]) -> bool {
        self.prefilter.as_ref().is_none_or(|prefilter| prefilter.allows(text))
    }
}

impl Check {
    fn pieces(&self) -> Vec<Piece> {
        match self {
            Self::Text { needle, .. } if !needle.folded().is_empty() => {
                vec![Piece { text: needle.folded().into(), begins_word: true, ends_word: true }]
            }
            Self::Like(pattern) => pattern.pieces().to_vec(),
            Self::Regex(expression) => expression.pieces().to_vec(),
            Self::Exists | Self::Text { .. } | Self::Range(_) | Self::Network(_) => Vec::new(),
        }
    }
}

/// A wildcard over names, compared with their case.
#[derive(Debug, Clone)]
pub struct NamePattern(Pattern);

impl NamePattern {
    pub fn new(wildcard: &Wildcard) -> Result<Self, ValueTestError> {
        Pattern::new(wildcard, false).map(Self)
    }

    pub fn matches(&self, name: &str) -> bool {
        self.0.matches(name.as_bytes())
    }
}

/// Almost always there is neither white space nor a control character: that is seen without a branch.
fn has_white_space(text: &[u8]) -> bool {
    text.iter().fold(false, |found, byte| found | (*byte <= b' '))
        && text.iter().any(|byte| is_white_space(&char::from(*byte)))
}

/// Whether two texts are the same number.
fn same(wanted: &str, text: &[u8]) -> bool {
    wanted.as_bytes() == text
        || Parts::of(wanted.as_bytes())
            .zip(Parts::of(text))
            .is_some_and(|(wanted, found)| wanted.is_same(found))
}
