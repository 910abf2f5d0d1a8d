//! `uniq service, host`: each combination of values once, with how many lines have it.
//!
//! Invariant: rows come in the order of their values, and what is missing is a value too.
//! It does not hold the groups: `grouping` does.

use std::fmt;

use super::Pipe;
use super::aggregate::{Function, Measure};
use super::grouping::{Grouping, Key};
use super::parse::{Parsed, Reader};
use super::print::write_names;
use crate::query::tree::FieldName;

/// Fields whose combinations are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uniq {
    pub fields: Vec<FieldName>,
}

pub(super) fn parse(reader: &mut Reader<'_, '_>) -> Parsed<Pipe> {
    reader.take_word("by");
    Ok(Pipe::Uniq(Uniq { fields: reader.names()? }))
}

impl Uniq {
    pub(super) fn grouping(&self) -> Grouping {
        let keys = self.fields.iter().map(|field| Key::new(field.clone(), None)).collect();
        Grouping { keys, measures: vec![Measure::new(Function::Count, None)], only_complete: false }
    }
}

impl fmt::Display for Uniq {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("uniq ")?;
        write_names(&self.fields, out)
    }
}
