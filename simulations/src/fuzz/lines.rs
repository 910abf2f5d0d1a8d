//! What must hold for a line, whatever its bytes are.
//!
//! Invariant: it agrees with a JSON reader that was not written here about what is a JSON object.
//! It does not look at the meaning of fields: the reference in `antler_events` does.

use antler_config::limits::LineLimits;
use antler_events::clock::Timestamp;
use antler_events::event::lines::{Arrival, LinesIngested, encode};
use antler_events::line::{Line, LineBatch, LineBatchBuilder, LineError, ValueKind};

/// 2026-01-02T03:04:05Z.
const ARRIVAL: Timestamp = Timestamp::from_nanos(1_767_323_045_000_000_000);

/// A line that comes before, so that the names of a batch are in use.
const NEIGHBOUR: &[u8] =
    br#"{"@timestamp":"2024-05-01T12:00:00Z","level":"info","message":"m","a":{"b":[1,{"c":2}]}}"#;

/// Memory that a batch may hold beyond what its lines and their count explain: its names.
const NAMES_BYTES_MAX: usize = 8 << 20;

/// Panics if a line breaks a promise: as JSON, as plain text, whole and cut at its line ends.
pub fn fuzz_line(bytes: &[u8]) {
    let verdict = builder().push_json(bytes);
    check_verdict(bytes, verdict);
    check_batch(&[NEIGHBOUR, bytes, bytes, NEIGHBOUR]);
    let parts: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    check_batch(&parts);
}

fn builder() -> LineBatchBuilder {
    LineBatchBuilder::new(LineLimits::default(), ARRIVAL)
}

/// Another reader accepts what is accepted, and what it accepts is refused for a limit or a lone
/// surrogate only, which it does not look for in values that it skips.
fn check_verdict(bytes: &[u8], verdict: Result<(), LineError>) {
    let text = std::str::from_utf8(bytes);
    let is_json = text.is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
    let is_object = is_json && bytes.trim_ascii_start().first() == Some(&b'{');
    match verdict {
        Ok(()) => assert!(is_object, "accepted"),
        Err(
            LineError::TooLong { .. }
            | LineError::TooDeep { .. }
            | LineError::NumberTooLong { .. }
            | LineError::LoneSurrogate { .. },
        ) => {}
        Err(error) => assert!(!is_object, "{error}"),
    }
}

/// Takes what can be taken and checks the batch in memory and after the event log.
fn check_batch(lines: &[&[u8]]) {
    let mut builder = builder();
    let taken: Vec<&[u8]> = lines.iter().copied().filter(|line| builder.push(line).is_ok()).collect();
    let batch = builder.finish();
    assert_eq!(batch.buffer(), &taken.concat());
    let bytes: usize = taken.iter().map(|line| line.len()).sum();
    assert!(batch.bytes_held() <= 4 * bytes + 256 * (taken.len() + 64) + NAMES_BYTES_MAX);
    assert_eq!(batch.len(), taken.len());
    for (line, taken) in batch.lines().zip(&taken) {
        check_line(line, taken);
    }
    check_recorded(&batch);
}

fn check_line(line: Line<'_>, taken: &[u8]) {
    assert_eq!(line.raw(), taken);
    let inside = line.raw().as_ptr_range();
    for field in line.fields() {
        let value = field.value.raw.as_ptr_range();
        assert!(inside.start <= value.start && value.end <= inside.end, "{}", field.name_text);
        let text = field.value.text();
        if field.value.kind == ValueKind::Number {
            assert!(field.value.as_f64().is_some(), "{text}");
        }
        if field.value.kind != ValueKind::EscapedString && !line.is_plain() {
            assert_eq!(text.as_bytes(), field.value.raw);
        }
    }
    if line.is_plain() {
        assert!(line.message().is_some());
    }
}

/// The event log gives the batch back, however the names of the batch before had grown.
fn check_recorded(batch: &LineBatch) {
    let body = encode(batch, &Arrival::default()).expect("a small batch has room in an event");
    let recorded = LinesIngested::decode(&body).expect("what was encoded is decoded");
    let again = recorded.parse(&LineLimits::default()).expect("the batch has room for its own lines");
    assert!(batch.lines().map(shown).eq(again.lines().map(shown)));
}

fn shown(line: Line<'_>) -> String {
    let fields: Vec<_> = line.fields().map(|field| (field.name_text, field.value)).collect();
    format!("{:?} {:?} {:?} {} {fields:?}", line.raw(), line.own_timestamp(), line.level(), line.is_cut())
}
