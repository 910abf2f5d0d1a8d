//! Expressions as text.
//!
//! Invariant: what is printed reads as the same expression, with no more parentheses than that needs.
//! It does not keep how its author wrote it.

use std::fmt;

use super::{Cell, Expression};
use crate::query::pipe::name_of;
use crate::query::pipe::print::{is_plain_name, write_quoted};

/// Strength of what needs no parentheses anywhere.
const ATOM: u8 = 8;
const UNARY: u8 = 7;
const NOT: u8 = 3;

impl fmt::Display for Expression {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_at(self, 0, out)
    }
}

/// Writes an operand of something of this strength.
fn write_at(expression: &Expression, strength: u8, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    if strength_of(expression) < strength {
        out.write_str("(")?;
        write_bare(expression, out)?;
        return out.write_str(")");
    }
    write_bare(expression, out)
}

fn strength_of(expression: &Expression) -> u8 {
    match expression {
        Expression::Binary(operator, ..) => operator.strength(),
        Expression::Not(_) => NOT,
        Expression::Negative(_) => UNARY,
        _ => ATOM,
    }
}

fn write_bare(expression: &Expression, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    match expression {
        Expression::Field(field) => match name_of(field) {
            name if is_plain_name(name) && !is_keyword(name) => out.write_str(name),
            name => write_quoted(name, '`', out),
        },
        Expression::Literal(cell) => write_literal(cell, out),
        Expression::Negative(inner) => {
            out.write_str("-")?;
            // `--a` would read as one thing or the other, and `-1` as a literal.
            let bare = matches!(**inner, Expression::Field(_) | Expression::Call(..));
            write_at(inner, if bare { ATOM } else { ATOM + 1 }, out)
        }
        Expression::Not(inner) => {
            out.write_str("not ")?;
            write_at(inner, NOT, out)
        }
        Expression::Binary(operator, left, right) => {
            let strength = operator.strength();
            // Comparisons do not chain, so both sides of one are stronger.
            write_at(left, strength + u8::from(strength == 4), out)?;
            write!(out, " {} ", operator.as_str())?;
            write_at(right, strength + 1, out)
        }
        Expression::Call(function, arguments) => {
            write!(out, "{}(", function.name())?;
            for (index, argument) in arguments.iter().enumerate() {
                out.write_str(if index > 0 { ", " } else { "" })?;
                write_at(argument, 0, out)?;
            }
            out.write_str(")")
        }
    }
}

fn write_literal(cell: &Cell, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    match cell {
        Cell::Missing => out.write_str("null"),
        Cell::Number(_) | Cell::Bool(_) => write!(out, "{cell}"),
        Cell::Text(_) | Cell::Level(_) | Cell::Time(_) => write_quoted(&cell.to_string(), '"', out),
    }
}

/// Words that are no names in an expression.
pub(super) fn is_keyword(word: &str) -> bool {
    ["and", "or", "not", "true", "false", "null"].iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}
