//! Lines that have arrived: a batch as it is recorded, to be parsed again from the log.
//!
//! The body holds the lines as they came and how long each is; nothing that was read from them, because
//! reading gives the same result again for the same bytes and time of arrival.
//! Invariant: every line that was recorded is given back, even if limits have become tighter since.
//! It has no cause and decides nothing: whoever may send lines was asked before.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::types::LINES_INGESTED;
use super::{BodyError, EventError, NewEvent};
use crate::clock::Timestamp;
use crate::codec::{self, CodecError, Run};
use crate::ids::TenantId;
use crate::line::{LineBatch, LineBatchBuilder, LineError};
use crate::subject::Subject;
use crate::wire::{EventType, SchemaVersion};
use antler_config::limits::LineLimits;

pub use LineDefaultsV1 as LineDefaults;

pub const EVENT_TYPE: EventType = LINES_INGESTED.event_type;
pub const SCHEMA: SchemaVersion = LINES_INGESTED.newest;

/// What the sender said once for all lines of a batch. It holds for lines that do not say it themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineDefaultsV1 {
    pub source: Option<String>,
    pub service: Option<String>,
    pub environment: Option<String>,
    /// As the sender wrote it.
    pub level: Option<String>,
    pub host: Option<String>,
    pub tags: Vec<String>,
}

/// How a batch came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrival {
    /// The ingest protocol: `http`, `tcp`, `syslog` …
    pub protocol: String,
    /// Where it came from, as the protocol knows it: an address, a file name.
    pub origin: String,
    pub defaults: LineDefaults,
}

/// A recorded batch. Its lines share the body that it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinesIngested {
    pub received_at: Timestamp,
    pub arrival: Arrival,
    count: usize,
    lengths: Bytes,
    lines: Bytes,
}

/// A line as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedLine<'a> {
    pub raw: &'a [u8],
    /// Whether it was taken as text and not as JSON.
    pub is_plain: bool,
}

/// The frozen body of schema 1.
#[derive(Serialize, Deserialize)]
struct LinesIngestedV1<'a> {
    received_at: Timestamp,
    protocol: &'a str,
    origin: &'a str,
    defaults: LineDefaultsV1,
    count: u32,
    /// For each line its length times two, plus one if it is plain, as a base-128 varint.
    #[serde(borrow)]
    lengths: Run<'a>,
    /// All lines, one after the other.
    #[serde(borrow)]
    lines: Run<'a>,
}

/// The batch as the log takes it.
pub fn record(tenant: TenantId, batch: &LineBatch, arrival: &Arrival) -> Result<NewEvent, EventError> {
    let encoded = encode(batch, arrival);
    let body = encoded.map_err(|source| EventError::Encode { name: LINES_INGESTED.name, source })?;
    let recorded_at = batch.received_at();
    Ok(NewEvent {
        subject: Subject::lines(tenant),
        event_type: EVENT_TYPE,
        schema: SCHEMA,
        recorded_at,
        body,
    })
}

pub fn encode(batch: &LineBatch, arrival: &Arrival) -> Result<Bytes, CodecError> {
    let mut lengths = Vec::with_capacity(batch.len() * 2);
    for line in batch.lines() {
        push_varint(&mut lengths, (line.raw().len() as u64) << 1 | u64::from(line.is_plain()));
    }
    codec::encode(&LinesIngestedV1 {
        received_at: batch.received_at(),
        protocol: &arrival.protocol,
        origin: &arrival.origin,
        defaults: arrival.defaults.clone(),
        count: batch.len() as u32,
        lengths: Run(&lengths),
        lines: Run(batch.buffer()),
    })
}

impl LinesIngested {
    /// Reads a body of schema 1. The lines are not copied.
    pub fn decode(body: &Bytes) -> Result<Self, BodyError> {
        let stored: LinesIngestedV1<'_> = codec::decode(body)?;
        let LinesIngestedV1 { received_at, count, lengths, lines, .. } = stored;
        if !lengths_match(count, lengths.0, lines.0.len()) {
            return Err(BodyError::Lengths { count, bytes: lines.0.len() });
        }
        Ok(Self {
            received_at,
            arrival: Arrival {
                protocol: stored.protocol.to_owned(),
                origin: stored.origin.to_owned(),
                defaults: stored.defaults,
            },
            count: count as usize,
            lengths: body.slice_ref(lengths.0),
            lines: body.slice_ref(lines.0),
        })
    }

    /// Count of lines.
    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes of the lines as they came.
    pub fn bytes(&self) -> usize {
        self.lines.len()
    }

    pub fn lines(&self) -> impl Iterator<Item = RecordedLine<'_>> {
        let (mut lengths, mut rest) = (&self.lengths[..], &self.lines[..]);
        std::iter::from_fn(move || {
            let (length, is_plain) = split_length(take_varint(&mut lengths)?);
            let (raw, after) = rest.split_at_checked(length)?;
            rest = after;
            Some(RecordedLine { raw, is_plain })
        })
    }

    /// The batch as it was when it arrived. A line that the limits of today refuse becomes a plain one.
    pub fn parse(&self, limits: &LineLimits) -> Result<LineBatch, LineError> {
        let limits = limits.clone().for_lines_taken_before();
        let mut builder = LineBatchBuilder::new(limits, self.received_at);
        builder.reserve(self.lines.len());
        for line in self.lines() {
            builder.push_again(line.raw, line.is_plain)?;
        }
        Ok(builder.finish())
    }
}

fn lengths_match(count: u32, mut lengths: &[u8], bytes: usize) -> bool {
    let (mut found, mut total) = (0u32, 0usize);
    while let Some(number) = take_varint(&mut lengths) {
        (found, total) = (found.saturating_add(1), total.saturating_add(split_length(number).0));
    }
    lengths.is_empty() && found == count && total == bytes
}

fn split_length(number: u64) -> (usize, bool) {
    ((number >> 1) as usize, number & 1 == 1)
}

fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a number of at most 35 bits; nothing at the end, or if there is no such number.
fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let length = bytes.iter().take(5).position(|byte| *byte < 0x80)? + 1;
    let (number, rest) = bytes.split_at(length);
    *bytes = rest;
    Some(number.iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::samples::{NOW, tenant};

    const GOLDEN: &[u8] = include_bytes!("golden/lines_ingested_v1.bin");

    fn batch() -> LineBatch {
        let mut builder = LineBatchBuilder::new(LineLimits::default(), NOW);
        builder
            .push(br#"{"time":"Oct 11 22:14:15","level":"warn","http":{"status":503},"m":"\u00e4"}"#)
            .unwrap();
        builder.push(b"a plain line \xff\r\n").unwrap();
        builder.push_plain(b"{not json").unwrap();
        builder.push_plain(&[b'x'; 100]).unwrap();
        builder.push_plain(b"").unwrap();
        builder.finish()
    }

    fn arrival() -> Arrival {
        let defaults = LineDefaults {
            service: Some("api".to_owned()),
            level: Some("WARN".to_owned()),
            tags: vec!["a".to_owned(), "b".to_owned()],
            ..LineDefaults::default()
        };
        Arrival { protocol: "http".to_owned(), origin: "192.0.2.7".to_owned(), defaults }
    }

    fn shown(batch: &LineBatch) -> Vec<String> {
        let show = |line: crate::line::Line<'_>| {
            let fields: Vec<_> = line.fields().map(|field| (field.name_text, field.value)).collect();
            format!("{:?} {} {:?} {fields:?}", line.raw(), line.timestamp(), line.level())
        };
        batch.lines().map(show).collect()
    }

    #[test]
    fn schema_1_has_its_golden_bytes() {
        let body = encode(&batch(), &arrival()).unwrap();
        let hex: String = body.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(body == GOLDEN, "lines_ingested_v1.bin is missing or differs from {hex}");
    }

    #[test]
    fn the_golden_file_is_read_as_the_batch_that_arrived() {
        let lines = LinesIngested::decode(&Bytes::from_static(GOLDEN)).unwrap();
        assert_eq!((lines.received_at, &lines.arrival, lines.len()), (NOW, &arrival(), 5));
        let parsed = lines.parse(&LineLimits::default()).unwrap();
        assert_eq!(shown(&parsed), shown(&batch()));
        assert!(lines.lines().zip(batch().lines()).all(|(line, other)| line.raw == other.raw()));
    }

    #[test]
    fn an_event_of_lines_stands_on_the_lines_of_its_tenant() {
        let event = record(tenant(), &batch(), &arrival()).unwrap();
        assert_eq!((event.subject, event.recorded_at), (Subject::lines(tenant()), NOW));
        assert_eq!((event.event_type, event.schema), (EventType(1), SchemaVersion(1)));
        assert_eq!(event.body, GOLDEN);
    }

    #[test]
    fn tighter_limits_lose_no_line() {
        let lines = LinesIngested::decode(&Bytes::from_static(GOLDEN)).unwrap();
        let limits =
            LineLimits { line_bytes_max: 1, depth_max: 1, lines_per_batch_max: 1, ..LineLimits::default() };
        let parsed = lines.parse(&limits).unwrap();
        assert_eq!(parsed.buffer(), batch().buffer());
        assert!(parsed.lines().all(|line| line.is_plain()));
    }

    #[test]
    fn a_damaged_body_is_an_error_and_never_a_wrong_line() {
        for cut in 0..GOLDEN.len() {
            assert!(LinesIngested::decode(&Bytes::copy_from_slice(&GOLDEN[..cut])).is_err(), "cut at {cut}");
        }
        let mut body = GOLDEN.to_vec();
        for bit in 0..body.len() * 8 {
            body[bit / 8] ^= 1 << (bit % 8);
            if let Ok(lines) = LinesIngested::decode(&Bytes::copy_from_slice(&body)) {
                let total: usize = lines.lines().map(|line| line.raw.len()).sum();
                assert_eq!((lines.lines().count(), total), (lines.len(), lines.lines.len()), "bit {bit}");
            }
            body[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn a_varint_survives_its_bytes() {
        for number in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, u64::from(u32::MAX) * 2 + 1] {
            let mut bytes = Vec::new();
            push_varint(&mut bytes, number);
            bytes.push(7);
            let mut rest = &bytes[..];
            assert_eq!((take_varint(&mut rest), rest), (Some(number), &[7][..]), "{number}");
        }
        assert_eq!(take_varint(&mut &[0x80; 9][..]), None);
    }
}
