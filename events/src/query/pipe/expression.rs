//! Expressions: what `eval` computes of a row.
//!
//! Invariant: an expression has a value for every row: where something is missing, is divided by zero or has
//! no sense, the value is missing. Numbers stay exact where `Number` does. Durations are numbers of milliseconds: a
//! literal `2s` is 2,000, and so is the difference of two times. A text that is made never grows beyond a bound.
//! It knows no names of columns while it computes: they are slots by then.

pub mod function;
pub(super) mod parse;
mod print;

#[cfg(test)]
pub(super) mod tests;

use std::cmp::Ordering;

use super::cell::{Cell, compare_folded};
use super::number::Number;
use crate::clock::Timestamp;
use crate::line::{Level, timestamp};
use crate::query::tree::FieldName;

pub use function::Function;

const NANOS_PER_MILLISECOND: i64 = 1_000_000;

/// A value that is computed. `F` is a name before the pipeline is built, then a slot of the row.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression<F = FieldName> {
    Field(F),
    Literal(Cell),
    Negative(Box<Self>),
    Not(Box<Self>),
    Binary(Operator, Box<Self>, Box<Self>),
    Call(Function, Vec<Self>),
}

/// An operator between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Plus,
    Minus,
    Times,
    Over,
    Remainder,
}

impl Operator {
    pub const ALL: [Self; 13] = [
        Self::Or,
        Self::And,
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessEqual,
        Self::Greater,
        Self::GreaterEqual,
        Self::Plus,
        Self::Minus,
        Self::Times,
        Self::Over,
        Self::Remainder,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::Over => "/",
            Self::Remainder => "%",
        }
    }

    /// How strongly it binds; comparisons do not chain, the others do from the left.
    pub(super) const fn strength(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal
            | Self::NotEqual
            | Self::Less
            | Self::LessEqual
            | Self::Greater
            | Self::GreaterEqual => 4,
            Self::Plus | Self::Minus => 5,
            Self::Times | Self::Over | Self::Remainder => 6,
        }
    }
}

impl<F> Expression<F> {
    /// The same with other names of fields.
    pub(super) fn with_fields<G, E>(
        &self,
        field: &mut impl FnMut(&F) -> Result<G, E>,
    ) -> Result<Expression<G>, E> {
        Ok(match self {
            Self::Field(name) => Expression::Field(field(name)?),
            Self::Literal(cell) => Expression::Literal(cell.clone()),
            Self::Negative(inner) => Expression::Negative(Box::new(inner.with_fields(field)?)),
            Self::Not(inner) => Expression::Not(Box::new(inner.with_fields(field)?)),
            Self::Binary(operator, left, right) => Expression::Binary(
                *operator,
                Box::new(left.with_fields(field)?),
                Box::new(right.with_fields(field)?),
            ),
            Self::Call(function, arguments) => {
                let arguments: Result<_, E> = arguments.iter().map(|one| one.with_fields(field)).collect();
                Expression::Call(*function, arguments?)
            }
        })
    }
}

impl Expression<usize> {
    /// The value for a row.
    pub fn evaluate(&self, row: &[Cell]) -> Cell {
        match self {
            Self::Field(slot) => row[*slot].clone(),
            Self::Literal(cell) => cell.clone(),
            Self::Negative(inner) => number(inner.evaluate(row).as_number().map(Number::negated)),
            Self::Not(inner) => Cell::Bool(!is_true(&inner.evaluate(row))),
            Self::Binary(Operator::And, left, right) => {
                Cell::Bool(is_true(&left.evaluate(row)) && is_true(&right.evaluate(row)))
            }
            Self::Binary(Operator::Or, left, right) => {
                Cell::Bool(is_true(&left.evaluate(row)) || is_true(&right.evaluate(row)))
            }
            Self::Binary(operator, left, right) => {
                binary(*operator, &left.evaluate(row), &right.evaluate(row))
            }
            Self::Call(function, arguments) => function.call(arguments, row),
        }
    }
}

/// Whether a condition holds: only `true` does.
pub fn is_true(cell: &Cell) -> bool {
    *cell == Cell::Bool(true)
}

/// A number that may not be there.
fn number(number: Option<Number>) -> Cell {
    number.map_or(Cell::Missing, Cell::Number)
}

fn binary(operator: Operator, left: &Cell, right: &Cell) -> Cell {
    let ordered = |holds: fn(Ordering) -> bool| Cell::Bool(compare(left, right).is_some_and(holds));
    match operator {
        Operator::Equal => Cell::Bool(compare(left, right) == Some(Ordering::Equal)),
        Operator::NotEqual => Cell::Bool(compare(left, right) != Some(Ordering::Equal)),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessEqual => ordered(Ordering::is_le),
        Operator::Greater => ordered(Ordering::is_gt),
        Operator::GreaterEqual => ordered(Ordering::is_ge),
        Operator::Plus => plus(left, right),
        Operator::Minus => minus(left, right),
        Operator::Times => arithmetic(left, right, Number::times),
        Operator::Over => arithmetic(left, right, Number::divided_by),
        Operator::Remainder => arithmetic(left, right, Number::remainder),
        Operator::And | Operator::Or => unreachable!("these do not evaluate both sides"),
    }
}

/// How two values compare: numbers by value, texts by their folded characters, a text with a time or a level as
/// one. None if they cannot be compared or one is missing.
pub fn compare(left: &Cell, right: &Cell) -> Option<Ordering> {
    match (left, right) {
        (Cell::Missing, _) | (_, Cell::Missing) => None,
        (Cell::Bool(one), Cell::Bool(other)) => Some(one.cmp(other)),
        (Cell::Time(one), Cell::Time(other)) => Some(one.cmp(other)),
        (Cell::Level(one), Cell::Level(other)) => Some(one.cmp(other)),
        (Cell::Time(one), Cell::Text(text)) => Some(one.cmp(&timestamp::parse(text.as_bytes(), *one)?)),
        (Cell::Level(one), Cell::Text(text)) => Some(one.cmp(&Level::parse(text.as_bytes())?)),
        (Cell::Text(_), Cell::Time(_) | Cell::Level(_)) => compare(right, left).map(Ordering::reverse),
        (Cell::Bool(_), Cell::Text(text)) | (Cell::Text(text), Cell::Bool(_)) => {
            let same = compare_folded(text, &left.to_string()).is_eq()
                && compare_folded(text, &right.to_string()).is_eq();
            same.then_some(Ordering::Equal)
        }
        _ => match (left.as_number(), right.as_number(), left, right) {
            (Some(one), Some(other), ..) => Some(one.cmp(&other)),
            (_, _, Cell::Text(one), Cell::Text(other)) => Some(compare_folded(one, other)),
            _ => None,
        },
    }
}

fn arithmetic(left: &Cell, right: &Cell, join: fn(Number, Number) -> Option<Number>) -> Cell {
    let joined = left.as_number().zip(right.as_number()).and_then(|(left, right)| join(left, right));
    number(joined)
}

/// Adds numbers, moves a time, or joins texts.
fn plus(left: &Cell, right: &Cell) -> Cell {
    match (left, right) {
        (Cell::Missing, _) | (_, Cell::Missing) => Cell::Missing,
        (Cell::Time(time), other) | (other, Cell::Time(time)) if other.as_number().is_some() => {
            moved(*time, other.as_number())
        }
        _ => match (left.as_number(), right.as_number()) {
            (Some(left), Some(right)) => number(left.plus(right)),
            _ => function::bounded(format!("{left}{right}")),
        },
    }
}

fn minus(left: &Cell, right: &Cell) -> Cell {
    match (left, right) {
        (Cell::Time(late), Cell::Time(early)) => {
            let nanos = i128::from(late.nanos()) - i128::from(early.nanos());
            Cell::Number(Number::rounded(nanos, 6))
        }
        (Cell::Time(time), other) => moved(*time, other.as_number().map(Number::negated)),
        _ => arithmetic(left, right, Number::minus),
    }
}

/// A time so many milliseconds later.
fn moved(time: Timestamp, milliseconds: Option<Number>) -> Cell {
    let nanos = milliseconds.and_then(|number| number.times(Number::integer(NANOS_PER_MILLISECOND)));
    let nanos = nanos.and_then(|nanos| nanos.rounded_to(0).as_decimal());
    let then = nanos.and_then(|(nanos, _)| time.nanos().checked_add(nanos));
    then.map_or(Cell::Missing, |nanos| Cell::Time(Timestamp::from_nanos(nanos)))
}
