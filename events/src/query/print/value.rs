//! Values as text: what stands after the name of a field.
//!
//! Invariant: what could be read as something else stands in quotes, or behind a backslash.
//! It does not print operators between conditions.

use std::ops::Bound;

use crate::clock::Timestamp;
use crate::line::{Level, Role};
use crate::query::tree::{FieldName, Scalar, Test, Wildcard};
use crate::query::value::units;

/// Operator and value. `apart` keeps the colon from being part of the word before it.
pub(super) fn after_name(field: &FieldName, test: &Test, apart: bool) -> String {
    if let Test::Range(from, to) = test {
        return range(field, from, to);
    }
    let space = if apart { " " } else { "" };
    format!(":{space}{}", self::test(test))
}

/// A value by itself.
pub(super) fn test(test: &Test) -> String {
    match test {
        Test::Exists => "*".to_owned(),
        Test::Text(text) if is_plain(text) => text.to_string(),
        Test::Text(text) => quoted(text),
        Test::Like(wildcard) => pattern(wildcard),
        Test::Regex(source) => regex(source),
        Test::Network(network) => format!("{}/{}", network.address, network.prefix_bits),
        Test::Range(from, to) => two_sided(from, to),
    }
}

pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        push_escaped(character, matches!(character, '"' | '\\'), &mut out);
    }
    out.push('"');
    out
}

pub(super) fn pattern(wildcard: &Wildcard) -> String {
    let mut out = String::with_capacity(wildcard.source.len());
    let mut characters = wildcard.source.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.extend(['\\', characters.next().unwrap_or('\\')]),
            '*' | '?' => out.push(character),
            other => {
                let is_plain = other.is_alphanumeric() || matches!(other, '.' | '_');
                push_escaped(other, !is_plain, &mut out);
            }
        }
    }
    out
}

pub(super) fn is_plain_name(name: &str) -> bool {
    is_plain(name) && !name.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether a text is one word wherever it stands, and no keyword.
fn is_plain(text: &str) -> bool {
    let of_word = |character: char| character.is_alphanumeric() || matches!(character, '.' | '_' | '-' | '@');
    let is_keyword = ["and", "or", "not", "to"].iter().any(|word| text.eq_ignore_ascii_case(word));
    !text.is_empty() && !text.starts_with('-') && text.chars().all(of_word) && !is_keyword
}

fn push_escaped(character: char, has_backslash: bool, out: &mut String) {
    match character {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        other if other.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(other))),
        other => {
            if has_backslash {
                out.push('\\');
            }
            out.push(other);
        }
    }
}

fn regex(source: &str) -> String {
    let mut out = String::from("/");
    let mut characters = source.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.extend(['\\', characters.next().unwrap_or('\\')]),
            '/' => out.push_str("\\/"),
            other => out.push(other),
        }
    }
    // Two slashes with nothing between them are a word.
    let empty = if source.is_empty() { "(?:)" } else { "" };
    out + empty + "/"
}

fn range(field: &FieldName, from: &Bound<Scalar>, to: &Bound<Scalar>) -> String {
    match (from, to) {
        (Bound::Included(Scalar::Level(least)), Bound::Included(Scalar::Level(most)))
            if least == most && *field == FieldName::Role(Role::Level) =>
        {
            format!(":{least}")
        }
        (Bound::Included(least), Bound::Unbounded) => format!(">={}", scalar(least, false)),
        (Bound::Excluded(least), Bound::Unbounded) => format!(">{}", scalar(least, true)),
        (Bound::Unbounded, Bound::Included(most)) => format!("<={}", scalar(most, true)),
        (Bound::Unbounded, Bound::Excluded(most)) => format!("<{}", scalar(most, false)),
        _ => format!(":{}", two_sided(from, to)),
    }
}

fn two_sided(from: &Bound<Scalar>, to: &Bound<Scalar>) -> String {
    let from = match from {
        Bound::Included(least) => format!("[{}", scalar(least, false)),
        Bound::Excluded(least) => format!("{{{}", scalar(least, true)),
        Bound::Unbounded => "[*".to_owned(),
    };
    match to {
        Bound::Included(most) => format!("{from} TO {}]", scalar(most, true)),
        Bound::Excluded(most) => format!("{from} TO {}}}", scalar(most, false)),
        Bound::Unbounded => format!("{from} TO *]"),
    }
}

/// `exact` writes a time to the nanosecond, where a shorter one would be longer than an instant.
fn scalar(scalar: &Scalar, exact: bool) -> String {
    match scalar {
        Scalar::Number(number) => {
            let text = format!("{number:?}");
            text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
        }
        Scalar::Time(time) if exact => to_the_nanosecond(*time),
        Scalar::Time(time) => time.to_string(),
        Scalar::Duration(nanos) => duration(*nanos),
        Scalar::Size(bytes) => size(*bytes),
        Scalar::Level(level) => Level::as_str(*level).to_owned(),
        Scalar::Address(address) => address.to_string(),
        Scalar::Text(text) => quoted(text),
    }
}

fn to_the_nanosecond(time: Timestamp) -> String {
    let text = time.to_string();
    let local = text.trim_end_matches('Z');
    // Twenty characters stand before the fraction.
    format!("{local:0<29}Z")
}

fn duration(nanos: i64) -> String {
    const UNITS: [(&str, i64); 6] = [
        ("d", 86_400_000_000_000),
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
    ];
    let exact = |(_, unit): &&(&str, i64)| nanos != 0 && nanos % unit == 0;
    let (name, unit) = UNITS.iter().find(exact).copied().unwrap_or(("ns", 1));
    format!("{}{name}", nanos / unit)
}

fn size(bytes: f64) -> String {
    const UNITS: [(&str, f64); 8] = [
        ("GiB", 1_073_741_824.0),
        ("MiB", 1_048_576.0),
        ("KiB", 1_024.0),
        ("PB", 1e15),
        ("TB", 1e12),
        ("GB", 1e9),
        ("MB", 1e6),
        ("kB", 1e3),
    ];
    let whole = |(name, unit): &(&str, f64)| {
        let text = format!("{}{name}", bytes / unit);
        let is_short = (bytes / unit).fract() == 0.0 && bytes != 0.0;
        (is_short && units::size(&text) == Some(bytes)).then_some(text)
    };
    UNITS.iter().find_map(whole).unwrap_or_else(|| format!("{bytes}B"))
}
