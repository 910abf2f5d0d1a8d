//! Messages out of a stream: each ends at a newline, or says before it how long it is (RFC 6587).
//!
//! Invariant: every byte of the stream is in a message, in one that is too long, stands between two, or waits; what waits is
//! never longer than a message may be. It does not know what a message says.

use bytes::{Buf as _, Bytes, BytesMut};

/// A longer number is no length.
const DIGITS_MAX: usize = 9;

/// What a sender calls a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Frame {
    Whole(Bytes),
    /// Its beginning, and how long it was.
    TooLong(Bytes, usize),
}

/// A stream that is being read.
#[derive(Debug)]
pub(super) struct Frames {
    /// Where bytes are read to.
    pub buffer: BytesMut,
    length_max: usize,
    passing: Option<Passing>,
}

/// A message that is too long and has not ended.
#[derive(Debug)]
struct Passing {
    beginning: Bytes,
    length: usize,
    /// None: to the next newline.
    left: Option<usize>,
}

/// What stands at the beginning of the buffer.
enum Head {
    /// Behind so many bytes a message of this length.
    Counted {
        before: usize,
        length: usize,
    },
    Line,
    /// It has not come.
    Unknown,
}

impl Frames {
    pub(super) fn new(line_bytes_max: u32) -> Self {
        Self { buffer: BytesMut::new(), length_max: line_bytes_max as usize, passing: None }
    }

    /// Takes the next message, if it is there. At the end of the stream the last one may lack its end.
    pub(super) fn next(&mut self, is_at_end: bool) -> Option<Frame> {
        if self.passing.is_some() {
            return self.pass(is_at_end);
        }
        let between = self.buffer.iter().take_while(|byte| b"\n\r\0 ".contains(byte)).count();
        self.buffer.advance(between);
        if self.buffer.is_empty() {
            return None;
        }
        match self.head(is_at_end) {
            Head::Unknown => None,
            Head::Counted { before, length } => self.counted(before, length, is_at_end),
            Head::Line => self.line(is_at_end),
        }
    }

    fn head(&self, is_at_end: bool) -> Head {
        let digits = self.buffer.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_number = (1..=DIGITS_MAX).contains(&digits) && self.buffer[0] != b'0';
        // A line may begin with a number, too; a message that is counted begins with its priority.
        match (self.buffer.get(digits), self.buffer.get(digits + 1)) {
            (None, _) | (Some(b' '), None) if is_number && !is_at_end => Head::Unknown,
            (Some(b' '), Some(b'<')) if is_number => {
                let text = std::str::from_utf8(&self.buffer[..digits]).unwrap_or_default();
                let length = text.parse().unwrap_or_default();
                Head::Counted { before: digits + 1, length }
            }
            _ => Head::Line,
        }
    }

    fn counted(&mut self, before: usize, length: usize, is_at_end: bool) -> Option<Frame> {
        if length > self.length_max {
            self.buffer.advance(before);
            self.passing = Some(Passing { beginning: Bytes::new(), length: 0, left: Some(length) });
            return self.pass(is_at_end);
        }
        if self.buffer.len() < before + length && !is_at_end {
            return None;
        }
        self.buffer.advance(before);
        let length = length.min(self.buffer.len());
        Some(Frame::Whole(self.buffer.split_to(length).freeze()))
    }

    fn line(&mut self, is_at_end: bool) -> Option<Frame> {
        let end = memchr::memchr(b'\n', &self.buffer);
        let length = end.unwrap_or(self.buffer.len());
        if length > self.length_max {
            self.passing = Some(Passing { beginning: Bytes::new(), length: 0, left: None });
            return self.pass(is_at_end);
        }
        if end.is_none() && !is_at_end {
            return None;
        }
        Some(Frame::Whole(self.buffer.split_to(length).freeze()))
    }

    /// Goes past a message that is too long, as far as it is there.
    fn pass(&mut self, is_at_end: bool) -> Option<Frame> {
        let passing = self.passing.as_mut()?;
        let here = match passing.left {
            Some(left) => left.min(self.buffer.len()),
            None => memchr::memchr(b'\n', &self.buffer).unwrap_or(self.buffer.len()),
        };
        let is_whole = match &mut passing.left {
            Some(left) => {
                *left -= here;
                *left == 0
            }
            None => here < self.buffer.len(),
        };
        let mut part = self.buffer.split_to(here);
        passing.length += here;
        if passing.beginning.is_empty() {
            part.truncate(self.length_max);
            passing.beginning = part.freeze();
        }
        if !is_whole && !is_at_end {
            return None;
        }
        let Passing { beginning, length, .. } = self.passing.take()?;
        Some(Frame::TooLong(beginning, length))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All messages of a stream that comes in parts.
    fn frames(parts: &[&[u8]]) -> Vec<Frame> {
        let mut frames = Frames::new(20);
        let mut found = Vec::new();
        for part in parts {
            frames.buffer.extend_from_slice(part);
            found.extend(std::iter::from_fn(|| frames.next(false)));
        }
        found.extend(std::iter::from_fn(|| frames.next(true)));
        assert!(frames.buffer.is_empty());
        found
    }

    fn whole(text: &'static str) -> Frame {
        Frame::Whole(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn messages_end_at_newlines_or_after_their_length() {
        assert_eq!(frames(&[b"<13>a\n<13>b\r\n\n<1"]), [whole("<13>a"), whole("<13>b\r"), whole("<1")]);
        assert_eq!(
            frames(&[b"5 <13>a7 <13>b\nc\n6 <13>d\n"]),
            [whole("<13>a"), whole("<13>b\nc"), whole("<13>d\n")]
        );
        assert_eq!(frames(&[b"<13>a\n5 <13>b<13>c\n"]), [whole("<13>a"), whole("<13>b"), whole("<13>c")]);
        assert_eq!(frames(&[b"2026-11-23 up\n0 x\n"]), [whole("2026-11-23 up"), whole("0 x")]);
        assert_eq!(frames(&[b"404 not found\n<13>a\n"]), [whole("404 not found"), whole("<13>a")]);
        assert_eq!(frames(&[b"9 <13>cut"]), [whole("<13>cut")]);
        assert_eq!(frames(&[b"12"]), [whole("12")]);
    }

    #[test]
    fn one_that_is_too_long_is_passed_and_its_beginning_kept() {
        let too_long = |length| Frame::TooLong(Bytes::from_static(&[b'x'; 20]), length);
        let line = [&[b'x'; 25][..], b"\n<13>b\n"].concat();
        assert_eq!(frames(&[&line]), [too_long(25), whole("<13>b")]);
        let counted = [b"25 <", &[b'x'; 24][..], b"5 <13>b"].concat();
        let beginning = Bytes::from_static(b"<xxxxxxxxxxxxxxxxxxx");
        assert_eq!(frames(&[&counted]), [Frame::TooLong(beginning, 25), whole("<13>b")]);
        assert_eq!(frames(&[&[b'x'; 30]]), [too_long(30)]);
    }

    proptest! {
        #[test]
        fn how_a_stream_comes_makes_no_difference(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b' '), b'0'..=b'9', any::<u8>()], 0..80),
            at in 0_usize..80,
        ) {
            let at = at.min(bytes.len());
            let text = |frames: Vec<Frame>| -> Vec<(usize, bool)> {
                frames.iter().map(|frame| match frame {
                    Frame::Whole(bytes) => (bytes.len(), true),
                    Frame::TooLong(_, length) => (*length, false),
                }).collect()
            };
            prop_assert_eq!(text(frames(&[&bytes])), text(frames(&[&bytes[..at], &bytes[at..]])));
        }
    }
}
