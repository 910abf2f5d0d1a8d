//! Regexes of a query: each is compiled once when the query is read, so that what is wrong is known by then.
//!
//! Invariant: the work is bounded by the length of a regex, by what all of them unfold to, and by what one takes
//! compiled; the first that goes beyond ends it.
//! The compiled form is not kept: matchers and indexes compile what they need.

use regex::RegexBuilder;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::Conditions;
use crate::line::Role;
use crate::query::diagnose::{Diagnostic, Span};
use crate::query::lexer::{Token, literal};
use crate::query::tree::{FieldName, Filter, Test};

/// Deepest nesting of groups in a regex.
const NESTING_MAX: u32 = 100;

impl Conditions<'_> {
    pub(super) fn regex(&mut self, field: FieldName, token: Token) -> Filter {
        let source = literal::regex(self.text, token);
        let limits = self.limits;
        if field == FieldName::Role(Role::Time) {
            let message = "A time is compared, not matched: write a time or a range.";
            self.diagnostics.push(Diagnostic::error(token.span, "regex_on_time", message));
        } else if self.regexes < limits.regexes_max {
            self.regexes += 1;
            if let Err(wrong) = self.check_regex(&source, token) {
                self.diagnostics.push(wrong.expecting("a regular expression"));
            }
        } else if self.regexes == limits.regexes_max {
            self.regexes = limits.regexes_max.saturating_add(1);
            let message = format!("A query has at most {} regexes: join some with |.", limits.regexes_max);
            self.diagnostics.push(Diagnostic::error(token.span, "too_many_regexes", message));
        }
        self.condition(field, Test::Regex(source.into()))
    }

    fn check_regex(&mut self, source: &str, token: Token) -> Result<(), Diagnostic> {
        let bytes_max = self.limits.regex_bytes_max;
        if source.len() > usize::from(bytes_max) {
            let message = format!("The regex is too long: it has at most {bytes_max} bytes.");
            return Err(Diagnostic::error(token.span, "regex_too_long", message));
        }
        let parsed = ParserBuilder::new().nest_limit(NESTING_MAX).build().parse(source);
        let tree = parsed.map_err(|wrong| self.syntax_error(&wrong, token))?;
        self.regex_parts = self.regex_parts.saturating_add(unfolded(&tree));
        let is_small = self.regex_parts <= u64::from(self.limits.regex_parts_max);
        let size_max = self.limits.regex_compiled_bytes_max as usize;
        let compile = || RegexBuilder::new(source).size_limit(size_max).nest_limit(NESTING_MAX).build();
        if is_small && compile().is_ok() {
            return Ok(());
        }
        self.regexes = self.limits.regexes_max.saturating_add(1);
        let message =
            "The regexes of the query are too costly: make repetitions and classes of this one smaller.";
        Err(Diagnostic::error(token.span, "regex_too_costly", message))
    }

    fn syntax_error(&self, wrong: &regex_syntax::Error, token: Token) -> Diagnostic {
        let (place, reason) = match wrong {
            regex_syntax::Error::Parse(wrong) => (*wrong.span(), wrong.kind().to_string()),
            regex_syntax::Error::Translate(wrong) => (*wrong.span(), wrong.kind().to_string()),
            _ => return Diagnostic::error(token.span, "bad_regex", "The regex cannot be read: correct it."),
        };
        let in_text = |place: usize| literal::place_in_regex(self.text, token, place);
        let span = Span::new(in_text(place.start.offset), in_text(place.end.offset));
        Diagnostic::error(span, "bad_regex", format!("The regex cannot be read, correct it here: {reason}."))
    }
}

/// How many bytes and ranges of characters a regex has once its repetitions are written out; what it costs to compile.
/// The parser has bounded how deep the tree is.
fn unfolded(tree: &Hir) -> u64 {
    match tree.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(Class::Unicode(class)) => class.ranges().len() as u64,
        HirKind::Class(Class::Bytes(class)) => class.ranges().len() as u64,
        HirKind::Repetition(repeated) => {
            let times = repeated.max.unwrap_or(repeated.min).max(1);
            unfolded(&repeated.sub).saturating_add(1).saturating_mul(u64::from(times))
        }
        HirKind::Capture(capture) => unfolded(&capture.sub).saturating_add(1),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(unfolded).fold(1, u64::saturating_add)
        }
    }
}
