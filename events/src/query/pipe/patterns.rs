//! `patterns`: messages that differ only in their numbers and ids, as one pattern with its count.
//!
//! Invariant: a text has one pattern whatever other texts there are, so an index can make it from its own
//! templates, and parts can be merged. Every run of letters and digits that has a digit is a variable.
//! It does not learn which words without digits vary.

use std::cmp::Reverse;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use super::aggregate::{Function, Measure};
use super::cell::Cell;
use super::grouping::{Grouping, Key};
use super::parse::{Parsed, Reader};
use super::print::write_name;
use super::{Pipe, name_of};
use crate::line::Role;
use crate::query::text::{class, is_token_byte};
use crate::query::tree::FieldName;

/// Longest part of a text that is looked at.
const TEXT_BYTES_MAX: usize = 4_096;
const UUID_BYTES: usize = 36;
/// From so many digits on, a hexadecimal run is an id.
const HEX_BYTES_MIN: usize = 8;

/// Of which field, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patterns {
    /// The most frequent ones; none for all.
    pub rows: Option<u32>,
    pub field: FieldName,
}

pub(super) fn parse(reader: &mut Reader<'_, '_>) -> Parsed<Pipe> {
    let rows = reader.count();
    let field = if reader.at_end() {
        FieldName::Role(Role::Message)
    } else {
        reader.take_word("of");
        reader.name("the name of a field, or nothing for message")?
    };
    Ok(Pipe::Patterns(Patterns { rows, field }))
}

impl Patterns {
    /// The key is the pattern of the field.
    pub(super) fn grouping(&self) -> Grouping {
        let measure = |function, field: FieldName, name: &str| Measure {
            function,
            field: Some(field),
            name: name.into(),
        };
        let time = || FieldName::Role(Role::Time);
        let measures = vec![
            Measure::new(Function::Count, None),
            measure(Function::Minimum, time(), "first_seen"),
            measure(Function::Maximum, time(), "last_seen"),
            measure(Function::First, self.field.clone(), "example"),
        ];
        let key = Key { name: Arc::from("pattern"), ..Key::new(self.field.clone(), None) };
        Grouping { keys: vec![key], measures, only_complete: true }
    }

    /// The most frequent first.
    pub(super) fn choose(&self, mut rows: Vec<Vec<Cell>>) -> Vec<Vec<Cell>> {
        rows.sort_by_key(|row| Reverse(row.get(1).and_then(Cell::as_number)));
        rows.truncate(self.rows.map_or(usize::MAX, |rows| rows as usize));
        rows
    }
}

/// The pattern of a text: its variables as `<num>`, `<ip>`, `<uuid>`, `<hex>` and `<*>`.
pub fn pattern_of(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
    let bytes = text.as_bytes();
    let mut pattern = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let length = run(&bytes[at..], is_token_byte(bytes[at]));
        let part = &text[at..at + length];
        if !part.bytes().any(|byte| class(byte) == 1) && !starts_uuid(&bytes[at..]) {
            pattern.push_str(part);
            at += length;
            continue;
        }
        let (hole, length) = variable(&bytes[at..], length);
        pattern.push_str(hole);
        at += length;
    }
    pattern
}

/// Length of the run of bytes that are, or are not, part of a token. A character of another script is all token
/// bytes, so a run ends between characters.
fn run(bytes: &[u8], of_tokens: bool) -> usize {
    bytes.iter().position(|byte| is_token_byte(*byte) != of_tokens).unwrap_or(bytes.len())
}

/// What a variable is called, and how far it reaches beyond its first run.
fn variable(bytes: &[u8], first: usize) -> (&'static str, usize) {
    if starts_uuid(bytes) {
        return ("<uuid>", UUID_BYTES);
    }
    let dotted = bytes.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.').unwrap_or(bytes.len());
    let dotted = bytes[..dotted].trim_ascii_end().len();
    let address = str::from_utf8(&bytes[..dotted]).ok().map(|text| text.trim_end_matches('.'));
    if let Some(address) = address.filter(|text| text.parse::<Ipv4Addr>().is_ok()) {
        return ("<ip>", address.len());
    }
    let run = &bytes[..first];
    if run.iter().all(u8::is_ascii_digit) {
        return ("<num>", first + fraction(&bytes[first..]));
    }
    let is_hex = first >= HEX_BYTES_MIN && run.iter().all(u8::is_ascii_hexdigit);
    (if is_hex { "<hex>" } else { "<*>" }, first)
}

/// Length of a point and digits, if they end the number.
fn fraction(rest: &[u8]) -> usize {
    let digits = rest.get(1..).map_or(0, |rest| rest.iter().take_while(|byte| byte.is_ascii_digit()).count());
    let ends = rest.get(1 + digits).is_none_or(|byte| !is_token_byte(*byte));
    if rest.first() == Some(&b'.') && digits > 0 && ends { 1 + digits } else { 0 }
}

fn starts_uuid(bytes: &[u8]) -> bool {
    let Some(uuid) = bytes.get(..UUID_BYTES) else { return false };
    let dashes = [8, 13, 18, 23];
    let fits = |(at, byte): (usize, &u8)| {
        if dashes.contains(&at) { *byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    uuid.iter().enumerate().all(fits) && bytes.get(UUID_BYTES).is_none_or(|byte| !is_token_byte(*byte))
}

impl fmt::Display for Patterns {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("patterns")?;
        if let Some(rows) = self.rows {
            write!(out, " {rows}")?;
        }
        if self.field != FieldName::Role(Role::Message) {
            out.write_str(" of ")?;
            write_name(name_of(&self.field), out)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_digit_is_a_variable() {
        let check = |text: &str, expected: &str| assert_eq!(pattern_of(text), expected, "{text}");
        check("took 12ms", "took <*>");
        check("took 1.5 s, 3 left.", "took <num> s, <num> left.");
        check("from 10.0.0.1:8080", "from <ip>:<num>");
        check("from 10.0.0.1.", "from <ip>.");
        check("version 1.2.3", "version <num>.<num>");
        check("job fedcba98-aaaa-bbbb-cccc-0123456789ab done", "job <uuid> done");
        check("job fedcbaaa-aaaa-bbbb-cccc-abcdefabcdef", "job <uuid>");
        check("commit 9fceb02d0ae5", "commit <hex>");
        check("größe5 naïve", "<*> naïve");
        check("", "");
    }

    #[test]
    fn a_very_long_text_is_looked_at_in_part() {
        assert!(pattern_of(&"ä ".repeat(100_000)).len() <= TEXT_BYTES_MAX);
    }
}
