//! Lines that were rejected: each with the reason and its bytes, so that nothing that came is lost without a word.
//!
//! Invariant: a note is bounded: a line is cut at the longest that a line may be, and beyond so many lines or bytes
//! further ones are only counted. It does not say what becomes of them.

use antler_config::limits::LineLimits;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::codec::{self, CodecError, Run};
use crate::event::BodyError;
use crate::event::lines::Arrival;
use crate::line::LineError;

/// Lines that one note keeps.
const LINES_MAX: usize = 1_000;
/// Bytes of lines that one note keeps.
const BYTES_MAX: usize = 4 << 20;
/// What a line costs beside its bytes, about.
const LINE_BYTES: usize = 160;

/// Lines of one body, or of a part of a stream, that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinesRejected {
    pub received_at: Timestamp,
    pub protocol: String,
    pub origin: String,
    pub lines: Vec<RejectedLine>,
    /// Further ones, which are not kept.
    pub unkept: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedLine {
    /// Counted from 1, as the sender sees it.
    pub number: u64,
    pub code: String,
    pub message: String,
    /// As it came; only the beginning of a line that is longer than a line may be.
    pub raw: Bytes,
    /// How many bytes it had.
    pub length: u64,
}

#[derive(Serialize, Deserialize)]
struct LinesRejectedV1<'a> {
    received_at: Timestamp,
    protocol: &'a str,
    origin: &'a str,
    #[serde(borrow)]
    lines: Vec<RejectedLineV1<'a>>,
    unkept: u64,
}

#[derive(Serialize, Deserialize)]
struct RejectedLineV1<'a> {
    number: u64,
    code: &'a str,
    message: &'a str,
    length: u64,
    #[serde(borrow)]
    raw: Run<'a>,
}

impl LinesRejected {
    pub fn new(received_at: Timestamp, arrival: &Arrival) -> Self {
        let (protocol, origin) = (arrival.protocol.clone(), arrival.origin.clone());
        Self { received_at, protocol, origin, lines: Vec::new(), unkept: 0 }
    }

    /// Adds a line. Its bytes are copied, so that they do not keep the body that they stand in.
    pub fn push(&mut self, number: u64, error: LineError, raw: &[u8], limits: &LineLimits) {
        let length = match error {
            LineError::TooLong { length, .. } => length.max(raw.len()),
            _ => raw.len(),
        };
        let raw = &raw[..raw.len().min(limits.line_bytes_max as usize)];
        self.push_raw(number, error.code(), &error.to_string(), raw, length as u64);
    }

    /// Adds a line, or its beginning, with any reason. `length` is that of the whole line.
    pub fn push_raw(&mut self, number: u64, code: &str, message: &str, raw: &[u8], length: u64) {
        if self.lines.len() >= LINES_MAX || self.raw_bytes() + raw.len() > BYTES_MAX {
            self.unkept += 1;
            return;
        }
        let (code, message, raw) = (code.to_owned(), message.to_owned(), Bytes::copy_from_slice(raw));
        self.lines.push(RejectedLine { number, code, message, raw, length });
    }

    /// Whether there are as many lines as it keeps, or so many bytes of them.
    pub fn is_full(&self, bytes_max: usize) -> bool {
        self.lines.len() >= LINES_MAX || self.raw_bytes() >= bytes_max
    }

    fn raw_bytes(&self) -> usize {
        self.lines.iter().map(|line| line.raw.len()).sum()
    }

    pub fn count(&self) -> u64 {
        self.lines.len() as u64 + self.unkept
    }

    /// What it takes in memory, about.
    pub fn bytes_held(&self) -> usize {
        self.lines.iter().map(|line| line.raw.len() + LINE_BYTES).sum::<usize>() + LINE_BYTES
    }

    pub(super) fn encode(&self) -> Result<Bytes, CodecError> {
        codec::encode(&LinesRejectedV1 {
            received_at: self.received_at,
            protocol: &self.protocol,
            origin: &self.origin,
            lines: self.lines.iter().map(RejectedLine::stored).collect(),
            unkept: self.unkept,
        })
    }

    /// Reads a body of schema 1. The lines are not copied.
    pub(super) fn decode(body: &Bytes) -> Result<Self, BodyError> {
        let stored: LinesRejectedV1<'_> = codec::decode(body)?;
        let line = |line: RejectedLineV1<'_>| RejectedLine {
            number: line.number,
            code: line.code.to_owned(),
            message: line.message.to_owned(),
            raw: body.slice_ref(line.raw.0),
            length: line.length,
        };
        Ok(Self {
            received_at: stored.received_at,
            protocol: stored.protocol.to_owned(),
            origin: stored.origin.to_owned(),
            lines: stored.lines.into_iter().map(line).collect(),
            unkept: stored.unkept,
        })
    }
}

impl RejectedLine {
    fn stored(&self) -> RejectedLineV1<'_> {
        let Self { number, code, message, raw, length } = self;
        RejectedLineV1 { number: *number, code, message, length: *length, raw: Run(raw) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_keeps_so_many_lines_and_bytes_and_counts_the_rest() {
        let limits = LineLimits { line_bytes_max: 1 << 20, ..LineLimits::default() };
        let mut rejected = LinesRejected::new(Timestamp::from_nanos(0), &Arrival::default());
        for number in 0..6 {
            let error = LineError::TooLong { length: 2 << 20, max: 1 << 20 };
            rejected.push(number, error, &vec![b'x'; 2 << 20], &limits);
        }
        assert_eq!((rejected.lines.len(), rejected.unkept, rejected.count()), (4, 2, 6));
        assert_eq!((rejected.lines[0].raw.len(), rejected.lines[0].length), (1 << 20, 2 << 20));
        let mut many = LinesRejected::new(Timestamp::from_nanos(0), &Arrival::default());
        (0..1_200).for_each(|number| many.push(number, LineError::Utf8 { at: 0 }, b"x", &limits));
        assert_eq!((many.lines.len(), many.unkept), (1_000, 200));
    }
}
