//! Terms: a field with its operator, or a bare word, and what stands where a term should.
//!
//! Invariant: each call takes at least one token, or leaves one that ends a group, so that reading comes to
//! an end. It does not read values.

use super::{Parser, Point, TERM};
use crate::query::condition::{Place, shown};
use crate::query::diagnose::{Diagnostic, Span};
use crate::query::lexer::literal::{self, Literal};
use crate::query::lexer::{Mode, Token, TokenKind};
use crate::query::tree::{FieldName, Filter, Wildcard};

impl Parser<'_> {
    pub(super) fn is_operator(&self, token: Token) -> bool {
        ["and", "or"].iter().any(|word| token.is_word(self.conditions.text, word))
    }

    /// A word, phrase or regex; with an operator after it, it is the name of a field.
    pub(super) fn field_or_word(&mut self, token: Token) -> Option<Filter> {
        self.lexer.take(token);
        if token.kind == TokenKind::Regex {
            return Some(self.bare(token));
        }
        let operator = self.peek_at(Mode::Term, || Point::Operator);
        match operator.kind {
            TokenKind::Colon => {
                let field = self.field(token);
                self.lexer.take(operator);
                self.value(&field, token, operator)
            }
            TokenKind::Less | TokenKind::LessEqual | TokenKind::Greater | TokenKind::GreaterEqual => {
                let field = self.field(token);
                Some(self.comparison(&self.name(&field)))
            }
            TokenKind::Equal | TokenKind::EqualEqual | TokenKind::NotEqual => {
                let field = self.field(token);
                self.lexer.take(operator);
                self.equation(&field, token, operator)
            }
            _ => Some(self.bare(token)),
        }
    }

    /// `field=value`, which other languages have: read as `field:value`, with a diagnostic that says so.
    fn equation(&mut self, field: &Literal, name: Token, operator: Token) -> Option<Filter> {
        let start = self.lexer.peek(Mode::Value).span.start;
        let filter = self.value(field, name, operator);
        let text = self.conditions.text;
        let value = &text[start.min(self.lexer.position())..self.lexer.position()];
        let is_negated = operator.kind == TokenKind::NotEqual;
        let not = if is_negated { "not " } else { "" };
        let meant = format!("{not}{}:{value}", name.text(text));
        let message = format!("A field has its value after a colon: write {}.", shown(&meant));
        let span = name.span.to(Span::at(self.lexer.position()));
        self.error(
            Diagnostic::error(span, "equals_sign", message).expecting(": < <= > >=").suggesting(meant),
        );
        filter.map(|filter| if is_negated { filter.negated() } else { filter })
    }

    /// The name of a field, with those of the groups around it before it.
    fn field(&mut self, token: Token) -> Literal {
        let text = self.conditions.text;
        let own = match token.kind {
            TokenKind::Quoted { closed } => {
                Literal::Text(literal::quoted(text, token, closed, self.conditions.diagnostics))
            }
            _ => literal::word(text, token, self.conditions.diagnostics),
        };
        let name = match &self.prefix {
            Some(prefix) => joined(prefix, &own),
            None => own,
        };
        self.check_name(&name, token);
        name
    }

    fn check_name(&mut self, name: &Literal, token: Token) {
        let most = self.conditions.limits.name_bytes_max;
        let (Literal::Text(text) | Literal::Pattern(text)) = name;
        if text.len() > usize::from(most) {
            let message = format!("The name of the field is too long: at most {most} bytes are kept of one.");
            self.error(Diagnostic::error(token.span, "name_too_long", message));
        } else if let Literal::Pattern(pattern) = name {
            self.conditions.check_wildcard(pattern, token.span);
        }
    }

    pub(super) fn name(&self, name: &Literal) -> FieldName {
        match name {
            Literal::Text(name) => FieldName::named(name),
            Literal::Pattern(pattern) if pattern == "*" => FieldName::Any,
            Literal::Pattern(pattern) => FieldName::Like(Wildcard { source: pattern.as_str().into() }),
        }
    }

    /// A word without a field is in any; inside `name:{ … }` in any below that name.
    fn bare(&mut self, token: Token) -> Filter {
        self.warn_of_other_quotes(token);
        let any = Literal::Pattern("*".to_owned());
        let field = match &self.prefix {
            Some(prefix) => self.name(&joined(prefix, &any)),
            None => FieldName::Any,
        };
        self.conditions.value(field, token, Place::Bare)
    }

    /// Quotes of other languages and keyboards are parts of words.
    pub(super) fn warn_of_other_quotes(&mut self, token: Token) {
        const OTHERS: [char; 9] = ['\'', '‘', '’', '‚', '“', '”', '„', '«', '»'];
        let text = token.text(self.conditions.text);
        if token.kind == TokenKind::Word && text.starts_with(OTHERS) && text.chars().nth(1).is_some() {
            let message = "This quote is part of the word: a phrase stands in double quotes, \"like this\".";
            let mut warning = Diagnostic::warning(token.span, "other_quotes", message);
            if text.ends_with(OTHERS) {
                warning = warning.suggesting(format!("\"{}\"", text.trim_matches(OTHERS)));
            }
            self.error(warning);
        }
    }

    /// `and` or `or` where a term should begin.
    pub(super) fn misplaced_operator(&mut self, token: Token, after: Option<Token>) -> Option<Filter> {
        let word = token.text(self.conditions.text).to_owned();
        self.lexer.take(token);
        let message = match after {
            Some(before) => {
                let before = before.text(self.conditions.text);
                format!("A condition is missing between {before} and {word}: write one, or take {word} away.")
            }
            None => format!("{word} joins two conditions: write one before it, or put the word in quotes."),
        };
        let wrong = Diagnostic::error(token.span, "misplaced_operator", message).expecting(TERM);
        self.error(wrong.suggesting(format!("\"{word}\"")));
        None
    }

    /// What can be no term. Tokens that end a group stay.
    pub(super) fn unexpected(&mut self, token: Token, after: Option<Token>) -> Option<Filter> {
        let shown = token.text(self.conditions.text).to_owned();
        let ends = [TokenKind::End, TokenKind::Close, TokenKind::CloseBrace, TokenKind::Pipe, TokenKind::Or];
        if let (true, Some(before)) = (ends.contains(&token.kind), after) {
            let before = before.text(self.conditions.text);
            let message = format!("A condition is missing after {before}: write one, or take {before} away.");
            self.error(Diagnostic::error(token.span, "missing_term", message).expecting(TERM));
        } else if token.kind == TokenKind::Colon {
            let message = "The name of a field is missing before the colon: write one such as level:error.";
            self.error(
                Diagnostic::error(token.span, "missing_field", message).expecting("the name of a field"),
            );
        } else if token.kind == TokenKind::Comma {
            let message = "A comma means nothing here: leave a space, or write or between alternatives.";
            self.error(Diagnostic::error(token.span, "unexpected_comma", message).suggesting(""));
        } else if token.kind != TokenKind::End {
            let message = format!("Nothing can be read at {shown} here: put it in quotes to look for it.");
            let wrong = Diagnostic::error(token.span, "unexpected_sign", message).expecting(TERM);
            self.error(wrong.suggesting(format!("\"{shown}\"")));
        }
        if !ends.contains(&token.kind) {
            self.lexer.take(token);
        }
        None
    }
}

/// A name below another, with a dot between them.
fn joined(prefix: &Literal, name: &Literal) -> Literal {
    let pattern = |name: &Literal| match name {
        Literal::Text(text) => literal::escaped_pattern(text),
        Literal::Pattern(pattern) => pattern.clone(),
    };
    match (prefix, name) {
        (Literal::Text(prefix), Literal::Text(name)) => Literal::Text(format!("{prefix}.{name}")),
        _ => Literal::Pattern(format!("{}.{}", pattern(prefix), pattern(name))),
    }
}
