//! The query language: what a user asks of lines, as text and as a tree.
//!
//! `tree` is the meaning, `text` says what a word is; parsers build trees and printers write them, the
//! matcher holds a tree against a line in memory, and an index makes a plan of it.
//! Invariant: every reader of a tree gives the same answer for the same line; `tree` says which.
//! It does not know where lines are stored.

#[cfg(any(test, feature = "generators"))]
pub mod generate;
pub mod matcher;
#[cfg(any(test, feature = "generators"))]
pub mod reference;
pub mod text;
pub mod tree;
pub mod value;

pub use matcher::{BoundMatcher, Highlight, Matcher, MatcherError};
pub use tree::{Condition, FieldName, Filter, Scalar, Test};
pub use value::{FieldKind, ValueTest, ValueTestError};
