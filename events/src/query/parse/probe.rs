//! The probe: notes what could stand where a text ends, while the parser reads it.
//!
//! Invariant: only places at the very end of the text are noted, and those of a token that ends there rather
//! than those behind it. It does not know fields, values or pipes.

use crate::query::lexer::{Mode, Token, TokenKind};
use crate::query::tree::FieldName;

/// What the parser waits for.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::query) enum Point {
    /// A term: a field, a word, `not` or a group.
    Term,
    /// A value of a field.
    Value(FieldName),
    /// What may follow a field or word: an operator, or `and` or `or`.
    Operator,
    /// `TO`.
    To,
}

/// What was noted.
#[derive(Debug, Clone, Default)]
pub(in crate::query) struct Probe {
    pub points: Vec<(Point, Mode)>,
    /// The token that the text ends in; empty if it ends behind one.
    pub token: Option<Token>,
}

impl Probe {
    pub(super) fn pass(&mut self, text: &str, token: Token, mode: Mode, point: Point) {
        let is_open = match token.kind {
            TokenKind::End => true,
            // A word where an operator could stand is the next term.
            TokenKind::Word | TokenKind::Quoted { closed: false } => point != Point::Operator,
            _ => false,
        };
        if !is_open || token.span.end != text.len() || self.is_settled(token) {
            return;
        }
        if self.token.is_none_or(|noted| noted.span != token.span) {
            self.token = Some(token);
            self.points.clear();
        }
        if !self.points.iter().any(|(noted, _)| *noted == point) {
            self.points.push((point, mode));
        }
    }

    /// Whether what was noted goes before what stands here: a token that the text ends in before its end,
    /// and what must come next before what comes after that.
    fn is_settled(&self, token: Token) -> bool {
        let Some(noted) = self.token else { return false };
        let must_come = self.points.iter().any(|(point, _)| matches!(point, Point::Value(_) | Point::To));
        noted.span.start < token.span.start || (noted.span == token.span && must_come)
    }
}
