//! The query language: what a user asks of lines, as text and as a tree.
//!
//! `tree` is the meaning, `text` says what a word is; parsers build trees and printers write them, the
//! matcher holds a tree against a line in memory, and an index makes a plan of it. `language` is the table of what
//! can be written, one example each.
//! Invariant: every reader of a tree gives the same answer for the same line; `tree` says which.
//! It does not know where lines are stored.

pub mod complete;
mod condition;
pub mod diagnose;
#[cfg(any(test, feature = "generators"))]
pub mod generate;
pub mod language;
pub mod lexer;
pub mod lucene;
pub mod matcher;
pub mod moment;
pub mod parse;
pub mod pattern;
pub mod pipe;
pub mod print;
#[cfg(any(test, feature = "generators"))]
pub mod reference;
#[cfg(any(test, feature = "generators"))]
pub mod strategy;
pub mod text;
pub mod tree;
pub mod value;

pub use complete::{Completion, Expected, complete};
pub use diagnose::{Diagnostic, Diagnostics, Severity, Span};
pub use lucene::parse_lucene;
pub use matcher::{BoundMatcher, Highlight, Matcher, MatcherError};
pub use moment::Moment;
pub use parse::{parse, parse_filter};
pub use print::{print, print_name};
pub use tree::{Condition, FieldName, Filter, Scalar, Test};
pub use value::{FieldKind, ValueTest, ValueTestError};

/// The version of the language. A rule that is stored keeps it beside its text.
pub const SYNTAX_VERSION: u16 = 1;

/// What a text asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub filter: Filter,
    /// The text behind the first `|`.
    pub pipes: Option<Span>,
}

/// A query as far as it could be read, and what there is to tell about its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// Means what its author wrote only if there are no errors.
    pub query: Query,
    /// In the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// The query if it can run; else what is wrong.
    pub fn into_query(self) -> Result<Query, Vec<Diagnostic>> {
        if self.has_errors() { Err(self.diagnostics) } else { Ok(self.query) }
    }
}
