//! A record: events that were appended together, as they lie in the messages of a stream.
//!
//! Its bytes are envelope and stored body of each event, one behind the other. They lie in one message, or are cut into
//! pieces whose messages follow each other without another between them; the header of each says of which record it is
//! a piece, the first offset, which piece it is and of how many.
//! Invariant: a record counts when its last piece follows all others, and only whole. Its envelopes and bodies are held
//! against their checksums. It does not know the server.

use std::ops::Range;
use std::str::FromStr;

use bytes::{Bytes, BytesMut};

use crate::ids::{Offset, PartitionId};
use crate::log::Recorded;
use crate::log::body::{NotRestored, PreparedEvent, Restorer};
use crate::wire::envelope::EnvelopeError;
use crate::wire::{ChainHash, Envelope};

/// The header of each message.
pub(super) const PIECE_HEADER: &str = "Antler-Piece";

/// An event within the bytes of its record.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub envelope: Envelope,
    pub hash: ChainHash,
    stored: Range<usize>,
}

/// Events that were appended together.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// The sequence of its first message, and of its last.
    pub begins: u64,
    pub ends: u64,
    pub events: Vec<Event>,
    pub bytes: Bytes,
}

/// Why bytes are not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum RecordFault {
    #[error("the message has no header {PIECE_HEADER}, or one that says nothing: {0:?}")]
    Header(String),
    #[error("{0}")]
    Envelope(#[from] EnvelopeError),
    #[error("event {0} belongs to another partition")]
    Partition(Offset),
    #[error("the record ends within event {0}")]
    Short(Offset),
    #[error("the checksum of the body of event {0} does not match")]
    Checksum(Offset),
    #[error("the record begins with event {found}, and its header says {said}")]
    First { found: Offset, said: Offset },
    #[error("event {found} stands where event {expected} belongs")]
    OutOfOrder { found: Offset, expected: Offset },
    #[error("the record has no event")]
    Empty,
}

impl Record {
    /// Of messages from `begins` to `ends` whose bytes were put together; `first` is what their headers say.
    pub(super) fn decode(
        partition: PartitionId,
        (begins, ends): (u64, u64),
        first: Offset,
        bytes: Bytes,
    ) -> Result<Self, RecordFault> {
        let (mut events, mut at) = (Vec::<Event>::new(), 0);
        while at < bytes.len() {
            let (envelope, length) = Envelope::decode(&bytes[at..])?;
            let stored = at + length..at + length + envelope.body_stored as usize;
            let event = check(partition, envelope, &bytes, at, stored)?;
            let expected = events.last().map_or(event.envelope.offset, |last| last.envelope.offset.plus(1));
            if event.envelope.offset != expected {
                return Err(RecordFault::OutOfOrder { found: event.envelope.offset, expected });
            }
            at = event.stored.end;
            events.push(event);
        }
        let found = events.first().ok_or(RecordFault::Empty)?.envelope.offset;
        if found != first {
            return Err(RecordFault::First { found, said: first });
        }
        Ok(Self { begins, ends, events, bytes })
    }

    pub(super) fn first(&self) -> Offset {
        self.events.first().map(|event| event.envelope.offset).unwrap_or_default()
    }

    /// The offset behind its last event.
    pub(super) fn next(&self) -> Offset {
        self.events.last().map_or(Offset::FIRST, |event| event.envelope.offset.plus(1))
    }

    pub(super) fn restore(&self, event: &Event, restorer: &mut Restorer) -> Result<Recorded, NotRestored> {
        let body = restorer.restore(&event.envelope, &self.bytes[event.stored.clone()])?;
        Ok(Recorded { envelope: event.envelope, hash: event.hash, body })
    }
}

fn check(
    partition: PartitionId,
    envelope: Envelope,
    bytes: &[u8],
    at: usize,
    stored: Range<usize>,
) -> Result<Event, RecordFault> {
    let offset = envelope.offset;
    if envelope.partition != partition {
        return Err(RecordFault::Partition(offset));
    }
    let body = bytes.get(stored.clone()).ok_or(RecordFault::Short(offset))?;
    if crc32fast::hash(body) != envelope.body_crc {
        return Err(RecordFault::Checksum(offset));
    }
    let hash = ChainHash::of_event(&bytes[at..stored.start], &ChainHash::of_body(body));
    Ok(Event { envelope, hash, stored })
}

/// A record that is laid out.
#[derive(Debug, Default)]
pub(super) struct Draft {
    bytes: Vec<u8>,
    pub events: Vec<Event>,
}

impl Draft {
    /// Lays out the next event and answers its hash.
    pub(super) fn push(&mut self, prepared: &PreparedEvent, envelope: Envelope) -> ChainHash {
        let at = self.bytes.len();
        envelope.encode(&mut self.bytes);
        let hash = ChainHash::of_event(&self.bytes[at..], &prepared.hash);
        let begins = self.bytes.len();
        self.bytes.extend_from_slice(&prepared.stored);
        self.events.push(Event { envelope, hash, stored: begins..self.bytes.len() });
        hash
    }

    /// As it will lie behind the sequence `last`, in pieces of at most `piece_bytes`.
    pub(super) fn finish(self, last: u64, piece_bytes: usize) -> (Record, Vec<Bytes>) {
        let bytes = Bytes::from(self.bytes);
        let cut = (0..bytes.len()).step_by(piece_bytes.max(1));
        let pieces: Vec<Bytes> = cut.map(|at| bytes.slice(at..bytes.len().min(at + piece_bytes))).collect();
        let ends = last + pieces.len() as u64;
        (Record { begins: last + 1, ends, events: self.events, bytes }, pieces)
    }
}

/// What the header of a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// The process that wrote it, and the number of the record among all that it tried.
    pub writer: u64,
    pub number: u64,
    /// The first offset of the record.
    pub first: Offset,
    /// From one on.
    pub at: u32,
    pub of: u32,
}

impl Piece {
    pub(super) fn header(&self) -> String {
        let Self { writer, number, first, at, of } = self;
        format!("1 {writer:016x} {number} {first} {at}/{of}")
    }

    /// The server forgets a message that it has seen under the same name.
    pub(super) fn message_id(&self) -> String {
        format!("{:016x}-{}-{}", self.writer, self.number, self.at)
    }
}

impl FromStr for Piece {
    type Err = RecordFault;

    fn from_str(text: &str) -> Result<Self, RecordFault> {
        let read = || {
            let mut parts = text.strip_prefix("1 ")?.split(' ');
            let writer = u64::from_str_radix(parts.next()?, 16).ok()?;
            let number = parts.next()?.parse().ok()?;
            let first = Offset::new(parts.next()?.parse().ok()?);
            let (at, of) = parts.next()?.split_once('/')?;
            let (at, of) = (at.parse().ok()?, of.parse().ok()?);
            (parts.next().is_none() && 1 <= at && at <= of).then_some(Self { writer, number, first, at, of })
        };
        read().ok_or_else(|| RecordFault::Header(text.chars().take(80).collect()))
    }
}

/// Puts pieces together, in the order of their sequences.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    piece: Piece,
    begins: u64,
    bytes: BytesMut,
}

impl Assembly {
    /// Takes the message at a sequence; answers the record that it completes. What it interrupts never counts.
    pub(super) fn take(
        &mut self,
        partition: PartitionId,
        sequence: u64,
        piece: Piece,
        bytes: Bytes,
    ) -> Result<Option<Record>, RecordFault> {
        let before = self.open.take();
        let goes_on = |open: &Open| {
            let next = Piece { at: open.piece.at + 1, ..open.piece };
            next == piece && open.begins + u64::from(open.piece.at) == sequence
        };
        let (begins, whole) = match before.filter(goes_on) {
            Some(mut open) => {
                open.bytes.extend_from_slice(&bytes);
                if piece.at < piece.of {
                    self.open = Some(Open { piece, ..open });
                    return Ok(None);
                }
                (open.begins, open.bytes.freeze())
            }
            None if piece.at > 1 => return Ok(None),
            None if piece.of > 1 => {
                self.open = Some(Open { piece, begins: sequence, bytes: BytesMut::from(&bytes[..]) });
                return Ok(None);
            }
            None => (sequence, bytes),
        };
        Record::decode(partition, (begins, sequence), piece.first, whole).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::ids::TenantId;
    use crate::log::NewEvent;
    use crate::log::body::Compressors;
    use crate::subject::Subject;
    use crate::wire::{EventType, SchemaVersion};

    const P: PartitionId = PartitionId::new(3);

    fn draft(first: u64, count: u64) -> Draft {
        let event = |number: u64| NewEvent {
            subject: Subject::lines(TenantId::parse("acme").unwrap()),
            event_type: EventType(1),
            schema: SchemaVersion(1),
            recorded_at: Timestamp::from_nanos(1),
            body: format!("line {number}").into_bytes().into(),
        };
        let prepared = Compressors::new().prepare_all((0..count).map(event).collect());
        let (mut draft, mut previous) = (Draft::default(), ChainHash::START);
        for (at, event) in prepared.iter().enumerate() {
            let envelope = event.envelope(P, Offset::new(first + at as u64), previous);
            previous = draft.push(event, envelope);
        }
        draft
    }

    fn piece(at: u32, of: u32) -> Piece {
        Piece { writer: 0xab, number: 5, first: Offset::new(9), at, of }
    }

    #[test]
    fn a_record_survives_its_pieces() {
        let (record, pieces) = draft(9, 3).finish(40, 100);
        let of = pieces.len() as u32;
        assert!(of > 2);
        assert_eq!((record.begins, record.ends), (41, 40 + u64::from(of)));
        let mut assembly = Assembly::default();
        let mut found = None;
        for (at, bytes) in pieces.into_iter().enumerate() {
            assert!(found.is_none());
            found = assembly.take(P, 41 + at as u64, piece(at as u32 + 1, of), bytes).unwrap();
        }
        let found = found.unwrap();
        assert_eq!(
            (found.begins, found.ends, found.first(), found.next()),
            (41, record.ends, record.first(), record.next())
        );
        let mut restorer = Restorer::new();
        for (number, (one, other)) in found.events.iter().zip(&record.events).enumerate() {
            assert_eq!(one.hash, other.hash);
            assert_eq!(found.restore(one, &mut restorer).unwrap().body, format!("line {number}"));
        }
    }

    #[test]
    fn a_record_that_is_interrupted_never_counts() {
        let (_, pieces) = draft(9, 3).finish(40, 100);
        let of = pieces.len() as u32;
        let mut assembly = Assembly::default();
        let mut take =
            |sequence, piece, bytes: &Bytes| assembly.take(P, sequence, piece, bytes.clone()).unwrap();
        assert!(take(41, piece(1, of), &pieces[0]).is_none());
        let (other, whole) = draft(9, 1).finish(41, 1_000);
        let mine = Piece { number: 6, ..piece(1, 1) };
        assert_eq!(take(42, mine, &whole[0]).unwrap().next(), other.next());
        for (at, bytes) in pieces.iter().enumerate().skip(1) {
            assert!(take(42 + at as u64, piece(at as u32 + 1, of), bytes).is_none());
        }
    }

    #[test]
    fn bytes_that_changed_are_named() {
        let (record, pieces) = draft(9, 2).finish(0, 1_000);
        let decode = |bytes: Vec<u8>| Record::decode(P, (1, 1), Offset::new(9), bytes.into());
        let mut bytes = pieces[0].to_vec();
        let in_body = record.events[1].stored.start;
        bytes[in_body] ^= 1;
        assert_eq!(decode(bytes.clone()).unwrap_err(), RecordFault::Checksum(Offset::new(10)));
        bytes.truncate(in_body);
        assert_eq!(decode(bytes).unwrap_err(), RecordFault::Short(Offset::new(10)));
        assert_eq!(decode(Vec::new()).unwrap_err(), RecordFault::Empty);
        let said = Record::decode(P, (1, 1), Offset::new(8), pieces[0].clone()).unwrap_err();
        assert_eq!(said.to_string(), "the record begins with event 9, and its header says 8");
        let elsewhere = Record::decode(PartitionId::new(4), (1, 1), Offset::new(9), pieces[0].clone());
        assert_eq!(elsewhere.unwrap_err(), RecordFault::Partition(Offset::new(9)));
    }

    #[test]
    fn a_header_survives_its_text_and_garbage_is_named() {
        let piece = piece(2, 3);
        assert_eq!(piece.header(), "1 00000000000000ab 5 9 2/3");
        assert_eq!(piece.header().parse(), Ok(piece));
        for text in ["", "2 ab 5 9 2/3", "1 xy 5 9 1/1", "1 ab 5 9 0/1", "1 ab 5 9 2/1", "1 ab 5 9 1/1 x"] {
            assert_eq!(text.parse::<Piece>(), Err(RecordFault::Header(text.to_owned())));
        }
    }
}
