//! Pipes as text.
//!
//! Invariant: what is printed reads as the same pipes. A name that is not plain is put in quotes.
//! It does not keep how its author wrote them.

use std::fmt::{self, Write};

use super::name_of;
use crate::query::tree::FieldName;

/// Words that end a list of names in one pipe or another.
const KEYWORDS: [&str; 7] = ["by", "as", "asc", "desc", "from", "of", "bin"];

/// Whether a name needs no quotes: in no mode of the lexer is any part of it another token.
pub(super) fn is_plain_name(name: &str) -> bool {
    let starts = name.starts_with(|first: char| first.is_alphabetic() || first == '_' || first == '@');
    starts && name.chars().all(|character| character.is_alphanumeric() || "_.@".contains(character))
}

/// Writes the name of a field as pipes read it.
pub(super) fn write_name(name: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let is_keyword = KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(name));
    if is_plain_name(name) && !is_keyword { out.write_str(name) } else { write_quoted(name, '"', out) }
}

pub(super) fn write_names(fields: &[FieldName], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, field) in fields.iter().enumerate() {
        out.write_str(if index > 0 { ", " } else { "" })?;
        write_name(name_of(field), out)?;
    }
    Ok(())
}

/// Writes a text between quotes, with its escapes.
pub(super) fn write_quoted(text: &str, quote: char, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    out.write_char(quote)?;
    for character in text.chars() {
        match character {
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            _ if character == quote => write!(out, "\\{character}")?,
            _ if character.is_control() => write!(out, "\\u{:04x}", u32::from(character))?,
            _ => out.write_char(character)?,
        }
    }
    out.write_char(quote)
}
