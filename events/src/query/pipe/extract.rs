//! `extract "took <ms>ms"` and `extract /took (?<ms>\d+)ms/ from message`: columns found in a text.
//!
//! Invariant: each name has a value for every row, a missing one where the text is not found; matching takes time
//! linear in the text, and what an expression compiles to is bounded.
//! It takes the first place that fits, and no second.

mod template;

use std::fmt::{self, Write};
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use self::template::Template;
use super::cell::Cell;
use super::parse::{Parsed, Reader};
use super::pipeline::Row;
use super::print::{write_name, write_quoted};
use super::scope::Scope;
use super::{Pipe, PipeError, name_of};
use crate::line::Role;
use crate::query::lexer::{TokenKind, literal};
use crate::query::tree::FieldName;

pub use self::template::TemplateError;

/// What is looked for, and in which field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extract {
    pub pattern: Pattern,
    pub from: FieldName,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Text with names in angle brackets.
    Template(Arc<str>),
    /// An expression with named groups.
    Regex(Arc<str>),
}

pub(super) fn parse(reader: &mut Reader<'_, '_>) -> Parsed<Pipe> {
    let token = reader.peek();
    let pattern = match token.kind {
        TokenKind::Quoted { closed } => {
            reader.lexer.take(token);
            Pattern::Template(reader.quoted(token, closed)?.into())
        }
        TokenKind::Regex => {
            reader.lexer.take(token);
            Pattern::Regex(literal::regex(reader.lexer.text(), token).into())
        }
        _ => {
            return Err(reader
                .unexpected("a template such as \"took <ms>ms\", or an expression such as /(?<ms>\\d+)ms/"));
        }
    };
    let from = match reader.take_word("from") {
        true => reader.name("the name of a field")?,
        false => FieldName::Role(Role::Message),
    };
    Ok(Pipe::Extract(Extract { pattern, from }))
}

impl Extract {
    pub(super) fn compile(&self, scope: &mut Scope, regex_bytes_max: usize) -> Result<Extractor, PipeError> {
        let from = scope.read(&self.from)?;
        let search = match &self.pattern {
            Pattern::Template(source) => Search::Template(Box::new(Template::parse(source)?)),
            Pattern::Regex(source) => Search::Regex(compile(source, regex_bytes_max)?),
        };
        let names: Vec<&str> = match &search {
            Search::Template(template) => template.names().collect(),
            Search::Regex(regex) => regex.capture_names().flatten().collect(),
        };
        let targets = names.into_iter().map(|name| scope.define(&FieldName::named(name))).collect();
        Ok(Extractor { from, search, targets })
    }
}

fn compile(source: &str, bytes_max: usize) -> Result<Regex, PipeError> {
    let regex = RegexBuilder::new(source).size_limit(bytes_max).dfa_size_limit(bytes_max).build();
    let regex = regex.map_err(|error| PipeError::BadRegex { source: Box::new(error) })?;
    if regex.capture_names().flatten().next().is_none() {
        return Err(PipeError::NoGroup);
    }
    Ok(regex)
}

/// A pattern over slots.
#[derive(Debug, Clone)]
pub(super) struct Extractor {
    from: usize,
    search: Search,
    /// A slot for each name.
    targets: Vec<usize>,
}

#[derive(Debug, Clone)]
enum Search {
    Template(Box<Template>),
    Regex(Regex),
}

impl Extractor {
    pub(super) fn apply(&self, row: &mut Row) {
        let text = match &row.cells[self.from] {
            Cell::Missing => None,
            Cell::Text(text) => Some(Arc::clone(text)),
            other => Some(other.to_string().into()),
        };
        let found = text.as_deref().and_then(|text| self.find(text));
        let mut found = found.unwrap_or_default().into_iter();
        for target in &self.targets {
            row.put(*target, found.next().flatten().map_or(Cell::Missing, Cell::read));
        }
    }

    fn find<'t>(&self, text: &'t str) -> Option<Vec<Option<&'t str>>> {
        match &self.search {
            Search::Template(template) => Some(template.find(text)?.into_iter().map(Some).collect()),
            Search::Regex(regex) => {
                let captures = regex.captures(text)?;
                let group = |name: &str| captures.name(name).map(|found| found.as_str());
                Some(regex.capture_names().flatten().map(group).collect())
            }
        }
    }
}

impl fmt::Display for Extract {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("extract ")?;
        match &self.pattern {
            Pattern::Template(source) => write_quoted(source, '"', out)?,
            Pattern::Regex(source) => write_regex(source, out)?,
        }
        if self.from != FieldName::Role(Role::Message) {
            out.write_str(" from ")?;
            write_name(name_of(&self.from), out)?;
        }
        Ok(())
    }
}

/// Between slashes, with a backslash before each slash within.
fn write_regex(source: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    out.write_char('/')?;
    let mut characters = source.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                out.write_char('\\')?;
                characters.next().map_or(Ok(()), |escaped| out.write_char(escaped))?;
            }
            '/' => out.write_str("\\/")?,
            other => out.write_char(other)?,
        }
    }
    out.write_char('/')
}
