//! Reading expressions.
//!
//! Invariant: reading never goes back; depth and size are bounded, so that neither reading nor computing can exhaust the
//! stack. It does not check types: every expression has a value.

use super::function::{FUNCTIONS, Function};
use super::print::is_keyword;
use super::{Cell, Expression, Number, Operator};
use crate::query::lexer::{Mode, Token, TokenKind};
use crate::query::pipe::parse::{Parsed, Reader, Told};
use crate::query::tree::FieldName;
use crate::query::value::units::duration;

const DEPTH_MAX: usize = 32;
/// Parts of one expression; a chain of operators is as deep as it is long.
const SIZE_MAX: usize = 256;
const VALUE: &str = "a value: a field, a number, a text in quotes or a function";

/// Reads an expression up to what cannot belong to it.
pub(in crate::query::pipe) fn expression(reader: &mut Reader<'_, '_>) -> Parsed<Expression> {
    let mut parser = Parser { reader, size: 0 };
    parser.above(0, 0)
}

struct Parser<'r, 't, 'd> {
    reader: &'r mut Reader<'t, 'd>,
    size: usize,
}

impl Parser<'_, '_, '_> {
    /// Operators that bind more strongly than `strength`, and what they join.
    fn above(&mut self, strength: u8, depth: usize) -> Parsed<Expression> {
        let mut left = self.operand(strength, depth)?;
        while let Some((token, operator)) = self.operator() {
            if operator.strength() <= strength {
                break;
            }
            self.reader.lexer.take(token);
            let right = self.above(operator.strength(), depth + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
            let next = self.operator().map(|(_, next)| next.strength());
            if operator.strength() == 4 && next == Some(4) {
                return Err(self.reader.unexpected_in(Mode::Expression, "and between two comparisons"));
            }
        }
        Ok(left)
    }

    fn peek(&self) -> Token {
        self.reader.lexer.peek(Mode::Expression)
    }

    fn operator(&self) -> Option<(Token, Operator)> {
        let token = self.peek();
        let operator = match token.kind {
            TokenKind::Equal => Operator::Equal,
            TokenKind::And => Operator::And,
            TokenKind::Or => Operator::Or,
            _ => {
                let text = self.reader.text_of(token);
                Operator::ALL.into_iter().find(|operator| operator.as_str().eq_ignore_ascii_case(text))?
            }
        };
        Some((token, operator))
    }

    /// A value with the signs before it. `not` holds for the comparison behind it, and not within another.
    fn operand(&mut self, strength: u8, depth: usize) -> Parsed<Expression> {
        const NOT: u8 = 3;
        let token = self.peek();
        self.size += 1;
        if depth > DEPTH_MAX || self.size > SIZE_MAX {
            let message = "The expression is too long or too deep: compute a part of it in an eval before.";
            return Err(self.reader.fail(token.span, "expression_too_large", message.to_owned()));
        }
        let is_not = token.kind == TokenKind::Not || token.is_word(self.reader.lexer.text(), "not");
        if is_not && strength <= NOT {
            self.reader.lexer.take(token);
            return Ok(Expression::Not(Box::new(self.above(NOT, depth + 1)?)));
        }
        match token.kind {
            TokenKind::Minus => self.negative(token, depth),
            TokenKind::Open => {
                self.reader.lexer.take(token);
                let inner = self.above(0, depth + 1)?;
                self.reader.expect_in(Mode::Expression, TokenKind::Close, "a closing parenthesis")?;
                Ok(inner)
            }
            TokenKind::Quoted { closed } => {
                self.reader.lexer.take(token);
                Ok(Expression::Literal(Cell::Text(self.reader.quoted(token, closed)?.into())))
            }
            TokenKind::Backquoted { closed } => {
                self.reader.lexer.take(token);
                Ok(Expression::Field(FieldName::named(&self.reader.quoted(token, closed)?)))
            }
            TokenKind::Word if !is_not => {
                self.reader.lexer.take(token);
                self.word(token, depth)
            }
            _ => Err(self.reader.unexpected_in(Mode::Expression, VALUE)),
        }
    }

    /// A minus before a number belongs to it.
    fn negative(&mut self, minus: Token, depth: usize) -> Parsed<Expression> {
        self.reader.lexer.take(minus);
        let is_number = self.reader.text_of(self.peek()).starts_with(|first: char| first.is_ascii_digit());
        match self.operand(u8::MAX, depth + 1)? {
            Expression::Literal(Cell::Number(number)) if is_number => {
                Ok(Expression::Literal(Cell::Number(number.negated())))
            }
            inner => Ok(Expression::Negative(Box::new(inner))),
        }
    }

    /// A function, a number, a keyword or a name.
    fn word(&mut self, token: Token, depth: usize) -> Parsed<Expression> {
        let word = self.reader.text_of(token);
        if self.peek().kind == TokenKind::Open {
            return self.call(token, depth);
        }
        if word.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
            return self.number(token);
        }
        Ok(match word.to_ascii_lowercase().as_str() {
            "true" => Expression::Literal(Cell::Bool(true)),
            "false" => Expression::Literal(Cell::Bool(false)),
            "null" => Expression::Literal(Cell::Missing),
            _ if is_keyword(word) => {
                return Err(self.reader.fail(
                    token.span,
                    "unexpected",
                    format!("Write {VALUE} before {word}."),
                ));
            }
            _ => Expression::Field(FieldName::named(word)),
        })
    }

    fn number(&mut self, token: Token) -> Parsed<Expression> {
        let word = self.reader.text_of(token);
        let milliseconds = || duration(word).map(|nanos| Number::rounded(i128::from(nanos), 6));
        match Number::parse(word.as_bytes()).or_else(milliseconds) {
            Some(number) => Ok(Expression::Literal(Cell::Number(number))),
            None => {
                let message =
                    "This is no number and no duration. A name that begins with a digit needs quotes: `…`.";
                Err(self.reader.fail(token.span, "bad_number", message.to_owned()))
            }
        }
    }

    fn call(&mut self, token: Token, depth: usize) -> Parsed<Expression> {
        let Some(entry) = Function::named(self.reader.text_of(token)) else {
            let mut names = FUNCTIONS.iter().map(|entry| entry.name);
            return Err(self.reader.unknown(token, "unknown_function", "function", &mut names));
        };
        let arguments = self.arguments(depth)?;
        if arguments.len() < entry.count.0 || arguments.len() > entry.count.1 {
            let message = format!("Write {}({}).", entry.name, entry.arguments);
            return Err(self.reader.fail(token.span, "wrong_arguments", message));
        }
        Ok(Expression::Call(entry.function, arguments))
    }

    fn arguments(&mut self, depth: usize) -> Result<Vec<Expression>, Told> {
        self.reader.expect_in(Mode::Expression, TokenKind::Open, "an opening parenthesis")?;
        let mut arguments = Vec::new();
        if self.reader.take_in(Mode::Expression, TokenKind::Close) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.above(0, depth + 1)?);
            if !self.reader.take_in(Mode::Expression, TokenKind::Comma) {
                break;
            }
        }
        self.reader.expect_in(Mode::Expression, TokenKind::Close, "a comma or a closing parenthesis")?;
        Ok(arguments)
    }
}
