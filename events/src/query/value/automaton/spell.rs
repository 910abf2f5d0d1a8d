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
const NO_DIGIT: &str = "(?s:[^0-9])";
/// What ends a number, but for a dot.
const NO_NUMBER: &str = r"[^0-9A-Za-z_.\x{80}-\x{10FFFF}]";

/// A folded text that stands in texts as words, or that is the text if `in_parts` is not set: then only a
/// text with white space has parts.
pub(in super::super) fn words(folded: &str, in_parts: bool) -> Option<String> {
    let (Some(first), Some(last)) = (folded.bytes().next(), folded.bytes().last()) else {
        return Some(r"\A\z".to_owned());
    };
    if folded.len() > BYTES_MAX || !folded.is_ascii() {
        return None;
    }
    let mut text = String::new();
    folded.chars().for_each(|character| push_character(character, &mut text));
    let (first, last) = (End::of(first), End::of(last));
    let (before, behind) = (first.before(), last.behind());
    if in_parts || folded.bytes().any(|byte| matches!(byte, b' ' | b'\t'..=b'\r')) {
        return Some(format!("{before}{text}{behind}"));
    }
    let space_before = first.space_before();
    let space_behind = last.space_behind();
    Some(format!(r"\A{text}\z|{space_before}{text}{behind}|{before}{text}{space_behind}"))
}

/// What an end of a text is to words.
enum End {
    NoWord,
    Word,
    /// A dot with another digit behind it goes on with the word.
    Digit,
}

impl End {
    fn of(byte: u8) -> Self {
        match byte {
            b'0'..=b'9' => Self::Digit,
            byte if is_token_byte(byte) => Self::Word,
            _ => Self::NoWord,
        }
    }

    /// What may stand before it.
    fn before(&self) -> String {
        match self {
            Self::NoWord => String::new(),
            Self::Word => format!(r"(?:\A|{NO_TOKEN})"),
            Self::Digit => format!(r"(?:\A|{NO_NUMBER}|(?:\A|{NO_DIGIT})\.)"),
        }
    }

    fn behind(&self) -> String {
        match self {
            Self::NoWord => String::new(),
            Self::Word => format!(r"(?:\z|{NO_TOKEN})"),
            Self::Digit => format!(r"(?:\z|{NO_NUMBER}|\.(?:\z|{NO_DIGIT}))"),
        }
    }

    /// The same with white space somewhere before it.
    fn space_before(&self) -> String {
        match self {
            Self::NoWord => format!("{WHITE_SPACE}(?s:.*)"),
            Self::Word => format!("{WHITE_SPACE}(?s:.*{NO_TOKEN})?"),
            Self::Digit => format!(r"{WHITE_SPACE}(?s:.*{NO_NUMBER}|(?:.*{NO_DIGIT})?\.)?"),
        }
    }

    fn space_behind(&self) -> String {
        match self {
            Self::NoWord => format!("(?s:.*){WHITE_SPACE}"),
            Self::Word => format!("(?:{WHITE_SPACE}|{NO_TOKEN}(?s:.*){WHITE_SPACE})"),
            Self::Digit => format!(
                r"(?:{WHITE_SPACE}|{NO_NUMBER}(?s:.*){WHITE_SPACE}|\.(?:{WHITE_SPACE}|{NO_DIGIT}(?s:.*){WHITE_SPACE}))"
            ),
        }
    }
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
