//! Pipes: what is done with the lines that a filter lets through.
//!
//! `parse` reads pipes, `Display` prints them, and a `Pipeline` puts them to work on rows of cells. An index that keeps
//! columns asks the pipeline for its first groups and fills them without rows.
//! Invariant: every pipe is one file below and one entry of the table, whose example is a test; pipes know cells
//! and rows, never lines or where they are stored. It does not read the filter before the first `|`.

pub mod aggregate;
pub mod bin;
pub mod cell;
pub mod eval;
pub mod expression;
pub mod extract;
pub mod fields;
mod filtering;
pub mod grouping;
mod limit;
mod locate;
pub mod number;
pub mod parse;
pub mod patterns;
pub mod pipeline;
mod print;
pub mod reference;
mod scope;
pub mod sort;
pub mod stats;
pub mod top;
pub mod uniq;

#[cfg(test)]
mod tests;

use std::fmt;

use self::aggregate::Function;
use self::parse::{Parsed, Reader};
use super::tree::{FieldName, Filter};
use super::value::ValueTestError;

pub use cell::Cell;
pub use grouping::{Grouping, Groups, TimeRange};
pub use locate::check;
pub use number::Number;
pub use parse::parse;
pub use pipeline::{Context, Flow, LineKey, Pipeline, PipelineError, Table};
pub use reference::{Entry, PIPES};
pub use scope::Read;

/// One step of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Pipe {
    Where(Filter),
    Fields(fields::Fields),
    Sort(sort::Sort),
    /// The first rows.
    Limit(u32),
    Stats(stats::Stats),
    /// Also `rare`.
    Top(top::Top),
    Uniq(uniq::Uniq),
    Patterns(patterns::Patterns),
    Extract(extract::Extract),
    Eval(eval::Eval),
}

/// How a pipe is read once its name was.
type PipeParser = fn(&mut Reader<'_, '_>) -> Parsed<Pipe>;

/// Why a pipe cannot work where it stands.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PipeError {
    #[error("{}", unknown_column(.name, .known, *.dropped))]
    UnknownColumn { name: String, known: Vec<String>, dropped: bool },
    #[error("two columns have the name {name}; give one another name before")]
    ColumnTwice { name: String },
    #[error(
        "words without a field can be looked for only before limit and drop; name the field that has them"
    )]
    WholeLine,
    #[error("the regular expression of extract cannot be used")]
    BadRegex { source: Box<regex::Error> },
    #[error("the regular expression of extract needs a group with a name, such as (?<ms>\\d+)")]
    NoGroup,
    #[error(transparent)]
    Template(#[from] extract::TemplateError),
    #[error(transparent)]
    Value(#[from] ValueTestError),
}

fn unknown_column(name: &str, known: &[String], dropped: bool) -> String {
    if dropped {
        return format!("the field {name} was dropped by a pipe before");
    }
    const SHOWN: usize = 10;
    let more = if known.len() > SHOWN { ", …" } else { "" };
    let known = known.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    format!("there is no column {name} here, only {known}{more}")
}

impl Pipe {
    /// Whether its answer depends on how long the query looks.
    pub fn has_rate(&self) -> bool {
        let Self::Stats(stats) = self else { return false };
        stats.grouping.measures.iter().any(|measure| measure.function == Function::Rate)
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Where(filter) => write!(out, "where {}", super::print(filter)),
            Self::Fields(fields) => write!(out, "{fields}"),
            Self::Sort(sort) => write!(out, "{sort}"),
            Self::Limit(rows) => write!(out, "limit {rows}"),
            Self::Stats(stats) => write!(out, "{stats}"),
            Self::Top(top) => write!(out, "{top}"),
            Self::Uniq(uniq) => write!(out, "{uniq}"),
            Self::Patterns(patterns) => write!(out, "{patterns}"),
            Self::Extract(extract) => write!(out, "{extract}"),
            Self::Eval(eval) => write!(out, "{eval}"),
        }
    }
}

/// The name of a field that pipes can read: a role's, or its own.
fn name_of(field: &FieldName) -> &str {
    match field {
        FieldName::Role(role) => FieldName::role_name(*role),
        FieldName::Named(name) => name,
        FieldName::Like(pattern) => &pattern.source,
        FieldName::Any => "*",
    }
}
