//! `eval slow = duration > 500ms, both = a + b`: columns that are computed.
//!
//! Invariant: assignments are done from left to right, each sees those before it, and a name that exists is
//! replaced. It does not compute: `expression` does.

use std::fmt;

use super::expression::{self, Expression};
use super::parse::{Parsed, Reader};
use super::pipeline::Row;
use super::print::write_name;
use super::scope::Scope;
use super::{Pipe, PipeError, name_of};
use crate::query::lexer::TokenKind;
use crate::query::tree::FieldName;

/// Names and what is computed for them.
#[derive(Debug, Clone, PartialEq)]
pub struct Eval {
    pub assignments: Vec<(FieldName, Expression)>,
}

pub(super) fn parse(reader: &mut Reader<'_, '_>) -> Parsed<Pipe> {
    let assignments = reader.list(|reader| {
        let name = reader.name("a name for the column, such as total")?;
        reader.expect(TokenKind::Equal, "= and what to compute")?;
        Ok((name, expression::parse::expression(reader)?))
    })?;
    Ok(Pipe::Eval(Eval { assignments }))
}

impl Eval {
    pub(super) fn compile(&self, scope: &mut Scope) -> Result<Evaluator, PipeError> {
        let mut assignments = Vec::new();
        for (name, expression) in &self.assignments {
            let compiled = expression.with_fields(&mut |field| scope.read(field))?;
            assignments.push((scope.define(name), compiled));
        }
        Ok(Evaluator { assignments })
    }
}

/// Expressions over slots.
#[derive(Debug, Clone)]
pub(super) struct Evaluator {
    assignments: Vec<(usize, Expression<usize>)>,
}

impl Evaluator {
    pub(super) fn apply(&self, row: &mut Row) {
        for (slot, expression) in &self.assignments {
            row.put(*slot, expression.evaluate(&row.cells));
        }
    }
}

impl fmt::Display for Eval {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, expression)) in self.assignments.iter().enumerate() {
            out.write_str(if index > 0 { ", " } else { "eval " })?;
            write_name(name_of(name), out)?;
            write!(out, " = {expression}")?;
        }
        Ok(())
    }
}
