//! Words and wildcards spelled as regular expressions.
//!
//! Invariant: the expression is found in exactly the texts that pass, as far as they are UTF-8. What has
//! characters beyond ASCII is not spelled: their cases are not those of expressions.

use crate::query::text::is_token_byte;

/// What is longer has no expression.
const BYTES_MAX: usize = 256;
const WHITE_SPACE: &str = r"[\t-\r ]";
const NO_WHITE_SPACE: &str = r"[^\t-\r ]";
const TOKEN: &str = r"[0-9A-Za-z_\x{80}-\x{10FFFF}]";
const NO_TOKEN: &str = r"[^0-9A-Za-z_\x{80}-\x{10FFFF}]";

/// A folded text that stands in texts as words, or that is the text if `in_parts` is not set: then only a
/// text with white space has parts.
pub(in super::super) fn words(folded: &str, in_parts: bool) -> Option<String> {
    if folded.is_empty() {
        return Some(r"\A\z".to_owned());
    }
    if folded.len() > BYTES_MAX || !folded.is_ascii() {
        return None;
    }
    let mut text = String::new();
    folded.chars().for_each(|character| push_character(character, &mut text));
    let is_token = |byte: Option<&u8>| byte.is_some_and(|byte| is_token_byte(*byte));
    let (begins_word, ends_word) = (is_token(folded.as_bytes().first()), is_token(folded.as_bytes().last()));
    let before = if begins_word { format!(r"(?:\A|{NO_TOKEN})") } else { String::new() };
    let behind = if ends_word { format!(r"(?:\z|{NO_TOKEN})") } else { String::new() };
    if in_parts || folded.bytes().any(|byte| matches!(byte, b' ' | b'\t'..=b'\r')) {
        return Some(format!("{before}{text}{behind}"));
    }
    let space_before = if begins_word {
        format!("{WHITE_SPACE}(?s:.*{NO_TOKEN})?")
    } else {
        format!("{WHITE_SPACE}(?s:.*)")
    };
    let space_behind = if ends_word {
        format!("(?:{WHITE_SPACE}|{NO_TOKEN}(?s:.*){WHITE_SPACE})")
    } else {
        format!("(?s:.*){WHITE_SPACE}")
    };
    Some(format!(r"\A{text}\z|{space_before}{text}{behind}|{before}{text}{space_behind}"))
}

/// A wildcard that the whole text is like, or if `in_parts` is set a run without white space or a word.
pub(in super::super) fn wildcard(source: &str, in_parts: bool) -> Option<String> {
    if source.len() > BYTES_MAX || !source.is_ascii() {
        return None;
    }
    let whole = format!(r"\A{}\z", like(source, "(?s:.)"));
    let has_white_space = source.bytes().any(|byte| matches!(byte, b' ' | b'\t'..=b'\r'));
    // An empty part is none.
    if !in_parts || has_white_space || source.is_empty() {
        return Some(whole);
    }
    let mut parts =
        whole + &format!(r"|(?:\A|{WHITE_SPACE}){}(?:\z|{WHITE_SPACE})", like(source, NO_WHITE_SPACE));
    if source.bytes().all(|byte| is_token_byte(byte) || matches!(byte, b'*' | b'?')) {
        parts.push_str(&format!(r"|(?:\A|{NO_TOKEN}){}(?:\z|{NO_TOKEN})", like(source, TOKEN)));
    }
    Some(parts)
}

/// The wildcard where `any` stands for any character.
fn like(source: &str, any: &str) -> String {
    let mut out = String::new();
    let mut rest = source.chars();
    while let Some(character) = rest.next() {
        match character {
            '*' => out.extend([any, "*"]),
            '?' => out.push_str(any),
            '\\' => push_character(rest.next().unwrap_or(character), &mut out),
            _ => push_character(character, &mut out),
        }
    }
    out
}

/// A character of ASCII in all its cases.
fn push_character(character: char, out: &mut String) {
    match character.to_ascii_lowercase() {
        'k' => out.push_str(r"[kK\x{212A}]"),
        letter if letter.is_ascii_lowercase() => out.extend(['[', letter, letter.to_ascii_uppercase(), ']']),
        other => out.push_str(&format!(r"\x{{{:X}}}", u32::from(other))),
    }
}
