//! Pipes: what is done with the lines that a filter lets through.
//!
//! Invariant: every pipe is one file below and one entry of the table; pipes know cells and rows, never lines
//! or where they are stored. It does not read the filter before the first `|`.

pub mod aggregate;
pub mod bin;
pub mod cell;
pub mod grouping;
pub mod number;

use super::tree::FieldName;

pub use cell::Cell;
pub use grouping::{Grouping, Groups, TimeRange};
pub use number::Number;

/// The name of a field that pipes can read: a role's, or its own.
fn name_of(field: &FieldName) -> &str {
    match field {
        FieldName::Role(role) => FieldName::role_name(*role),
        FieldName::Named(name) => name,
        FieldName::Like(pattern) => &pattern.source,
        FieldName::Any => "*",
    }
}
