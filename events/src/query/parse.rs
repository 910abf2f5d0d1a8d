//! The parser of queries: KQL and what goes beyond it, as `query.rs` tells in its table.
//!
//! ```text
//! any   = all ("or" all)*            all   = one ("and"? one)*         one   = "not"* term
//! term  = "(" any ")" | name ":" value | name ("<" | "<=" | ">" | ">=") end | word | phrase | regex
//! value = word | phrase | regex | "(" any of values ")" | range | "{" any ")"
//! ```
//! Invariant: it never goes back, so its time is linear in the text; it nests no deeper than the limit; and it
//! goes on after a mistake until the text ends, so that all are told. It does not know what a value means:
//! `condition` does.

mod probe;
mod term;
#[cfg(test)]
mod tests;
mod value;

use antler_config::limits::QueryLimits;

use super::condition::Conditions;
use super::diagnose::{Diagnostic, Diagnostics, Span};
use super::lexer::literal::Literal;
use super::lexer::{Lexer, Mode, Token, TokenKind};
use super::tree::{FieldName, Filter};
use super::{Parsed, Query};
use crate::clock::Timestamp;

pub(super) use probe::{Point, Probe};

/// Reads a query. `now` is what relative times count from.
pub fn parse(text: &str, now: Timestamp, limits: &QueryLimits) -> Parsed {
    let mut diagnostics = Diagnostics::new(usize::from(limits.diagnostics_max));
    let (filter, end) = parse_filter(text, 0, now, limits, &mut diagnostics);
    let pipes = text.get(end..).and_then(|rest| rest.strip_prefix('|'));
    let pipes = pipes.map(|pipes| Span::new(text.len() - pipes.len(), text.len()));
    Parsed { query: Query { filter, pipes }, diagnostics: diagnostics.into_sorted() }
}

/// Reads a filter that begins at a place in a text, and says where it ends: at the first `|` outside of
/// quotes, or at the end of the text. A text beyond the limit is refused unread.
pub fn parse_filter(
    text: &str,
    from: usize,
    now: Timestamp,
    limits: &QueryLimits,
    diagnostics: &mut Diagnostics,
) -> (Filter, usize) {
    if let Err(refusal) = check_length(text, limits) {
        diagnostics.push(refusal);
        return (Filter::All, text.len());
    }
    let conditions = Conditions::new(text, now, limits, diagnostics);
    let mut parser = Parser::new(conditions, Lexer::starting_at(text, from));
    let filter = parser.whole();
    (filter, parser.lexer.peek(Mode::Term).span.start)
}

/// Says what could stand at the end of a text.
pub(super) fn probe(text: &str, from: usize, now: Timestamp, limits: &QueryLimits) -> Probe {
    let mut diagnostics = Diagnostics::new(0);
    let conditions = Conditions::new(text, now, limits, &mut diagnostics);
    let mut parser = Parser::new(conditions, Lexer::starting_at(text, from));
    parser.probe = Some(Probe::default());
    parser.whole();
    parser.probe.unwrap_or_default()
}

/// Whether a text is short enough to be read.
pub(super) fn check_length(text: &str, limits: &QueryLimits) -> Result<(), Diagnostic> {
    let most = limits.text_bytes_max;
    if text.len() <= most as usize {
        return Ok(());
    }
    let message = format!("The query has {} bytes: shorten it to {most}.", text.len());
    let beyond = Span::new(text.floor_char_boundary(most as usize), text.len());
    Err(Diagnostic::error(beyond, "query_too_long", message))
}

struct Parser<'t> {
    conditions: Conditions<'t>,
    lexer: Lexer<'t>,
    depth: u16,
    /// Names of the groups `name:{ … }` around, joined.
    prefix: Option<Literal>,
    probe: Option<Probe>,
    /// Whether the rest of the text is not read, so that what follows from that is not told.
    is_silent: bool,
}

/// What the terms of a group are.
#[derive(Clone, Copy)]
enum Terms<'f> {
    /// Fields and bare words.
    Any,
    /// Values of one field.
    Of(&'f FieldName),
}

impl<'t> Parser<'t> {
    fn new(conditions: Conditions<'t>, lexer: Lexer<'t>) -> Self {
        Self { conditions, lexer, depth: 0, prefix: None, probe: None, is_silent: false }
    }

    /// Up to the first `|` or the end of the text.
    fn whole(&mut self) -> Filter {
        let mut parts = Vec::new();
        loop {
            if !matches!(self.peek(Terms::Any).kind, TokenKind::Pipe | TokenKind::End) {
                parts.extend(self.any(Terms::Any));
            }
            let token = self.peek(Terms::Any);
            match token.kind {
                TokenKind::Pipe | TokenKind::End => break,
                TokenKind::Close => self.stray(token, "("),
                TokenKind::CloseBrace => self.stray(token, "{"),
                _ => {}
            }
        }
        Filter::all_of(parts)
    }

    fn stray(&mut self, token: Token, open: &str) {
        let shown = token.text(self.conditions.text);
        let message = format!("This {shown} has no {open} before it: take it away, or put it in quotes.");
        self.error(Diagnostic::error(token.span, "unopened_group", message).suggesting(""));
        self.lexer.take(token);
    }

    /// Alternatives. `None` if nothing in them can be read.
    fn any(&mut self, terms: Terms<'_>) -> Option<Filter> {
        let mut parts: Vec<Filter> = self.all(terms, None).into_iter().collect();
        while let Some(token) = self.alternative(terms) {
            self.lexer.take(token);
            let part = self.all(terms, Some(token));
            parts.extend(part);
        }
        if parts.is_empty() { None } else { Some(Filter::any_of(parts)) }
    }

    /// The `or` that comes next. Inside a group a `|` or a comma is one too, with a diagnostic.
    fn alternative(&mut self, terms: Terms<'_>) -> Option<Token> {
        let token = self.peek(terms);
        let is_mistake = match token.kind {
            TokenKind::Or => return Some(token),
            TokenKind::Word if token.is_word(self.conditions.text, "or") => return Some(token),
            TokenKind::Pipe | TokenKind::Comma => self.depth > 0,
            _ => false,
        };
        if !is_mistake {
            return None;
        }
        let message = "Alternatives are joined by or: write (a or b).";
        let wrong = Diagnostic::error(token.span, "not_an_or", message).expecting("or");
        self.error(wrong.suggesting(" or"));
        Some(token)
    }

    /// Terms that must all hold, with `and` between them or nothing. `after` is the operator before the first.
    fn all(&mut self, terms: Terms<'_>, after: Option<Token>) -> Option<Filter> {
        let mut parts: Vec<Filter> = self.one(terms, after).into_iter().collect();
        loop {
            let token = self.peek(terms);
            match token.kind {
                TokenKind::Close
                | TokenKind::CloseBrace
                | TokenKind::Pipe
                | TokenKind::End
                | TokenKind::Or => break,
                TokenKind::Word if token.is_word(self.conditions.text, "or") => break,
                TokenKind::Comma if self.depth > 0 => break,
                TokenKind::Word if !token.is_word(self.conditions.text, "and") => {
                    parts.extend(self.one(terms, None));
                }
                TokenKind::Word | TokenKind::And => {
                    self.lexer.take(token);
                    parts.extend(self.one(terms, Some(token)));
                }
                _ => parts.extend(self.one(terms, None)),
            }
        }
        if parts.is_empty() { None } else { Some(Filter::all_of(parts)) }
    }

    /// A term with what negates it. `after` is the operator before it.
    fn one(&mut self, terms: Terms<'_>, after: Option<Token>) -> Option<Filter> {
        let (mut is_negated, mut after) = (false, after);
        loop {
            let token = self.peek(terms);
            let negates = matches!(token.kind, TokenKind::Not | TokenKind::Minus)
                || token.is_word(self.conditions.text, "not");
            if !negates {
                let term = self.term(terms, token, after)?;
                return Some(if is_negated { term.negated() } else { term });
            }
            self.lexer.take(token);
            (is_negated, after) = (!is_negated, Some(token));
        }
    }

    fn term(&mut self, terms: Terms<'_>, token: Token, after: Option<Token>) -> Option<Filter> {
        if !self.conditions.has_room() {
            let most = self.conditions.limits.clauses_max;
            let message = format!("The query has more than {most} conditions: take some away.");
            self.give_up(Diagnostic::error(token.span, "too_many_clauses", message));
            return None;
        }
        match (token.kind, terms) {
            (TokenKind::Open, _) => {
                self.lexer.take(token);
                self.group(terms, token)
            }
            (TokenKind::Word, _) if self.is_operator(token) => self.misplaced_operator(token, after),
            (TokenKind::Word | TokenKind::Quoted { .. } | TokenKind::Regex, Terms::Any) => {
                self.field_or_word(token)
            }
            (_, Terms::Of(field)) if self.begins_value(token) => Some(self.one_value(field, token)),
            _ => self.unexpected(token, after),
        }
    }

    /// After `(`, up to and with `)`.
    fn group(&mut self, terms: Terms<'_>, open: Token) -> Option<Filter> {
        self.enter(open)?;
        let close = self.peek(terms);
        if close.kind == TokenKind::Close {
            let message = "There is nothing between the parentheses: write a condition, or take them away.";
            self.error(Diagnostic::error(open.span.to(close.span), "empty_group", message).expecting(TERM));
        }
        let filter = if close.kind == TokenKind::Close { None } else { self.any(terms) };
        self.leave(terms, open, TokenKind::Close, ")");
        filter
    }

    /// One level deeper; beyond the limit the rest of the text is not read.
    fn enter(&mut self, open: Token) -> Option<()> {
        let most = self.conditions.limits.depth_max;
        if self.depth == most {
            let message = format!("The query nests deeper than {most} groups: take some parentheses away.");
            self.give_up(Diagnostic::error(open.span, "too_deep", message));
            return None;
        }
        self.depth += 1;
        Some(())
    }

    /// Closes a group. Only the innermost of those that the text leaves open is told.
    fn leave(&mut self, terms: Terms<'_>, open: Token, kind: TokenKind, close: &str) {
        self.depth -= 1;
        let token = self.peek(terms);
        if token.kind == kind {
            self.lexer.take(token);
            return;
        }
        let shown = open.text(self.conditions.text);
        let message = format!("This {shown} is not closed: write {close} where it ends.");
        self.error(Diagnostic::error(open.span, "unclosed_group", message).expecting(close_of(kind)));
        if token.kind == TokenKind::End {
            self.silence();
        }
    }

    /// The next token of a filter, which could also be completed if the text ends in it.
    fn peek(&mut self, terms: Terms<'_>) -> Token {
        match terms {
            Terms::Any => self.peek_at(Mode::Term, || Point::Term),
            Terms::Of(field) => self.peek_at(Mode::Value, || Point::Value(field.clone())),
        }
    }

    fn peek_at(&mut self, mode: Mode, point: impl FnOnce() -> Point) -> Token {
        let token = self.lexer.peek(mode);
        if let (Some(probe), false) = (&mut self.probe, self.is_silent) {
            probe.pass(self.conditions.text, token, mode, point());
        }
        token
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
        self.lexer = Lexer::starting_at(self.conditions.text, self.conditions.text.len());
        self.is_silent = true;
    }
}

const TERM: &str = "a word, a phrase in quotes, a condition such as level:error, or a group in parentheses";

fn close_of(kind: TokenKind) -> &'static str {
    if kind == TokenKind::Close { ")" } else { "}" }
}
