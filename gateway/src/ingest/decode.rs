//! From the bytes of a body to batches of lines.
//!
//! Invariant: every line of the body is in a batch byte for byte, or among the rejected, or blank. It is a pure
//! function: it knows no socket and no tenant.

use antler_events::clock::Timestamp;
use antler_events::line::{KnownNames, LineBatch, LineBatchBuilder, LineError, LineNumbers};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A batch is closed when it has so many bytes: it is the unit of what is handed on.
const BATCH_BYTES: usize = 4 << 20;

/// What a body is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A JSON object in each line.
    Ndjson,
    /// An array of objects, `{"logs":[…]}`, one object, or in truth NDJSON.
    Json,
    /// Lines of text, among which there may be JSON objects.
    Text,
    /// Not said: what it looks like.
    Unknown,
}

/// What a body holds.
#[derive(Debug, Default)]
pub struct Decoded {
    pub batches: Vec<LineBatch>,
    pub accepted: u64,
    /// What the sender calls the lines of the batches.
    pub numbers: LineNumbers,
    pub rejected: Vec<Rejected>,
}

/// A line that is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Counted from 1: of lines, or of elements of an array.
    pub line: u64,
    pub error: LineError,
    pub raw: Bytes,
}

/// Why nothing of a body could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("the body is empty")]
    Empty,
    #[error("the body is not JSON: {reason}")]
    NotJson { reason: String },
    #[error("the body is neither an array of objects, nor an object with \"logs\", nor an object")]
    NoLines,
    #[error("line {line} of the body says of no document what to do: {reason}; nothing of the body is taken")]
    NoAction { line: u64, reason: String },
    #[error("the document of line {line} is missing: the body ends early, and nothing of it is taken")]
    NoDocument { line: u64 },
    #[error("the body is no OTLP of logs: {reason}")]
    NotOtlp { reason: String },
}

impl Form {
    /// Of a content type; `Err` with what it is if that cannot hold lines.
    pub fn of_content_type(content_type: Option<&str>) -> Result<Self, String> {
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        Ok(match essence.to_ascii_lowercase().as_str() {
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
            | "application/json-lines"
            | "application/stream+json" => Self::Ndjson,
            "application/json" | "text/json" => Self::Json,
            "text/plain" => Self::Text,
            // What curl says of any body unless it is told otherwise.
            "" | "application/octet-stream" | "application/x-www-form-urlencoded" => Self::Unknown,
            _ => return Err(essence.to_owned()),
        })
    }
}

/// Takes a body apart, with the limits of what is known about names.
pub fn decode(
    body: &Bytes,
    form: Form,
    known: &KnownNames,
    received_at: Timestamp,
) -> Result<Decoded, DecodeError> {
    Ok(decode_by(body, known, received_at, |decoder| decoder.read(form))?.0)
}

/// The same by a protocol that finds the lines, and has more to say of them.
pub(super) fn decode_by<T>(
    body: &Bytes,
    known: &KnownNames,
    received_at: Timestamp,
    read: impl Fn(&mut Decoder<'_>) -> Result<T, DecodeError>,
) -> Result<(Decoded, T), DecodeError> {
    let mut decoder = Decoder::new(body, known, received_at);
    let said = read(&mut decoder)?;
    let (decoded, is_crowded) = decoder.finish();
    if !is_crowded {
        return Ok((decoded, said));
    }
    let nothing_known = KnownNames::new(known.limits().clone());
    let mut decoder = Decoder::new(body, &nothing_known, received_at);
    let said = read(&mut decoder)?;
    Ok((decoder.finish().0, said))
}

/// What a line has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Json,
    JsonOrText,
}

/// `{"logs":[…]}`; what else stands in the object says nothing about lines.
#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow)]
    logs: Vec<&'a RawValue>,
}

/// Lines that are being taken from a body.
pub(super) struct Decoder<'a> {
    body: &'a Bytes,
    known: &'a KnownNames,
    received_at: Timestamp,
    builder: LineBatchBuilder,
    /// Bytes of the body that have been read.
    read: usize,
    number: u64,
    decoded: Decoded,
    is_crowded: bool,
}

impl<'a> Decoder<'a> {
    fn new(body: &'a Bytes, known: &'a KnownNames, received_at: Timestamp) -> Self {
        let mut builder = LineBatchBuilder::knowing(known, received_at);
        builder.reserve(body.len().min(BATCH_BYTES));
        let decoded = Decoded::default();
        Self { body, known, received_at, builder, read: 0, number: 0, decoded, is_crowded: false }
    }

    pub(super) fn body(&self) -> &'a Bytes {
        self.body
    }

    fn read(&mut self, form: Form) -> Result<(), DecodeError> {
        match (form, self.body.trim_ascii_start().first()) {
            (_, None) => return Err(DecodeError::Empty),
            (Form::Ndjson, _) => self.lines(Kind::Json),
            (Form::Text, _) => self.lines(Kind::JsonOrText),
            (Form::Json | Form::Unknown, Some(b'[' | b'{')) => self.json()?,
            (Form::Json, _) => self.json()?,
            (Form::Unknown, _) => self.lines(Kind::JsonOrText),
        }
        Ok(())
    }

    /// What the body holds, and whether what was known has come in the way of a name.
    fn finish(mut self) -> (Decoded, bool) {
        let last = self.builder;
        let is_crowded = self.is_crowded || last.is_crowded();
        if !last.is_empty() {
            self.decoded.batches.push(last.finish_knowing(self.known));
        }
        (self.decoded, is_crowded)
    }

    fn lines(&mut self, kind: Kind) {
        let body = self.body;
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', body).chain([body.len()]) {
            let line = body[start..end].strip_suffix(b"\r").unwrap_or(&body[start..end]);
            start = end + 1;
            self.number += 1;
            if !line.trim_ascii().is_empty() {
                self.push_part(line, kind);
            }
        }
    }

    fn json(&mut self) -> Result<(), DecodeError> {
        let body = self.body;
        if body.trim_ascii_start().starts_with(b"[") {
            let elements: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| not_json(&error))?;
            self.elements(&elements);
            return Ok(());
        }
        if let Ok(Wrapped { logs }) = serde_json::from_slice(body) {
            self.elements(&logs);
            return Ok(());
        }
        match serde_json::from_slice::<&RawValue>(body) {
            Ok(object) if object.get().starts_with('{') => self.elements(&[object]),
            Ok(_) => return Err(DecodeError::NoLines),
            // Senders of NDJSON often call it JSON: then the first line is whole.
            Err(error) => {
                match body.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty()) {
                    Some(line) if serde_json::from_slice::<&RawValue>(line).is_ok() => self.lines(Kind::Json),
                    _ => return Err(not_json(&error)),
                }
            }
        }
        Ok(())
    }

    fn elements(&mut self, elements: &[&RawValue]) {
        for element in elements {
            self.number += 1;
            self.push_part(element.get().as_bytes(), Kind::Json);
        }
    }

    /// Takes a part of the body as a line.
    fn push_part(&mut self, part: &[u8], kind: Kind) {
        let body = self.body;
        self.push(self.number, part, kind, || body.slice_ref(part));
    }

    /// Takes a line under a number; what is kept of it if it is rejected.
    pub(super) fn push(&mut self, number: u64, line: &[u8], kind: Kind, kept: impl FnOnce() -> Bytes) {
        if self.builder.bytes() + line.len() > BATCH_BYTES {
            self.close();
        }
        let mut pushed = self.try_push(line, kind);
        if matches!(pushed, Err(LineError::BatchFull { .. })) && !self.builder.is_empty() {
            self.close();
            pushed = self.try_push(line, kind);
        }
        self.read += line.len();
        match pushed {
            Ok(()) => {
                self.decoded.accepted += 1;
                self.decoded.numbers.push(number);
            }
            Err(error) => self.decoded.rejected.push(Rejected { line: number, error, raw: kept() }),
        }
    }

    fn try_push(&mut self, line: &[u8], kind: Kind) -> Result<(), LineError> {
        match kind {
            Kind::Json => self.builder.push_json(line),
            Kind::JsonOrText => match self.builder.push(line) {
                Err(error) if !matches!(error, LineError::BatchFull { .. }) => self.builder.push_plain(line),
                pushed => pushed,
            },
        }
    }

    fn close(&mut self) {
        let left = self.body.len().saturating_sub(self.read);
        let mut next = LineBatchBuilder::knowing(self.known, self.received_at);
        next.reserve(left.min(BATCH_BYTES));
        let full = std::mem::replace(&mut self.builder, next);
        self.is_crowded |= full.is_crowded();
        if !full.is_empty() {
            self.decoded.batches.push(full.finish_knowing(self.known));
        }
    }
}

fn not_json(error: &serde_json::Error) -> DecodeError {
    DecodeError::NotJson { reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use antler_config::limits::LineLimits;

    use super::*;

    fn decoded(body: &str, form: Form) -> Result<Decoded, DecodeError> {
        let limits = LineLimits { line_bytes_max: 100, lines_per_batch_max: 4, ..LineLimits::default() };
        let known = KnownNames::new(limits);
        decode(&Bytes::copy_from_slice(body.as_bytes()), form, &known, Timestamp::from_nanos(0))
    }

    /// The lines, and the numbers and codes of those that were rejected.
    fn shown(body: &str, form: Form) -> (Vec<String>, Vec<String>) {
        let decoded = decoded(body, form).unwrap();
        let text = |raw: &[u8]| String::from_utf8(raw.to_vec()).unwrap();
        let lines = decoded.batches.iter().flat_map(LineBatch::lines).map(|line| text(line.raw()));
        let lines: Vec<String> = lines.collect();
        assert_eq!(decoded.accepted, lines.len() as u64);
        let rejected = decoded.rejected.iter();
        let rejected =
            rejected.map(|line| format!("{} {} {}", line.line, line.error.code(), text(&line.raw)));
        (lines, rejected.collect())
    }

    fn check(body: &str, form: Form, lines: &[&str], rejected: &[&str]) {
        let (found, refused) = shown(body, form);
        assert_eq!(found, lines, "{body}");
        assert_eq!(refused, rejected, "{body}");
    }

    #[test]
    fn ndjson_has_an_object_in_each_line() {
        check("{\"a\":1}\r\n\n {\"b\":2}", Form::Ndjson, &["{\"a\":1}", " {\"b\":2}"], &[]);
        let broken = "{\"a\":1}\n{\"a\":\n[1,2]\nplain\n";
        let rejected = ["2 json_ends_early {\"a\":", "3 invalid_json [1,2]", "4 invalid_json plain"];
        check(broken, Form::Ndjson, &["{\"a\":1}"], &rejected);
    }

    #[test]
    fn json_is_an_array_or_wrapped_or_one_object_or_ndjson_after_all() {
        check("[{\"a\":1}, {\"b\":[2]}\n]", Form::Json, &["{\"a\":1}", "{\"b\":[2]}"], &[]);
        check("[{\"a\":1},7]", Form::Json, &["{\"a\":1}"], &["2 invalid_json 7"]);
        check("{\"x\":1,\"logs\":[{\"a\":1}]}", Form::Json, &["{\"a\":1}"], &[]);
        check("{\"logs\":7}", Form::Json, &["{\"logs\":7}"], &[]);
        check("{\"a\":1}\n{\"b\":2}\n", Form::Json, &["{\"a\":1}", "{\"b\":2}"], &[]);
        check("[]", Form::Json, &[], &[]);
        check(" {\"a\":\n1}", Form::Json, &["{\"a\":\n1}"], &[]);
    }

    #[test]
    fn text_has_lines_of_any_kind() {
        check(
            "a plain line\n{\"a\":1}\n{broken\n",
            Form::Text,
            &["a plain line", "{\"a\":1}", "{broken"],
            &[],
        );
        check("a plain line", Form::Unknown, &["a plain line"], &[]);
        check("{\"a\":1}\n{\"b\":2}", Form::Unknown, &["{\"a\":1}", "{\"b\":2}"], &[]);
    }

    #[test]
    fn a_line_that_is_too_long_is_rejected_alone() {
        let long = "x".repeat(101);
        let rejected = format!("2 line_too_long {long}");
        check(&format!("a\n{long}\nb"), Form::Text, &["a", "b"], &[&rejected]);
    }

    #[test]
    fn a_full_batch_is_followed_by_another() {
        let decoded = decoded("a\nb\nc\nd\ne\n", Form::Text).unwrap();
        let lengths: Vec<usize> = decoded.batches.iter().map(LineBatch::len).collect();
        assert_eq!(lengths, [4, 1]);
    }

    #[test]
    fn what_holds_no_lines_is_an_error_that_says_why() {
        let check = |body: &str, form: Form, expected: &str| {
            assert_eq!(decoded(body, form).unwrap_err().to_string(), expected, "{body}");
        };
        check(" \n ", Form::Text, "the body is empty");
        check(
            "7",
            Form::Json,
            "the body is neither an array of objects, nor an object with \"logs\", nor an object",
        );
        check("[{\"a\":1}", Form::Json, "the body is not JSON: EOF while parsing a list at line 1 column 8");
        check("{\"a\":", Form::Json, "the body is not JSON: EOF while parsing a value at line 1 column 5");
    }

    #[test]
    fn content_types_have_forms() {
        let form = |content_type: &str| Form::of_content_type(Some(content_type));
        assert_eq!(form("application/json; charset=utf-8"), Ok(Form::Json));
        assert_eq!(form("Application/X-NDJSON"), Ok(Form::Ndjson));
        assert_eq!(form("text/plain"), Ok(Form::Text));
        assert_eq!(Form::of_content_type(None), Ok(Form::Unknown));
        assert_eq!(form("image/png"), Err("image/png".to_owned()));
    }
}
