//! What stands after a field: a value, several in parentheses, a comparison, a range, or a group of fields below it.
//!
//! Invariant: a value that is missing or cannot be read is told where it should stand.
//! It does not say what a value means.

use super::{Parser, Point, Terms};
use crate::query::condition::{End, Place, shown};
use crate::query::diagnose::{Diagnostic, Span};
use crate::query::lexer::literal::Literal;
use crate::query::lexer::{Lexer, Mode, Token, TokenKind};
use crate::query::tree::{FieldName, Filter};

const VALUE: &str =
    "a word, a phrase in quotes, a number, a range such as [1 TO 5], or values in parentheses";

impl Parser<'_> {
    /// After the colon.
    pub(super) fn value(&mut self, name: &Literal, name_token: Token, colon: Token) -> Option<Filter> {
        let field = self.name(name);
        let token = self.peek(Terms::Of(&field));
        match token.kind {
            TokenKind::Open => {
                self.lexer.take(token);
                self.group(Terms::Of(&field), token)
            }
            TokenKind::OpenBrace if !self.opens_range(token) => {
                self.lexer.take(token);
                self.nested(name, token)
            }
            TokenKind::Word if self.is_keyword(token) => self.keyword_as_value(name_token, token),
            TokenKind::Word if self.repeats_colon(token) => self.repeated_colon(&field, colon, token),
            _ if self.begins_value(token) => Some(self.one_value(&field, token)),
            _ => self.missing_value(name_token, token),
        }
    }

    /// Whether a single value, a comparison or a range begins with this token.
    pub(super) fn begins_value(&self, token: Token) -> bool {
        match token.kind {
            TokenKind::OpenBrace => self.opens_range(token),
            TokenKind::OpenBracket
            | TokenKind::Less
            | TokenKind::LessEqual
            | TokenKind::Greater
            | TokenKind::GreaterEqual
            | TokenKind::Word
            | TokenKind::Quoted { .. }
            | TokenKind::Regex => true,
            _ => false,
        }
    }

    /// What begins with this token, which was peeked.
    pub(super) fn one_value(&mut self, field: &FieldName, token: Token) -> Filter {
        match token.kind {
            TokenKind::OpenBracket | TokenKind::OpenBrace => self.range(field),
            TokenKind::Word | TokenKind::Quoted { .. } | TokenKind::Regex => self.value_of(field, token),
            _ => self.comparison(field),
        }
    }

    fn value_of(&mut self, field: &FieldName, token: Token) -> Filter {
        self.warn_of_other_quotes(token);
        self.lexer.take(token);
        self.conditions.value(field.clone(), token, Place::OfField)
    }

    /// The operator comes next, and then what to compare with.
    pub(super) fn comparison(&mut self, field: &FieldName) -> Filter {
        let operator = self.lexer.next(Mode::Value);
        let token = self.peek(Terms::Of(field));
        if !is_end(token) {
            let message = "What to compare with is missing: write a number, a time or another value.";
            self.error(
                Diagnostic::error(token.span, "missing_value", message).expecting("a value to compare with"),
            );
            return Filter::All;
        }
        self.lexer.take(token);
        let is_included = matches!(operator.kind, TokenKind::LessEqual | TokenKind::GreaterEqual);
        let end = Some(End { token, is_included });
        let is_lower = matches!(operator.kind, TokenKind::Greater | TokenKind::GreaterEqual);
        let (lower, upper) = if is_lower { (end, None) } else { (None, end) };
        self.conditions.range(field.clone(), lower, upper, operator.span.to(token.span))
    }

    /// `[1 TO 5]`, with `{` or `}` where an end is not in it, and `*` where it is open. The bracket comes next.
    pub(super) fn range(&mut self, field: &FieldName) -> Filter {
        let open = self.lexer.next(Mode::Value);
        let lower = self.range_end(field, open.kind == TokenKind::OpenBracket);
        let to = self.peek_at(Mode::RangeEnd, || Point::To);
        if lower.is_none() || !to.is_word(self.conditions.text, "to") {
            return self.broken_range(open, to);
        }
        self.lexer.take(to);
        let upper = self.range_end(field, true);
        let close = self.lexer.peek(Mode::RangeEnd);
        let is_included = match close.kind {
            TokenKind::CloseBracket => true,
            TokenKind::CloseBrace => false,
            _ => return self.broken_range(open, close),
        };
        let Some(upper) = upper else { return self.broken_range(open, close) };
        self.lexer.take(close);
        let upper = upper.map(|end| End { is_included, ..end });
        self.conditions.range(field.clone(), lower.flatten(), upper, open.span.to(close.span))
    }

    /// `None` if there is none, `Some(None)` if it is open.
    fn range_end(&mut self, field: &FieldName, is_included: bool) -> Option<Option<End>> {
        let token = self.peek_at(Mode::RangeEnd, || Point::Value(field.clone()));
        if !is_end(token) {
            return None;
        }
        self.lexer.take(token);
        let is_open = token.kind == TokenKind::Word && token.text(self.conditions.text) == "*";
        Some((!is_open).then_some(End { token, is_included }))
    }

    fn broken_range(&mut self, open: Token, here: Token) -> Filter {
        let message = "The range cannot be read: write both ends as in [1 TO 5], with * for an open end; \
                       or quotes around a text with brackets.";
        let span = open.span.to(Span::at(here.span.start));
        let expected = "an end, TO, an end and ] or }";
        self.error(Diagnostic::error(span, "bad_range", message).expecting(expected));
        self.lexer.skip_range();
        Filter::All
    }

    /// Whether `{` begins a range, as in `{1 TO 5}`, and no group: two tokens further stands `TO`.
    fn opens_range(&self, brace: Token) -> bool {
        let text = self.conditions.text;
        let mut ahead = Lexer::starting_at(text, brace.span.end);
        is_end(ahead.next(Mode::RangeEnd)) && ahead.next(Mode::RangeEnd).text(text) == "TO"
    }

    /// After `{`: conditions on fields whose names begin with this one and a dot. Objects in arrays are no
    /// unit: `items:{ a:1 and b:2 }` also finds a line where different items have them.
    fn nested(&mut self, name: &Literal, open: Token) -> Option<Filter> {
        self.enter(open)?;
        let around = self.prefix.replace(name.clone());
        let filter = self.any(Terms::Any);
        self.prefix = around;
        self.leave(Terms::Any, open, TokenKind::CloseBrace, "}");
        filter
    }

    fn is_keyword(&self, token: Token) -> bool {
        ["and", "or", "not"].iter().any(|word| token.is_word(self.conditions.text, word))
    }

    fn keyword_as_value(&mut self, name: Token, token: Token) -> Option<Filter> {
        let text = self.conditions.text;
        let (name, word) = (name.text(text), token.text(text));
        let message = if token.is_word(text, "not") {
            format!("not stands before the field: write not {name}:value, or put the word in quotes.")
        } else {
            format!("The field has no value before {word}: write one, or put the word in quotes.")
        };
        let wrong = Diagnostic::error(token.span, "keyword_as_value", message).expecting(VALUE);
        self.error(wrong.suggesting(format!("\"{word}\"")));
        None
    }

    /// Whether a value begins with a colon that can be no part of it; that of an address can.
    fn repeats_colon(&self, token: Token) -> bool {
        let text = token.text(self.conditions.text);
        text.starts_with(':') && !text.starts_with("::")
    }

    fn repeated_colon(&mut self, field: &FieldName, colon: Token, token: Token) -> Option<Filter> {
        let second = Span::new(token.span.start, token.span.start + 1);
        let message = "One colon separates a field from its value: take the second away.";
        let span = colon.span.to(second);
        self.error(Diagnostic::error(span, "repeated_colon", message).expecting("one colon").suggesting(":"));
        self.lexer = Lexer::starting_at(self.conditions.text, second.end);
        let value = self.peek(Terms::Of(field));
        if is_end(value) { Some(self.value_of(field, value)) } else { None }
    }

    fn missing_value(&mut self, name: Token, token: Token) -> Option<Filter> {
        let ends = [TokenKind::End, TokenKind::Close, TokenKind::CloseBrace, TokenKind::Pipe];
        let name = shown(name.text(self.conditions.text));
        if ends.contains(&token.kind) {
            let place = Span::at(self.lexer.position());
            let message =
                format!("The field {name} has no value: write one, or * for every line that has the field.");
            self.error(Diagnostic::error(place, "missing_value", message).expecting(VALUE).suggesting("*"));
            return None;
        }
        let sign = token.text(self.conditions.text).to_owned();
        let message = format!("The value of {name} cannot begin with {sign}: put it in quotes.");
        self.error(Diagnostic::error(token.span, "unexpected_sign", message).expecting(VALUE));
        if !matches!(token.kind, TokenKind::Or | TokenKind::And) {
            self.lexer.take(token);
        }
        None
    }
}

/// Whether a token can be an end of a range.
fn is_end(token: Token) -> bool {
    matches!(token.kind, TokenKind::Word | TokenKind::Quoted { .. })
}
