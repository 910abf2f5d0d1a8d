//! The second front end: the syntax of Lucene's `query_string`, into the same tree.
//!
//! `field:value`, `"phrase"`, `field:(a b)`, `[a TO b}`, `field:>5`, `_exists_:field`, `/regex/`, wildcards, `\` before any
//! sign, `AND`, `OR`, `NOT`, `&&`, `||`, `!`, `+`, `-`. Terms beside each other are alternatives, as they are there:
//! with a `+` somewhere, those that have one must all hold and those without a sign do not matter.
//! Invariant: what the tree cannot say, such as boosts and fuzzy terms, is an error with its place, never dropped.
//! `AND` binds tighter than `OR`, which is what people mean; the original has its own, stranger order.
//! It does not rank.

#[cfg(test)]
mod tests;

use antler_config::limits::QueryLimits;

use super::condition::{Conditions, End, Place};
use super::diagnose::{Diagnostic, Diagnostics, Span};
use super::lexer::literal::{self, Literal};
use super::lexer::{Lexer, Mode, Token, TokenKind};
use super::parse::check_length;
use super::tree::{FieldName, Filter, Wildcard};
use super::{Parsed, Query};
use crate::clock::Timestamp;

const TERM: &str = "a word, a phrase in quotes, field:value, or a group in parentheses";
const VALUE: &str = "a word, a phrase in quotes, a range such as [1 TO 5], a regex, or values in parentheses";

/// Reads a query in the syntax of Lucene. It has no pipes.
pub fn parse_lucene(text: &str, now: Timestamp, limits: &QueryLimits) -> Parsed {
    let mut diagnostics = Diagnostics::new(usize::from(limits.diagnostics_max));
    let filter = match check_length(text, limits) {
        Ok(()) => {
            let conditions = Conditions::new(text, now, limits, &mut diagnostics);
            Parser { conditions, lexer: Lexer::new(text), text, depth: 0, is_silent: false }.whole()
        }
        Err(refusal) => {
            diagnostics.push(refusal);
            Filter::All
        }
    };
    Parsed { query: Query { filter, pipes: None }, diagnostics: diagnostics.into_sorted() }
}

struct Parser<'t> {
    conditions: Conditions<'t>,
    lexer: Lexer<'t>,
    text: &'t str,
    depth: u16,
    is_silent: bool,
}

/// Terms beside each other, by what stands before them.
#[derive(Default)]
struct Beside {
    required: Vec<Filter>,
    excluded: Vec<Filter>,
    optional: Vec<Filter>,
}

impl Beside {
    fn into_filter(self) -> Option<Filter> {
        let Self { mut required, excluded, optional } = self;
        if required.is_empty() && !optional.is_empty() {
            required.push(Filter::any_of(optional));
        }
        required.extend(excluded.into_iter().map(Filter::negated));
        if required.is_empty() { None } else { Some(Filter::all_of(required)) }
    }
}

impl Parser<'_> {
    fn whole(&mut self) -> Filter {
        let mut parts = Vec::new();
        loop {
            parts.extend(self.beside(&FieldName::Any));
            let token = self.lexer.next(Mode::Lucene);
            if token.kind == TokenKind::End {
                return Filter::all_of(parts);
            }
            self.unexpected(token);
        }
    }

    /// Terms up to the end of a group. `field` is that of values without one.
    fn beside(&mut self, field: &FieldName) -> Option<Filter> {
        let mut beside = Beside::default();
        loop {
            let token = self.lexer.peek(Mode::Lucene);
            match token.kind {
                TokenKind::End | TokenKind::Close => return beside.into_filter(),
                TokenKind::Plus => {
                    self.lexer.take(token);
                    beside.required.extend(self.any(field));
                }
                TokenKind::Minus | TokenKind::Not => {
                    self.lexer.take(token);
                    beside.excluded.extend(self.any(field));
                }
                TokenKind::Word if token.text(self.text) == "NOT" => {
                    self.lexer.take(token);
                    beside.excluded.extend(self.any(field));
                }
                _ => beside.optional.extend(self.any(field)),
            }
        }
    }

    fn any(&mut self, field: &FieldName) -> Option<Filter> {
        let mut parts: Vec<Filter> = self.all(field).into_iter().collect();
        while self.takes(TokenKind::Or, "OR") {
            parts.extend(self.all(field));
        }
        if parts.is_empty() { None } else { Some(Filter::any_of(parts)) }
    }

    fn all(&mut self, field: &FieldName) -> Option<Filter> {
        let mut parts: Vec<Filter> = self.one(field).into_iter().collect();
        while self.takes(TokenKind::And, "AND") {
            parts.extend(self.one(field));
        }
        if parts.is_empty() { None } else { Some(Filter::all_of(parts)) }
    }

    fn takes(&mut self, sign: TokenKind, word: &str) -> bool {
        let token = self.lexer.peek(Mode::Lucene);
        let is_it = token.kind == sign || (token.kind == TokenKind::Word && token.text(self.text) == word);
        if is_it {
            self.lexer.take(token);
        }
        is_it
    }

    /// A term, with the signs before it that an operator before those leaves to it.
    fn one(&mut self, field: &FieldName) -> Option<Filter> {
        let mut is_negated = false;
        loop {
            let token = self.lexer.peek(Mode::Lucene);
            match token.kind {
                TokenKind::Minus | TokenKind::Not => is_negated = !is_negated,
                TokenKind::Word if token.text(self.text) == "NOT" => is_negated = !is_negated,
                TokenKind::Plus => {}
                _ => {
                    let term = self.term(field, token)?;
                    return Some(if is_negated { term.negated() } else { term });
                }
            }
            self.lexer.take(token);
        }
    }

    fn term(&mut self, field: &FieldName, token: Token) -> Option<Filter> {
        if !self.conditions.has_room() {
            let most = self.conditions.limits.clauses_max;
            let message = format!("The query has more than {most} conditions: take some away.");
            self.give_up(Diagnostic::error(token.span, "too_many_clauses", message));
            return None;
        }
        match token.kind {
            TokenKind::Word if matches!(token.text(self.text), "AND" | "OR") => {
                self.lexer.take(token);
                let message = "AND and OR join two terms: write one before and one behind.";
                self.error(Diagnostic::error(token.span, "misplaced_operator", message).expecting(TERM));
                None
            }
            TokenKind::Word | TokenKind::Quoted { .. } => self.field_or_value(field, token),
            TokenKind::End | TokenKind::Close => {
                let message = "A term is missing here: write one, or take the operator before it away.";
                self.error(Diagnostic::error(token.span, "missing_term", message).expecting(TERM));
                None
            }
            _ => self.value(field, Place::Bare),
        }
    }

    fn field_or_value(&mut self, around: &FieldName, token: Token) -> Option<Filter> {
        let mut ahead = self.lexer;
        ahead.take(token);
        let colon = ahead.peek(Mode::Lucene);
        if token.kind != TokenKind::Word || colon.kind != TokenKind::Colon {
            return self.value(around, Place::Bare);
        }
        self.lexer.take(colon);
        if token.text(self.text) == "_exists_" {
            return self.existence();
        }
        let field = self.name(token);
        self.value(&field, Place::OfField)
    }

    fn existence(&mut self) -> Option<Filter> {
        let token = self.lexer.peek(Mode::Lucene);
        if !matches!(token.kind, TokenKind::Word | TokenKind::Quoted { .. }) {
            return self.missing_value(token);
        }
        self.lexer.take(token);
        let field = self.name(token);
        Some(self.conditions.exists(field))
    }

    fn name(&mut self, token: Token) -> FieldName {
        let literal = match token.kind {
            TokenKind::Quoted { closed } => {
                Literal::Text(literal::quoted(self.text, token, closed, self.conditions.diagnostics))
            }
            _ => literal::word(self.text, token, self.conditions.diagnostics),
        };
        let most = self.conditions.limits.name_bytes_max;
        if token.span.len() > usize::from(most) {
            let message = format!("The name of the field is too long: at most {most} bytes are kept of one.");
            self.error(Diagnostic::error(token.span, "name_too_long", message));
        }
        match literal {
            Literal::Text(name) => FieldName::named(&name),
            Literal::Pattern(pattern) if pattern == "*" => FieldName::Any,
            Literal::Pattern(pattern) => {
                self.conditions.check_wildcard(&pattern, token.span);
                FieldName::Like(Wildcard { source: pattern.into() })
            }
        }
    }

    fn value(&mut self, field: &FieldName, place: Place) -> Option<Filter> {
        let token = self.lexer.peek(Mode::Lucene);
        let place = if *field == FieldName::Any { place } else { Place::OfField };
        let filter = match token.kind {
            TokenKind::Open => return self.group(field, token),
            TokenKind::OpenBracket | TokenKind::OpenBrace => self.range(field.clone(), token),
            TokenKind::Less | TokenKind::LessEqual | TokenKind::Greater | TokenKind::GreaterEqual
                if place == Place::OfField =>
            {
                self.comparison(field.clone(), token)
            }
            TokenKind::Word | TokenKind::Quoted { .. } | TokenKind::Regex => {
                self.lexer.take(token);
                Some(self.conditions.value(field.clone(), token, place))
            }
            TokenKind::End | TokenKind::Close => return self.missing_value(token),
            _ => {
                self.lexer.take(token);
                self.unexpected(token);
                None
            }
        };
        self.refuse_ranking(token);
        filter
    }

    fn group(&mut self, field: &FieldName, open: Token) -> Option<Filter> {
        let most = self.conditions.limits.depth_max;
        if self.depth == most {
            let message = format!("The query nests deeper than {most} groups: take some parentheses away.");
            self.give_up(Diagnostic::error(open.span, "too_deep", message));
            return None;
        }
        self.lexer.take(open);
        self.depth += 1;
        let filter = self.beside(field);
        self.depth -= 1;
        let close = self.lexer.peek(Mode::Lucene);
        if close.kind == TokenKind::Close {
            self.lexer.take(close);
            if filter.is_none() {
                let message = "There is nothing between the parentheses: write a term, or take them away.";
                let span = open.span.to(close.span);
                self.error(Diagnostic::error(span, "empty_group", message).expecting(TERM));
            }
            self.refuse_ranking(close);
        } else {
            let message = "This ( is not closed: write ) where it ends.";
            self.give_up(Diagnostic::error(open.span, "unclosed_group", message).expecting(")"));
        }
        filter
    }

    fn comparison(&mut self, field: FieldName, operator: Token) -> Option<Filter> {
        self.lexer.take(operator);
        let token = self.lexer.peek(Mode::Lucene);
        let Some(end) = self.end(token, operator.kind) else { return self.missing_value(token) };
        let is_lower = matches!(operator.kind, TokenKind::Greater | TokenKind::GreaterEqual);
        let (lower, upper) = if is_lower { (Some(end), None) } else { (None, Some(end)) };
        Some(self.conditions.range(field, lower, upper, operator.span.to(token.span)))
    }

    /// The end that a sign stands before or behind.
    fn end(&mut self, token: Token, sign: TokenKind) -> Option<End> {
        if !matches!(token.kind, TokenKind::Word | TokenKind::Quoted { .. }) {
            return None;
        }
        self.lexer.take(token);
        let is_included = matches!(
            sign,
            TokenKind::LessEqual | TokenKind::GreaterEqual | TokenKind::OpenBracket | TokenKind::CloseBracket
        );
        Some(End { token, is_included })
    }

    fn range(&mut self, field: FieldName, open: Token) -> Option<Filter> {
        self.lexer.take(open);
        let first = self.lexer.peek(Mode::RangeEnd);
        let lower = self.end(first, open.kind);
        let to = self.lexer.peek(Mode::RangeEnd);
        if lower.is_none() || to.text(self.text) != "TO" {
            return self.broken_range(open, to);
        }
        self.lexer.take(to);
        let last = self.lexer.peek(Mode::RangeEnd);
        let upper = self.end(last, TokenKind::CloseBracket);
        let close = self.lexer.peek(Mode::RangeEnd);
        if upper.is_none() || !matches!(close.kind, TokenKind::CloseBracket | TokenKind::CloseBrace) {
            return self.broken_range(open, close);
        }
        self.lexer.take(close);
        let text = self.text;
        let written = |end: &End| end.token.text(text) != "*";
        let lower = lower.filter(written);
        let is_included = close.kind == TokenKind::CloseBracket;
        let upper = upper.filter(written).map(|end| End { is_included, ..end });
        Some(self.conditions.range(field, lower, upper, open.span.to(close.span)))
    }

    fn broken_range(&mut self, open: Token, here: Token) -> Option<Filter> {
        let message = "The range cannot be read: write both ends as in [1 TO 5], with * for an open end.";
        let span = open.span.to(Span::at(here.span.start));
        self.error(Diagnostic::error(span, "bad_range", message).expecting("an end, TO, an end and ] or }"));
        self.lexer.skip_range();
        None
    }

    /// `^2` and `~1` behind a term: there is no ranking, and no fuzzy match.
    fn refuse_ranking(&mut self, before: Token) {
        let sign = self.lexer.peek(Mode::Lucene);
        if sign.span.start != before.span.end.max(self.lexer.position()) {
            return;
        }
        let (code, message) = match sign.kind {
            TokenKind::Caret => ("boost", "Lines are not ranked, so a term has no weight: take it away."),
            TokenKind::Tilde => {
                ("fuzzy", "Words are matched as they are: take the ~ away, or use a wildcard.")
            }
            _ => return,
        };
        self.lexer.take(sign);
        let number = self.lexer.peek(Mode::Lucene);
        let is_number = number.text(self.text).starts_with(|first: char| first.is_ascii_digit());
        let mut span = sign.span;
        if is_number && number.span.start == sign.span.end {
            self.lexer.take(number);
            span = span.to(number.span);
        }
        self.error(Diagnostic::error(span, code, message).suggesting(""));
    }

    fn missing_value(&mut self, token: Token) -> Option<Filter> {
        let message = "The field has no value: write one, or * for every line that has the field.";
        self.error(Diagnostic::error(Span::at(token.span.start), "missing_value", message).expecting(VALUE));
        None
    }

    fn unexpected(&mut self, token: Token) {
        let shown = token.text(self.text);
        let message =
            format!("Nothing can be read at {shown} here: write \\{shown} or quotes to look for it.");
        let wrong = Diagnostic::error(token.span, "unexpected_sign", message).expecting(TERM);
        self.error(wrong.suggesting(format!("\"{shown}\"")));
    }

    fn error(&mut self, diagnostic: Diagnostic) {
        if !self.is_silent {
            self.conditions.diagnostics.push(diagnostic);
        }
        if self.conditions.diagnostics.is_full() {
            self.silence();
        }
    }

    /// Tells why and reads no further.
    fn give_up(&mut self, diagnostic: Diagnostic) {
        self.error(diagnostic);
        self.silence();
    }

    /// Ends the text here.
    fn silence(&mut self) {
        self.is_silent = true;
        self.lexer = Lexer::starting_at(self.text, self.text.len());
    }
}
