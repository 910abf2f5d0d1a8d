//! `stats count(), p95(duration) as slow by service, bin(1m)`: measures of groups.
//!
//! Invariant: each column of the result has its own name. Rows come in the order of their groups.
//! It does not hold the groups: `grouping` does.

use std::fmt;

use super::aggregate::{Function, Measure};
use super::bin::Bin;
use super::grouping::{Grouping, Key};
use super::parse::{Parsed, Reader};
use super::print::write_name;
use super::{Pipe, name_of};
use crate::line::Role;
use crate::query::diagnose::Span;
use crate::query::lexer::{Mode, Token, TokenKind};
use crate::query::tree::FieldName;

const FUNCTION: &str = "a function, such as count() or p95(duration)";

/// What is measured, by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    pub grouping: Grouping,
}

pub(super) fn parse(reader: &mut Reader<'_, '_>) -> Parsed<Pipe> {
    let start = reader.peek().span.start;
    let measures = if reader.peek().is_word(reader.lexer.text(), "by") {
        vec![Measure::new(Function::Count, None)]
    } else {
        reader.list(measure)?
    };
    let keys = if reader.take_word("by") { reader.list(key)? } else { Vec::new() };
    let grouping = Grouping { keys, measures, only_complete: false };
    let mut names: Vec<&str> = grouping.columns().map(|name| &**name).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        let message = format!("Two columns have the name {}: give one another name with as.", twice[0]);
        return Err(reader.fail(Span::new(start, reader.lexer.position()), "name_twice", message));
    }
    Ok(Pipe::Stats(Stats { grouping }))
}

/// `avg(duration)`, perhaps with a name.
fn measure(reader: &mut Reader<'_, '_>) -> Parsed<Measure> {
    let token = reader.peek();
    if token.kind != TokenKind::Word {
        return Err(reader.unexpected(FUNCTION));
    }
    reader.lexer.take(token);
    let Some(function) = Function::named(reader.text_of(token)) else {
        let mut names = NAMES.into_iter();
        return Err(reader.unknown(token, "unknown_function", "function", &mut names));
    };
    let field = argument(reader, token, function)?;
    let measure = Measure::new(function, field);
    Ok(match renamed(reader)? {
        Some(name) => Measure { name: name_of(&name).into(), ..measure },
        None => measure,
    })
}

/// Functions that can be meant by a name that is none.
const NAMES: [&str; 13] =
    ["count", "sum", "avg", "min", "max", "distinct", "first", "last", "rate", "p50", "p90", "p95", "p99"];

/// The field in the parentheses, which a function that counts lines does not need, nor the parentheses.
fn argument(reader: &mut Reader<'_, '_>, token: Token, function: Function) -> Parsed<Option<FieldName>> {
    let opened = reader.take(TokenKind::Open);
    let field = match opened && reader.peek().kind != TokenKind::Close {
        true => Some(reader.name("the name of a field")?),
        false => None,
    };
    if opened {
        reader.expect(TokenKind::Close, "a closing parenthesis after the field")?;
    }
    if field.is_none() && !function.counts_lines() {
        let message = format!("{function} needs a field: write {function}(duration), say.");
        return Err(reader.fail(token.span, "field_missing", message));
    }
    Ok(field)
}

/// A field, `bin(1m)` of the time, or `bin(field, 100)`, perhaps with a name.
fn key(reader: &mut Reader<'_, '_>) -> Parsed<Key> {
    let mut lookahead = reader.lexer;
    let word = lookahead.next(Mode::Pipe);
    let is_bin =
        word.is_word(reader.lexer.text(), "bin") && lookahead.peek(Mode::Pipe).kind == TokenKind::Open;
    let key = if is_bin {
        reader.lexer = lookahead;
        bin(reader)?
    } else {
        Key::new(reader.name("a field to group by, or bin(1m)")?, None)
    };
    Ok(match renamed(reader)? {
        Some(name) => Key { name: name_of(&name).into(), ..key },
        None => key,
    })
}

fn bin(reader: &mut Reader<'_, '_>) -> Parsed<Key> {
    reader.expect(TokenKind::Open, "an opening parenthesis")?;
    let time = || FieldName::Role(Role::Time);
    let field = match Bin::parse(reader.text_of(reader.peek())) {
        Some(_) => time(),
        None => {
            let field = reader.name("a width such as 1m, or a field")?;
            reader.expect(TokenKind::Comma, "a comma and the width, such as bin(duration, 100)")?;
            field
        }
    };
    let token = reader.peek();
    let bin = match Bin::parse(reader.text_of(token)) {
        Some(Bin::Number(_)) if field == time() => None,
        found => found,
    };
    let Some(bin) = bin else {
        let message =
            "The width of a bin is a duration such as 5m or, of a field that is no time, a number above 0.";
        return Err(reader.fail(token.span, "bad_width", message.to_owned()));
    };
    reader.lexer.take(token);
    reader.expect(TokenKind::Close, "a closing parenthesis")?;
    Ok(Key::new(field, Some(bin)))
}

fn renamed(reader: &mut Reader<'_, '_>) -> Parsed<Option<FieldName>> {
    if reader.take_word("as") { reader.name("a name for the column").map(Some) } else { Ok(None) }
}

impl fmt::Display for Stats {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, measure) in self.grouping.measures.iter().enumerate() {
            write!(out, "{}{}(", if index > 0 { ", " } else { "stats " }, measure.function)?;
            if let Some(field) = &measure.field {
                write_name(name_of(field), out)?;
            }
            out.write_str(")")?;
            let usual = Measure::new(measure.function, measure.field.clone()).name;
            write_renamed(&measure.name, &usual, out)?;
        }
        for (index, key) in self.grouping.keys.iter().enumerate() {
            out.write_str(if index > 0 { ", " } else { " by " })?;
            match key.bin {
                Some(bin) if key.field == FieldName::Role(Role::Time) => write!(out, "bin({bin})")?,
                Some(bin) => {
                    out.write_str("bin(")?;
                    write_name(name_of(&key.field), out)?;
                    write!(out, ", {bin})")?;
                }
                None => write_name(name_of(&key.field), out)?,
            }
            write_renamed(&key.name, name_of(&key.field), out)?;
        }
        Ok(())
    }
}

fn write_renamed(name: &str, usual: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    if name == usual {
        return Ok(());
    }
    out.write_str(" as ")?;
    write_name(name, out)
}
