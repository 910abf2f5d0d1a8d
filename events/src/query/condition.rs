//! Conditions: what a field and a value that stand in a query mean together, whatever the syntax around them.
//!
//! A word is a level on the level, a time on the time, a network where it has the form of one, and a text
//! elsewhere; quotes make it a text. Front ends read tokens, and ask here for the filter.
//! Invariant: each condition is counted, and each regex compiled, within the limits of a query; what is wrong
//! becomes a diagnostic and a filter that stands in its place. It does not read operators.

mod bound;
mod expression;

use std::net::IpAddr;
use std::ops::Bound;

use antler_config::limits::QueryLimits;

use super::diagnose::{Diagnostic, Diagnostics, Span};
use super::lexer::literal::{self, Literal};
use super::lexer::{Token, TokenKind};
use super::moment::Moment;
use super::tree::{FieldName, Filter, Network, Scalar, Test, Wildcard};
use crate::clock::Timestamp;
use crate::line::{Level, Role};

pub(super) use bound::End;

/// Makes the conditions of one query.
#[derive(Debug)]
pub(super) struct Conditions<'t> {
    pub text: &'t str,
    pub now: Timestamp,
    pub limits: &'t QueryLimits,
    pub diagnostics: &'t mut Diagnostics,
    clauses: u32,
    regexes: u16,
    /// What the regexes unfold to so far.
    regex_parts: u64,
}

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// After a field.
    OfField,
    /// By itself: a text, whatever its form.
    Bare,
}

impl<'t> Conditions<'t> {
    pub(super) fn new(
        text: &'t str,
        now: Timestamp,
        limits: &'t QueryLimits,
        diagnostics: &'t mut Diagnostics,
    ) -> Self {
        Self { text, now, limits, diagnostics, clauses: 0, regexes: 0, regex_parts: 0 }
    }

    /// Whether one more condition is within the limit.
    pub(super) fn has_room(&self) -> bool {
        self.clauses < self.limits.clauses_max
    }

    /// The field has a value.
    pub(super) fn exists(&mut self, field: FieldName) -> Filter {
        match field {
            FieldName::Any => Filter::All,
            field => self.condition(field, Test::Exists),
        }
    }

    /// The field has this value: a word, a text in quotes or a regex.
    pub(super) fn value(&mut self, field: FieldName, token: Token, place: Place) -> Filter {
        let (text, is_quoted) = match token.kind {
            TokenKind::Regex => return self.regex(field, token),
            TokenKind::Quoted { closed } => {
                (literal::quoted(self.text, token, closed, self.diagnostics), true)
            }
            _ => match literal::word(self.text, token, self.diagnostics) {
                Literal::Text(text) => (text, false),
                Literal::Pattern(pattern) => return self.pattern(field, pattern, token.span),
            },
        };
        match field {
            FieldName::Role(Role::Level) => self.level(&text, token.span),
            FieldName::Role(Role::Time) => self.time(&text, token.span),
            FieldName::Any if place == Place::Bare => self.bare(text, token.span),
            FieldName::Role(Role::Message) => self.condition(field, Test::Text(text.into())),
            field if is_quoted => self.condition(field, Test::Text(text.into())),
            field => match self.network(&text, token.span) {
                Some(network) => self.condition(field, Test::Network(network)),
                None => self.condition(field, Test::Text(text.into())),
            },
        }
    }

    /// The value matches a wildcard; a star alone is any.
    fn pattern(&mut self, field: FieldName, pattern: String, span: Span) -> Filter {
        if pattern == "*" {
            return self.exists(field);
        }
        self.check_wildcard(&pattern, span);
        if field == FieldName::Role(Role::Time) {
            let message =
                "A time has no wildcards: write the part that is known, such as 2026-03 for a month.";
            let mut wrong = Diagnostic::error(span, "wildcard_in_time", message).expecting(bound::TIME);
            let known = pattern.trim_end_matches(['*', '-', 'T', ':']);
            if Moment::parse(known, self.now).is_some() {
                wrong = wrong.suggesting(known);
            }
            self.diagnostics.push(wrong);
        }
        self.condition(field, Test::Like(Wildcard { source: pattern.into() }))
    }

    fn level(&mut self, text: &str, span: Span) -> Filter {
        let field = FieldName::Role(Role::Level);
        if let Some(level) = Level::parse(text.as_bytes()) {
            let bound = Bound::Included(Scalar::Level(level));
            return self.condition(field, Test::Range(bound.clone(), bound));
        }
        let message = format!("{} is the name of no level: the levels are {}.", shown(text), bound::LEVELS);
        self.diagnostics.push(Diagnostic::warning(span, "unknown_level", message).expecting("a level"));
        self.condition(field, Test::Text(text.into()))
    }

    fn time(&mut self, text: &str, span: Span) -> Filter {
        let Some(moment) = self.moment(text, span) else { return Filter::All };
        if moment.is_instant() {
            let message =
                "This is an instant to the nanosecond: write >= or <= to mean all from or until then.";
            self.diagnostics.push(Diagnostic::warning(span, "equal_to_an_instant", message));
        }
        let test = Test::Range(bound::lower(moment, true), bound::upper(moment, true));
        self.condition(FieldName::Role(Role::Time), test)
    }

    fn bare(&mut self, text: String, span: Span) -> Filter {
        if text.is_empty() {
            let message = "There is nothing between the quotes: write what to look for, or take them away.";
            self.diagnostics
                .push(Diagnostic::error(span, "empty_text", message).expecting("a word or phrase"));
        }
        self.condition(FieldName::Any, Test::Text(text.into()))
    }

    /// The network that a text has the form of: an address, a slash and a number.
    fn network(&mut self, text: &str, span: Span) -> Option<Network> {
        let (address, bits) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        if bits.is_empty() || !bits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let bits_max = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = bits.parse().ok().filter(|bits| *bits <= bits_max);
        if prefix_bits.is_none() {
            let message =
                format!("A network of {address} has at most {bits_max} bits: write a smaller number.");
            let wrong =
                Diagnostic::error(span, "bad_network", message).expecting("a network such as 10.0.0.0/8");
            self.diagnostics.push(wrong.suggesting(format!("{address}/{bits_max}")));
        }
        Some(first_address(address, prefix_bits.unwrap_or(bits_max)))
    }

    pub(super) fn check_wildcard(&mut self, pattern: &str, span: Span) {
        let most = self.limits.wildcard_bytes_max;
        if pattern.len() > usize::from(most) {
            let message = format!("The wildcard is too long: at most {most} bytes can be matched.");
            self.diagnostics.push(Diagnostic::error(span, "wildcard_too_long", message));
        }
    }

    fn condition(&mut self, field: FieldName, test: Test) -> Filter {
        self.clauses += 1;
        Filter::is(field, test)
    }
}

/// The network with all bits beyond its prefix zero.
fn first_address(address: IpAddr, prefix_bits: u8) -> Network {
    let address = match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix_bits)).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix_bits)).unwrap_or(0);
            IpAddr::V6((address.to_bits() & mask).into())
        }
    };
    Network { address, prefix_bits }
}

/// A part of a query as a message shows it.
pub(super) fn shown(text: &str) -> String {
    const CHARACTERS_MAX: usize = 40;
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("`{}…`", &text[..end]),
        None => format!("`{text}`"),
    }
}
