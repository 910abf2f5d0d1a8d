//! Diagnostics: what is wrong with the text of a query, where, and what to write instead.
//!
//! Invariant: a span lies inside the text, on borders of characters; a message is a sentence that says what
//! to do. It keeps a bounded number of them and does not decide whether a query may run: its reader asks `has_errors`.

use std::borrow::Cow;

/// A part of the text of a query, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

/// Something to tell about a part of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub span: Span,
    /// What is wrong in one word of `snake_case`, for programs.
    pub code: &'static str,
    /// What is wrong and what to do, for people.
    pub message: Cow<'static, str>,
    /// What could stand here; empty if that is not the question.
    pub expected: &'static str,
    /// What to put in place of the span.
    pub suggestion: Option<String>,
    pub severity: Severity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The query means something, but perhaps not what its author thinks.
    Warning,
    /// The query cannot run.
    Error,
}

/// The diagnostics of one text. Errors and warnings are bounded each for itself, so that the many warnings
/// before an error do not hide it.
#[derive(Debug, Clone)]
pub struct Diagnostics {
    kept: Vec<Diagnostic>,
    kept_max: usize,
    errors: usize,
    warnings: usize,
}

impl Span {
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// A place between two characters.
    pub const fn at(place: usize) -> Self {
        Self::new(place, place)
    }

    /// From the start of this to the end of the other.
    #[must_use]
    pub fn to(self, last: Self) -> Self {
        Self::new(self.start, self.end.max(last.end))
    }

    /// The part of the text; nothing if the span is not of this text.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    pub const fn len(self) -> usize {
        self.end - self.start
    }

    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }
}

impl Diagnostic {
    pub fn error(span: Span, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            span,
            code,
            message: message.into(),
            expected: "",
            suggestion: None,
            severity: Severity::Error,
        }
    }

    pub fn warning(span: Span, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(span, code, message) }
    }

    #[must_use]
    pub fn expecting(self, expected: &'static str) -> Self {
        Self { expected, ..self }
    }

    #[must_use]
    pub fn suggesting(self, suggestion: impl Into<String>) -> Self {
        Self { suggestion: Some(suggestion.into()), ..self }
    }
}

impl Diagnostics {
    pub fn new(kept_max: usize) -> Self {
        Self { kept: Vec::new(), kept_max, errors: 0, warnings: 0 }
    }

    pub fn push(&mut self, diagnostic: Diagnostic) {
        let count = match diagnostic.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *count += 1;
        if *count <= self.kept_max {
            self.kept.push(diagnostic);
        }
    }

    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Whether further errors are not kept, so that looking for them is of no use. Who keeps none looks for none.
    pub fn is_full(&self) -> bool {
        self.kept_max > 0 && self.errors >= self.kept_max
    }

    /// In the order of the text.
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.kept.sort_by_key(|diagnostic| diagnostic.span);
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diagnostics_are_bounded_and_in_the_order_of_the_text() {
        let mut diagnostics = Diagnostics::new(2);
        diagnostics.push(Diagnostic::warning(Span::new(5, 6), "late", "Late."));
        diagnostics.push(Diagnostic::warning(Span::new(1, 2), "early", "Early."));
        diagnostics.push(Diagnostic::warning(Span::new(2, 3), "beyond", "Beyond."));
        assert!(!diagnostics.has_errors());
        diagnostics.push(Diagnostic::error(Span::at(9), "error", "Error."));
        assert!(diagnostics.has_errors() && !diagnostics.is_full());
        let codes: Vec<_> = diagnostics.into_sorted().into_iter().map(|kept| kept.code).collect();
        assert_eq!(codes, ["early", "late", "error"]);
    }

    #[test]
    fn a_span_of_another_text_is_empty() {
        assert_eq!(Span::new(1, 3).of("aäb"), "ä");
        assert_eq!(Span::new(2, 3).of("aäb"), "");
        assert_eq!(Span::new(2, 9).of("abc"), "");
        assert_eq!(Span::new(1, 2).to(Span::new(4, 6)), Span::new(1, 6));
    }
}
