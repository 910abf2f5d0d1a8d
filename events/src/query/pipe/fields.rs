//! `fields a, b` leaves these columns, `fields -a, -b` and `drop a, b` take them away.
//!
//! Invariant: rows stay as they are; only what later pipes can name and what is shown changes.
//! It does not rename: `eval` does.

use std::fmt;

use super::parse::{Parsed, Reader};
use super::print::{write_name, write_names};
use super::scope::Scope;
use super::{Pipe, PipeError, name_of};
use crate::query::lexer::TokenKind;
use crate::query::tree::FieldName;

/// Which columns are left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fields {
    /// These, in this order.
    Keep(Vec<FieldName>),
    /// All but these.
    Drop(Vec<FieldName>),
}

pub(super) fn parse(reader: &mut Reader<'_, '_>) -> Parsed<Pipe> {
    if reader.peek().kind != TokenKind::Minus {
        return Ok(Pipe::Fields(Fields::Keep(reader.names()?)));
    }
    let dropped = reader.list(|reader| {
        reader.expect(TokenKind::Minus, "a minus before each name, or before none")?;
        reader.name("the name of a field")
    });
    Ok(Pipe::Fields(Fields::Drop(dropped?)))
}

pub(super) fn parse_drop(reader: &mut Reader<'_, '_>) -> Parsed<Pipe> {
    Ok(Pipe::Fields(Fields::Drop(reader.names()?)))
}

impl Fields {
    pub(super) fn compile(&self, scope: &mut Scope) -> Result<(), PipeError> {
        match self {
            Self::Keep(fields) => scope.keep(fields),
            Self::Drop(fields) => scope.hide(fields),
        }
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep(fields) => {
                out.write_str("fields ")?;
                write_names(fields, out)
            }
            Self::Drop(fields) => {
                for (index, field) in fields.iter().enumerate() {
                    out.write_str(if index > 0 { ", " } else { "drop " })?;
                    write_name(name_of(field), out)?;
                }
                Ok(())
            }
        }
    }
}
