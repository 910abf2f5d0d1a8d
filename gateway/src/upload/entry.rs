//! Entries: what was read, written as one line of JSON as the ingest takes it.
//!
//! Invariant: an entry is a valid JSON object without a line end in it. It does not choose what is in it: its callers do.

use std::borrow::Cow;
use std::io::Write as _;

use antler_events::clock::Timestamp;

use super::window::Position;

/// Numbers of more digits are kept as text, because programs that read JSON may not hold them.
const DIGITS_MAX: usize = 15;

/// What is wrong with a part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it begins, counted from 1.
    pub line: u64,
    /// A name for programs.
    pub code: &'static str,
    pub message: String,
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// A JSON object in one line.
    Entry(&'a [u8]),
    /// What cannot be an entry: its beginning, as it stands in the file.
    Rejected(&'a [u8]),
}

/// A part of a file: an entry, or what could not be one.
#[derive(Debug)]
pub struct Item<'a> {
    /// Counted from 1 over all items of the file: who has taken N of them goes on with item N + 1.
    pub number: u64,
    pub position: Position,
    pub content: Content<'a>,
    /// What is wrong; the entry says it too, as `parse_error`.
    pub problem: Option<Problem>,
}

/// A JSON object that is being written.
#[derive(Debug, Default)]
pub(super) struct EntryWriter {
    out: Vec<u8>,
}

impl EntryWriter {
    pub(super) fn begin(&mut self) {
        self.out.clear();
        self.out.push(b'{');
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.quoted(value);
    }

    pub(super) fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        write!(self.out, "{value}").expect("a vector takes every text");
    }

    /// A number where the text is one exactly, else a text.
    pub(super) fn scalar(&mut self, name: &str, value: &str) {
        self.name(name);
        if is_number(value) {
            self.out.extend_from_slice(value.as_bytes());
        } else {
            self.quoted(value);
        }
    }

    pub(super) fn time(&mut self, time: Timestamp) {
        self.text("@timestamp", &time.to_string());
    }

    /// Takes an object as it stands, with spaces for line ends.
    pub(super) fn object(&mut self, json: &[u8]) {
        self.out.clear();
        self.out.extend(json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
    }

    /// Opens an object that was taken, to add to it.
    pub(super) fn reopen(&mut self) {
        let length = self.out.trim_ascii_end().len();
        self.out.truncate(length.saturating_sub(1));
        let length = self.out.trim_ascii_end().len();
        self.out.truncate(length);
    }

    pub(super) fn end(&mut self) {
        self.out.push(b'}');
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.out
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    fn name(&mut self, name: &str) {
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
        self.quoted(name);
        self.out.push(b':');
    }

    fn quoted(&mut self, text: &str) {
        self.out.push(b'"');
        let mut rest = text.as_bytes();
        while let Some(at) = rest.iter().position(|byte| needs_escape(*byte)) {
            self.out.extend_from_slice(&rest[..at]);
            match rest[at] {
                b'"' => self.out.extend_from_slice(b"\\\""),
                b'\\' => self.out.extend_from_slice(b"\\\\"),
                b'\n' => self.out.extend_from_slice(b"\\n"),
                b'\r' => self.out.extend_from_slice(b"\\r"),
                b'\t' => self.out.extend_from_slice(b"\\t"),
                control => write!(self.out, "\\u{control:04x}").expect("a vector takes every text"),
            }
            rest = &rest[at + 1..];
        }
        self.out.extend_from_slice(rest);
        self.out.push(b'"');
    }
}

/// What a string of JSON may not hold as it is.
fn needs_escape(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// The text of some bytes, and whether some of them are no characters.
pub(super) fn text_of(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    let text = String::from_utf8_lossy(bytes);
    let is_broken = matches!(text, Cow::Owned(_)) || (!text.is_ascii() && text.contains('\u{fffd}'));
    (text, is_broken)
}

/// Whether a text is a number as JSON writes it, that every program reads as the same.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits.len() <= DIGITS_MAX
        && all_digits(whole)
        && all_digits(fraction)
        && (whole == "0" || !whole.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one_only_if_it_stays_the_same() {
        for text in ["0", "7", "-7", "200", "0.5", "12.50", "123456789012345"] {
            assert!(is_number(text), "{text}");
        }
        for text in ["", "-", "007", "1.", ".5", "1e5", "+1", "1.2.3", "1234567890123456", "NaN", "10.0.0.1"]
        {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn an_entry_is_one_line_of_json() {
        let mut writer = EntryWriter::default();
        writer.begin();
        writer.text("message", "a\n\"b\"\u{1}");
        writer.scalar("status", "200");
        writer.scalar("zip", "01234");
        writer.end();
        assert_eq!(writer.bytes(), br#"{"message":"a\n\"b\"\u0001","status":200,"zip":"01234"}"#);
        writer.object(b"{\n \"a\":1\r\n}\n");
        writer.reopen();
        writer.text("b", "x");
        writer.end();
        assert_eq!(writer.bytes(), b"{  \"a\":1,\"b\":\"x\"}");
        writer.object(b"{ }");
        writer.reopen();
        writer.text("b", "x");
        writer.end();
        assert_eq!(writer.bytes(), b"{\"b\":\"x\"}");
    }
}
