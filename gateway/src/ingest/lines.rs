//! Lines out of a stream of bytes, and the greeting that may stand before them.
//!
//! Invariant: every byte of the stream is in a whole line, in one that is too long, or waits for its newline; what waits
//! is never longer than a line may be. It is pure: it knows no socket, and not what a line says.

use antler_events::line::LineError;
use bytes::{Buf as _, Bytes, BytesMut};
use serde::Deserialize;

use super::decode::Rejected;

/// A first line that is longer is no greeting.
const GREETING_BYTES_MAX: usize = 8 << 10;

/// What a sender may say before its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Greeting {
    /// An API key or an access token.
    pub token: Option<String>,
    /// Whether each part of the lines is to be answered with a receipt.
    #[serde(default)]
    pub ack: bool,
}

/// What a stream begins with.
#[derive(Debug, PartialEq, Eq)]
pub enum Beginning {
    Greeting(Greeting),
    /// Lines at once.
    Lines,
    /// The first line has not ended.
    Unknown,
}

/// The lines that have ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Whole {
    pub lines: Bytes,
    /// How many lines of the stream were before them.
    pub before: u64,
    /// Those that ended and are too long, with their first part.
    pub too_long: Vec<Rejected>,
}

/// A stream that is being read.
#[derive(Debug)]
pub struct LineStream {
    /// Where bytes are read to.
    pub buffer: BytesMut,
    line_bytes_max: u32,
    /// The beginning of a line that is too long and has not ended, and how long it is so far.
    too_long: Option<(Bytes, usize)>,
    /// Lines that have ended.
    ended: u64,
}

impl LineStream {
    pub fn new(line_bytes_max: u32) -> Self {
        Self { buffer: BytesMut::new(), line_bytes_max, too_long: None, ended: 0 }
    }

    /// Takes the greeting out of the stream, if it begins with one.
    pub fn begin(&mut self, is_at_end: bool) -> Beginning {
        let end = memchr::memchr(b'\n', &self.buffer);
        let length = match end {
            Some(end) => end,
            None if is_at_end => self.buffer.len(),
            None if self.buffer.len() > GREETING_BYTES_MAX => return Beginning::Lines,
            None => return Beginning::Unknown,
        };
        let Some(greeting) = greeting(&self.buffer[..length]) else { return Beginning::Lines };
        self.buffer.advance(self.buffer.len().min(length + 1));
        self.ended += 1;
        Beginning::Greeting(greeting)
    }

    /// Takes the lines that have ended.
    pub fn take(&mut self) -> Whole {
        let too_long = self.pass_too_long().into_iter().collect();
        let end = memchr::memrchr(b'\n', &self.buffer).map_or(0, |end| end + 1);
        let before = self.ended;
        let lines = self.buffer.split_to(end).freeze();
        self.ended += memchr::memchr_iter(b'\n', &lines).count() as u64;
        if self.buffer.len() > self.line_bytes_max as usize {
            let length = self.buffer.len();
            let mut kept = self.buffer.split();
            kept.truncate(self.line_bytes_max as usize);
            self.too_long = Some((kept.freeze(), length));
        }
        Whole { lines, before, too_long }
    }

    /// Takes the rest: the stream has ended, and with it its last line.
    pub fn finish(&mut self) -> Whole {
        let mut whole = self.take();
        if !self.buffer.is_empty() {
            // There was no newline in it, so it stands behind all lines that were taken.
            let mut lines = BytesMut::from(&whole.lines[..]);
            lines.unsplit(self.buffer.split());
            whole.lines = lines.freeze();
        }
        whole.too_long.extend(self.end_too_long());
        whole
    }

    /// Goes past a line that is too long, as far as it is there.
    fn pass_too_long(&mut self) -> Option<Rejected> {
        let (_, length) = self.too_long.as_mut()?;
        match memchr::memchr(b'\n', &self.buffer) {
            None => {
                *length += self.buffer.len();
                self.buffer.clear();
                None
            }
            Some(end) => {
                *length += end;
                self.buffer.advance(end + 1);
                self.end_too_long()
            }
        }
    }

    fn end_too_long(&mut self) -> Option<Rejected> {
        let (raw, length) = self.too_long.take()?;
        self.ended += 1;
        let error = LineError::TooLong { length, max: self.line_bytes_max };
        Some(Rejected { line: self.ended, error, raw })
    }
}

/// A datagram without the greeting that it may begin with.
pub fn split_greeting(mut datagram: &[u8]) -> (Option<Greeting>, &[u8]) {
    let end = memchr::memchr(b'\n', datagram).unwrap_or(datagram.len());
    let greeting = greeting(&datagram[..end]);
    if greeting.is_some() {
        datagram = datagram.get(end + 1..).unwrap_or_default();
    }
    (greeting, datagram)
}

/// An object that says nothing but `token` and `ack`, and one of them at least.
fn greeting(line: &[u8]) -> Option<Greeting> {
    if line.len() > GREETING_BYTES_MAX || !line.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let greeting: Greeting = serde_json::from_slice(line).ok()?;
    (greeting.token.is_some() || greeting.ack).then_some(greeting)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(bytes: &[u8]) -> LineStream {
        let mut stream = LineStream::new(10);
        stream.buffer.extend_from_slice(bytes);
        stream
    }

    fn said(token: Option<&str>, ack: bool) -> Beginning {
        Beginning::Greeting(Greeting { token: token.map(str::to_owned), ack })
    }

    #[test]
    fn a_greeting_says_token_or_ack_and_nothing_else() {
        let check = |bytes: &[u8], at_end, expected| {
            assert_eq!(stream(bytes).begin(at_end), expected, "{}", String::from_utf8_lossy(bytes));
        };
        check(b"{\"token\":\"k\"}\nrest", false, said(Some("k"), false));
        check(b" {\"ack\":true,\"token\":\"k\"}\r\n", false, said(Some("k"), true));
        check(b"{\"ack\":true}\n", false, said(None, true));
        check(b"{\"token\":\"k\"}", true, said(Some("k"), false));
        check(b"{\"token\":\"k\"}", false, Beginning::Unknown);
        check(b"{\"token\":\"k\",\"message\":\"m\"}\n", false, Beginning::Lines);
        check(b"{\"token\":7}\n", false, Beginning::Lines);
        check(b"{\"ack\":false}\n", false, Beginning::Lines);
        check(b"{}\n", false, Beginning::Lines);
        check(b"plain\n", false, Beginning::Lines);
        check(&[b'x'; GREETING_BYTES_MAX + 1], false, Beginning::Lines);
    }

    #[test]
    fn only_whole_lines_are_taken_until_the_end() {
        let mut stream = stream(b"{\"ack\":true}\none\ntw");
        stream.begin(false);
        let whole = stream.take();
        assert_eq!((&whole.lines[..], whole.before, whole.too_long), (&b"one\n"[..], 1, vec![]));
        assert_eq!(stream.take(), Whole { before: 2, ..Whole::default() });
        stream.buffer.extend_from_slice(b"o\nthree");
        let whole = stream.finish();
        assert_eq!((&whole.lines[..], whole.before), (&b"two\nthree"[..], 2));
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_and_its_beginning_kept() {
        let mut stream = stream(b"a\n0123456789ab");
        assert_eq!(&stream.take().lines[..], b"a\n");
        stream.buffer.extend_from_slice(b"cdef");
        assert_eq!(stream.take(), Whole { before: 1, ..Whole::default() });
        stream.buffer.extend_from_slice(b"gh\nb\n");
        let whole = stream.take();
        let error = LineError::TooLong { length: 18, max: 10 };
        let raw = Bytes::from_static(b"0123456789");
        assert_eq!(whole.too_long, [Rejected { line: 2, error, raw }]);
        assert_eq!((&whole.lines[..], whole.before), (&b"b\n"[..], 2));
        stream.buffer.extend_from_slice(&[b'x'; 11]);
        stream.take();
        stream.buffer.extend_from_slice(b"y\n012345678910");
        let at_end = stream.finish();
        let numbers: Vec<u64> = at_end.too_long.iter().map(|line| line.line).collect();
        assert_eq!((at_end.lines.len(), &numbers[..]), (0, &[4, 5][..]));
    }

    #[test]
    fn a_datagram_is_told_from_its_greeting() {
        let check = |datagram: &'static [u8], token: Option<&str>, rest: &[u8]| {
            let (greeting, lines) = split_greeting(datagram);
            assert_eq!((greeting.and_then(|greeting| greeting.token).as_deref(), lines), (token, rest));
        };
        check(b"{\"token\":\"k\"}\na\nb", Some("k"), b"a\nb");
        check(b"{\"token\":\"k\"}", Some("k"), b"");
        check(b"a\nb", None, b"a\nb");
        check(b"", None, b"");
    }
}
