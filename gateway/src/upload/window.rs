//! A window on the text of a file: the part that is looked at, and where it stands.
//!
//! Invariant: it holds what was not passed yet and no more than one piece beyond what was asked for; lines and bytes are
//! counted as they are passed. It does not know what an entry is: `joining`, `json` and `csv` find their ends.

use super::charset::Text;
use super::error::UploadError;

/// Where something stands in a file. Bytes are those of the text, as UTF-8 and without a byte order mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Counted from 1.
    pub line: u64,
    /// Counted from 0.
    pub byte: u64,
}

/// The end of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// Where its text ends and where the next line begins.
    At { text: usize, next: usize },
    /// It is longer than it may be.
    TooLong,
    /// There is no line: the file has ended.
    Nothing,
}

pub(super) struct Window<'a> {
    text: Text<'a>,
    bytes: Vec<u8>,
    start: usize,
    position: Position,
}

impl<'a> Window<'a> {
    pub(super) fn new(text: Text<'a>) -> Self {
        Self { text, bytes: Vec::new(), start: 0, position: Position { line: 1, byte: 0 } }
    }

    /// What was not passed yet, as far as it was read.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Where `rest` begins.
    pub(super) fn position(&self) -> Position {
        self.position
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// Reads some more behind `rest`; false at the end of the file.
    pub(super) fn more(&mut self) -> Result<bool, UploadError> {
        self.bytes.drain(..self.start);
        self.start = 0;
        let before = self.bytes.len();
        while self.bytes.len() == before {
            if !self.text.append_to(&mut self.bytes)? && self.bytes.len() == before {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Goes on behind so many bytes of `rest`.
    pub(super) fn pass(&mut self, count: usize) {
        let passed = &self.bytes[self.start..self.start + count];
        self.position.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.position.byte += count as u64;
        self.start += count;
    }

    /// Goes on behind the line that begins here, however long it is; says how long it was.
    pub(super) fn pass_line(&mut self) -> Result<u64, UploadError> {
        let mut length = 0;
        loop {
            if let Some(end) = memchr::memchr(b'\n', self.rest()) {
                self.pass(end + 1);
                return Ok(length + end as u64);
            }
            length += self.rest().len() as u64;
            self.pass(self.rest().len());
            if !self.more()? {
                return Ok(length);
            }
        }
    }

    /// The end of the line that begins at this place of `rest`.
    pub(super) fn line_end(&mut self, from: usize, bytes_max: usize) -> Result<LineEnd, UploadError> {
        let mut seen = from;
        let end = loop {
            if let Some(end) = memchr::memchr(b'\n', &self.rest()[seen..]) {
                break seen + end;
            }
            seen = self.rest().len();
            if seen - from > bytes_max + 1 {
                return Ok(LineEnd::TooLong);
            }
            if !self.more()? {
                break seen;
            }
        };
        let rest = self.rest();
        let next = rest.len().min(end + 1);
        if next == from {
            return Ok(LineEnd::Nothing);
        }
        let text = if rest[from..end].ends_with(b"\r") { end - 1 } else { end };
        Ok(if text - from > bytes_max { LineEnd::TooLong } else { LineEnd::At { text, next } })
    }
}
