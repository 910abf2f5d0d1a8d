//! Strings of JSON: where they end, and what they say.
//!
//! Invariant: a string that `end_of_escaped` accepts is unescaped without loss; anything else is refused
//! with the byte that is wrong. It does not check UTF-8: the whole line is checked before.

use std::borrow::Cow;

use wide::u8x16;

use crate::line::error::LineError;

/// Most strings are shorter, so that how long they are is seldom a branch.
const BLOCK_BYTES: usize = super::PADDING;
const HALF_BYTES: usize = BLOCK_BYTES / 2;

/// The first byte from `at` on that is not plain text: a quote, a backslash or a control character. The
/// padding of the line is one.
#[inline(always)]
pub(super) fn end_of_plain(line: &[u8], start: usize) -> usize {
    let (blocks, _) = line[start..].as_chunks::<BLOCK_BYTES>();
    for (index, block) in blocks.iter().enumerate() {
        let (halves, _) = block.as_chunks::<HALF_BYTES>();
        let marked = u32::from(marked(halves[0])) | u32::from(marked(halves[1])) << HALF_BYTES;
        if marked != 0 {
            return start + index * BLOCK_BYTES + marked.trailing_zeros() as usize;
        }
    }
    line.len() - 1
}

/// A bit for each byte that is not plain text.
#[inline(always)]
fn marked(bytes: [u8; HALF_BYTES]) -> u16 {
    let bytes = u8x16::new(bytes);
    let control = bytes.min(u8x16::splat(0x1f)).simd_eq(bytes);
    let marked = control | bytes.simd_eq(u8x16::splat(b'"')) | bytes.simd_eq(u8x16::splat(b'\\'));
    marked.to_bitmask() as u16
}

/// The closing quote of a string, from the first byte of it on that is not plain text.
pub(super) fn end_of_escaped(line: &[u8], mut at: usize) -> Result<usize, LineError> {
    loop {
        match line.get(at) {
            Some(b'"') => return Ok(at),
            Some(b'\\') => at = end_of_escape(line, at)?,
            Some(&found) if found < 0x20 => return Err(LineError::ControlCharacter { at, found }),
            Some(_) => at = end_of_plain(line, at),
            None => return Err(LineError::End { expected: "the end of a string" }),
        }
    }
}

/// Where an escape that begins at `at` ends, if JSON knows it.
fn end_of_escape(line: &[u8], at: usize) -> Result<usize, LineError> {
    match line.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => return Ok(at + 2),
        Some(b'u') => {}
        _ => return Err(LineError::Escape { at }),
    }
    let unit = code_unit(line, at).ok_or(LineError::Escape { at })?;
    match unit {
        0xd800..=0xdbff => match code_unit(line, at + 6) {
            Some(0xdc00..=0xdfff) => Ok(at + 12),
            _ => Err(LineError::LoneSurrogate { at }),
        },
        0xdc00..=0xdfff => Err(LineError::LoneSurrogate { at }),
        _ => Ok(at + 6),
    }
}

/// The four hexadecimal digits after `\u` at `at`.
fn code_unit(text: &[u8], at: usize) -> Option<u32> {
    let [b'\\', b'u', digits @ ..] = text.get(at..at + 6)? else { return None };
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}

/// What an accepted string says. Text that is no accepted string is shown as well as it can be.
pub(in super::super) fn unescape(raw: &[u8]) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', raw) else { return String::from_utf8_lossy(raw) };
    let mut text = String::with_capacity(raw.len());
    let (mut plain, mut rest) = raw.split_at(first);
    loop {
        text.push_str(&String::from_utf8_lossy(plain));
        if rest.is_empty() {
            return Cow::Owned(text);
        }
        let (character, length) = escaped_character(rest);
        text.push(character);
        rest = &rest[length.min(rest.len())..];
        (plain, rest) = rest.split_at(memchr::memchr(b'\\', rest).unwrap_or(rest.len()));
    }
}

/// The character of an escape, and how long the escape is.
fn escaped_character(escape: &[u8]) -> (char, usize) {
    let simple = match escape.get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode_character(escape),
        Some(&other) => char::from(other),
        None => char::REPLACEMENT_CHARACTER,
    };
    (simple, 2)
}

fn unicode_character(escape: &[u8]) -> (char, usize) {
    let unit = code_unit(escape, 0).unwrap_or(0xfffd);
    match (unit, code_unit(escape, 6)) {
        (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
            let code = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
        }
        _ => (char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `text` stands between quotes in a line with room behind it.
    fn check(text: &str, expected: Result<&str, LineError>) {
        for shift in 0..9 {
            let before = "x".repeat(shift);
            let mut line = format!("{before}{text}\"").into_bytes();
            line.extend_from_slice(&[0; 32]);
            let said = end_of_escaped(&line, 0).map(|end| unescape(&line[shift..end]).into_owned());
            let moved = |error| match error {
                LineError::ControlCharacter { at, found } => {
                    LineError::ControlCharacter { at: at + shift, found }
                }
                LineError::Escape { at } => LineError::Escape { at: at + shift },
                LineError::LoneSurrogate { at } => LineError::LoneSurrogate { at: at + shift },
                other => other,
            };
            assert_eq!(said, expected.map(str::to_owned).map_err(moved), "{text:?} after {shift} bytes");
        }
    }

    #[test]
    fn a_string_says_what_it_escapes() {
        check("", Ok(""));
        check("plain text of some length, ä and 漢字", Ok("plain text of some length, ä and 漢字"));
        check(r#"\"\\\/\b\f\n\r\t"#, Ok("\"\\/\u{8}\u{c}\n\r\t"));
        check(r"a\u0041\u00e4\u6F22b\u0000", Ok("aAä漢b\0"));
        check(r"\ud83d\ude00!", Ok("😀!"));
        check("\u{7f}\u{80}", Ok("\u{7f}\u{80}"));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        check("ab\ncd", Err(LineError::ControlCharacter { at: 2, found: b'\n' }));
        check("ab\0", Err(LineError::ControlCharacter { at: 2, found: 0 }));
        check(r"a\x41", Err(LineError::Escape { at: 1 }));
        check(r"\u00g0", Err(LineError::Escape { at: 0 }));
        check(r"\u+123", Err(LineError::Escape { at: 0 }));
        check(r"\ud800", Err(LineError::LoneSurrogate { at: 0 }));
        check(r"ab\udc00", Err(LineError::LoneSurrogate { at: 2 }));
        check(r"\ud800\ud800", Err(LineError::LoneSurrogate { at: 0 }));
    }
}
