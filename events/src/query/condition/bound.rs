//! The ends of ranges: values to compare with, by their form.
//!
//! Invariant: both ends of a range are of one kind. A time as long as a day begins at its first and ends at
//! its last instant, so `> 2026-03-01` begins on the second. It does not compare with values of lines.

use std::mem::discriminant;
use std::net::IpAddr;
use std::ops::Bound;

use super::{Conditions, shown};
use crate::clock::Timestamp;
use crate::line::{Level, Role};
use crate::query::diagnose::{Diagnostic, Span};
use crate::query::lexer::literal::{self, Literal};
use crate::query::lexer::{Token, TokenKind};
use crate::query::moment::{self, Moment};
use crate::query::tree::{FieldName, Filter, Scalar, Test};
use crate::query::value::units;

pub(super) const TIME: &str = "a time such as 2026-03-01, 2026-03-01T10:30:00Z, now-15m or now-1d/d";
pub(super) const LEVELS: &str = "trace, debug, info, warning, error and critical";

/// One end of a range as it was written.
#[derive(Debug, Clone, Copy)]
pub(in crate::query) struct End {
    pub token: Token,
    pub is_included: bool,
}

/// What an end is compared as.
enum Operand {
    Scalar(Scalar),
    Moment(Moment),
}

impl Conditions<'_> {
    /// The field lies between the ends; one that is not there is open.
    pub(in crate::query) fn range(
        &mut self,
        field: FieldName,
        lower: Option<End>,
        upper: Option<End>,
        span: Span,
    ) -> Filter {
        if lower.is_none() && upper.is_none() {
            return self.exists(field);
        }
        let Some(from) = self.end(&field, lower, self::lower) else { return Filter::All };
        let Some(to) = self.end(&field, upper, self::upper) else { return Filter::All };
        self.check_order(&from, &to, span);
        self.condition(field, Test::Range(from, to))
    }

    /// `None` if the end is wrong, which is told then.
    fn end(
        &mut self,
        field: &FieldName,
        end: Option<End>,
        bound: fn(Moment, bool) -> Bound<Scalar>,
    ) -> Option<Bound<Scalar>> {
        let Some(End { token, is_included }) = end else { return Some(Bound::Unbounded) };
        Some(match self.operand(field, token)? {
            Operand::Moment(moment) => bound(moment, is_included),
            Operand::Scalar(scalar) if is_included => Bound::Included(scalar),
            Operand::Scalar(scalar) => Bound::Excluded(scalar),
        })
    }

    fn operand(&mut self, field: &FieldName, token: Token) -> Option<Operand> {
        let (text, is_quoted) = match token.kind {
            TokenKind::Quoted { closed } => {
                (literal::quoted(self.text, token, closed, self.diagnostics), true)
            }
            _ => match literal::word(self.text, token, self.diagnostics) {
                Literal::Text(text) => (text, false),
                Literal::Pattern(_) => {
                    let message = "What is compared has no wildcards: write a value, or put it in quotes.";
                    let wrong = Diagnostic::error(token.span, "wildcard_in_range", message);
                    self.diagnostics.push(wrong.expecting("a number, time, duration, size or text"));
                    return None;
                }
            },
        };
        match field {
            FieldName::Role(Role::Level) => self.level_operand(&text, token.span),
            FieldName::Role(Role::Time) => self.moment(&text, token.span).map(Operand::Moment),
            _ if is_quoted => {
                self.warn_of_quotes(&text, token.span);
                Some(Operand::Scalar(Scalar::Text(text.into())))
            }
            _ => self.operand_by_form(&text, token.span),
        }
    }

    fn level_operand(&mut self, text: &str, span: Span) -> Option<Operand> {
        let level = Level::parse(text.as_bytes());
        if level.is_none() {
            let message =
                format!("A level cannot be compared with {}: the levels are {LEVELS}.", shown(text));
            self.diagnostics.push(Diagnostic::error(span, "unknown_level", message).expecting("a level"));
        }
        level.map(|level| Operand::Scalar(Scalar::Level(level)))
    }

    /// A time, or a diagnostic that says how to write one.
    pub(super) fn moment(&mut self, text: &str, span: Span) -> Option<Moment> {
        let moment = Moment::parse(text, self.now);
        if moment.is_none() {
            let message = format!("{} is no time: write one such as 2026-03-01 or now-15m.", shown(text));
            self.diagnostics.push(Diagnostic::error(span, "bad_time", message).expecting(TIME));
        }
        moment
    }

    fn operand_by_form(&mut self, text: &str, span: Span) -> Option<Operand> {
        if is_number(text) {
            let number = text.parse().ok().filter(|number: &f64| number.is_finite());
            if number.is_none() {
                let message = "The number is too large to compare with: write one below 1.7e308.";
                self.diagnostics.push(Diagnostic::error(span, "number_too_large", message));
            }
            return number.map(Scalar::Number).map(Operand::Scalar);
        }
        if moment::is_relative(text) {
            return self.moment(text, span).map(Operand::Moment);
        }
        if let Some(moment) = Moment::of_any_field(text, self.now) {
            return Some(Operand::Moment(moment));
        }
        let size = || units::size(text).filter(|size| size.is_finite()).map(Scalar::Size);
        let duration = units::duration(text).map(Scalar::Duration);
        let address = || text.parse::<IpAddr>().ok().map(Scalar::Address);
        let scalar = duration.or_else(size).or_else(address);
        Some(Operand::Scalar(scalar.unwrap_or_else(|| Scalar::Text(text.into()))))
    }

    fn warn_of_quotes(&mut self, text: &str, span: Span) {
        if is_number(text) {
            let message = "In quotes this is compared as a text: take the quotes away to compare numbers.";
            self.diagnostics.push(Diagnostic::warning(span, "quoted_number", message).suggesting(text));
        }
    }

    fn check_order(&mut self, from: &Bound<Scalar>, to: &Bound<Scalar>, span: Span) {
        let (Some(least), Some(most)) = (scalar_of(from), scalar_of(to)) else { return };
        if discriminant(least) != discriminant(most) {
            let message =
                "The ends of a range are of one kind: write two numbers, two times or two durations.";
            self.diagnostics.push(Diagnostic::error(span, "mixed_range", message));
        } else if is_above(least, most) {
            let message = "Nothing lies in this range: write the smaller end first.";
            self.diagnostics.push(Diagnostic::warning(span, "empty_range", message));
        }
    }
}

/// Where a range begins that begins with this moment, or after it.
pub(super) fn lower(moment: Moment, is_included: bool) -> Bound<Scalar> {
    match (is_included, moment.is_instant()) {
        (true, _) => Bound::Included(time(moment.start)),
        (false, true) => Bound::Excluded(time(moment.start)),
        (false, false) => Bound::Included(time(moment.end)),
    }
}

/// Where a range ends that ends with this moment, or before it.
pub(super) fn upper(moment: Moment, is_included: bool) -> Bound<Scalar> {
    match (is_included, moment.is_instant()) {
        (false, _) => Bound::Excluded(time(moment.start)),
        (true, true) => Bound::Included(time(moment.start)),
        (true, false) => Bound::Excluded(time(moment.end)),
    }
}

fn time(at: Timestamp) -> Scalar {
    Scalar::Time(at)
}

fn scalar_of(bound: &Bound<Scalar>) -> Option<&Scalar> {
    match bound {
        Bound::Included(scalar) | Bound::Excluded(scalar) => Some(scalar),
        Bound::Unbounded => None,
    }
}

fn is_above(least: &Scalar, most: &Scalar) -> bool {
    match (least, most) {
        (Scalar::Number(least), Scalar::Number(most)) | (Scalar::Size(least), Scalar::Size(most)) => {
            least > most
        }
        (Scalar::Time(least), Scalar::Time(most)) => least > most,
        (Scalar::Duration(least), Scalar::Duration(most)) => least > most,
        (Scalar::Level(least), Scalar::Level(most)) => least > most,
        (Scalar::Address(least), Scalar::Address(most)) => least > most,
        _ => false,
    }
}

/// Digits, perhaps with a sign, a point and an exponent.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = |text: &str| digits(text.strip_prefix(['-', '+']).unwrap_or(text));
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    unsigned(whole) && fraction.is_none_or(digits) && exponent.is_none_or(unsigned)
}
