//! Frames: how an event lies in a segment file.
//!
//! A frame is a header (magic `AnFr`, length u32, durable-through u64, follows u32, CRC-32 u32, little-endian),
//! the envelope and the stored body. *Durable-through* is the length of the file that was known to be on stable
//! storage when the frame was written: it proves later that bytes before it were not just a torn tail.
//! *Follows* counts the events of the same append behind this one.
//! Invariant: a frame is taken only if its three checksums hold. It does not decide what a bad frame means.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::planted::Planted;
use crate::codec::BODY_BYTES_MAX;
use crate::files::{File, read_full};
use crate::ids::{Offset, PartitionId};
use crate::log::Damage;
use crate::log::body::NotRestored;
use crate::wire::envelope::{ENVELOPE_BYTES_MAX, EnvelopeError};
use crate::wire::{ChainHash, Envelope};

pub(super) const FRAME_HEADER_BYTES: usize = 24;
const MAGIC: [u8; 4] = *b"AnFr";
/// zstd never makes more than this of a body at the limit.
const FRAME_BYTES_MAX: usize = ENVELOPE_BYTES_MAX + BODY_BYTES_MAX + BODY_BYTES_MAX / 128;
/// How much is read at once while walking.
const WINDOW_BYTES: usize = 256 << 10;

/// Why bytes are not a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FrameFault {
    #[error("the file ends within a frame")]
    Short,
    #[error("there is no frame")]
    NoHeader,
    #[error("the frame has a length of {0} bytes")]
    Length(u32),
    #[error("{0}")]
    Envelope(EnvelopeError),
    #[error("the frame belongs to partition {0}")]
    Partition(PartitionId),
    #[error("the lengths of frame and event differ")]
    BodyLength,
    #[error("the checksum of the body does not match")]
    BodyChecksum,
    #[error(transparent)]
    BodyNotRestored(#[from] NotRestored),
    #[error("the segment ends early")]
    EndsEarly,
    #[error("a segment is missing")]
    SegmentMissing,
    #[error("event {found} stands where event {expected} belongs")]
    OutOfOrder { found: Offset, expected: Offset },
}

impl FrameFault {
    /// Whole bytes of a version that this one does not read are not damage, and are not touched.
    pub(super) fn other_version(&self) -> Option<String> {
        use EnvelopeError::{Codec, Layout};
        matches!(self, Self::Envelope(Codec(_) | Layout(_))).then(|| self.to_string())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub length: u32,
    pub durable_through: u64,
    pub follows: u32,
}

impl FrameHeader {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&self.length.to_le_bytes());
        out.extend_from_slice(&self.durable_through.to_le_bytes());
        out.extend_from_slice(&self.follows.to_le_bytes());
        let crc = crc32fast::hash(&out[start..]);
        out.extend_from_slice(&crc.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Result<Self, FrameFault> {
        let (covered, rest) = bytes.split_first_chunk::<20>().ok_or(FrameFault::Short)?;
        let (crc, _) = rest.split_first_chunk::<4>().ok_or(FrameFault::Short)?;
        if covered[..4] != MAGIC || crc32fast::hash(covered).to_le_bytes() != *crc {
            return Err(FrameFault::NoHeader);
        }
        let word =
            |at: usize| u32::from_le_bytes([covered[at], covered[at + 1], covered[at + 2], covered[at + 3]]);
        let durable_through = u64::from(word(8)) | u64::from(word(12)) << 32;
        let header = Self { length: word(4), durable_through, follows: word(16) };
        match header.length as usize {
            0..=FRAME_BYTES_MAX => Ok(header),
            _ => Err(FrameFault::Length(header.length)),
        }
    }
}

/// A good frame; `body` borrows from the walk's window.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub position: u64,
    pub header: FrameHeader,
    pub envelope: Envelope,
    pub envelope_bytes: &'a [u8],
    pub stored: &'a [u8],
}

impl Frame<'_> {
    pub(super) fn end(&self) -> u64 {
        self.position + FRAME_HEADER_BYTES as u64 + u64::from(self.header.length)
    }

    pub(super) fn hash(&self) -> ChainHash {
        ChainHash::of_event(self.envelope_bytes, &ChainHash::of_body(self.stored))
    }
}

/// What a walk meets next.
#[derive(Debug)]
pub(super) enum Step<'a> {
    Event(Frame<'a>),
    /// Bytes that are no frame, or events that are missing.
    Gap(Gap),
    End,
}

/// A place where the file is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gap {
    pub position: u64,
    /// The first event that is not there.
    pub first: Offset,
    /// The last one that is not there; below `first` if no event is lost.
    pub last: Offset,
    pub fault: FrameFault,
}

impl Gap {
    /// What an operator is told.
    pub(super) fn damage(&self, partition: PartitionId, path: &Path) -> Damage {
        let Self { position, first, last, .. } = *self;
        let (file, reason) = (path.display().to_string(), self.fault.to_string());
        Damage { partition, file, position, first, last, reason }
    }
}

/// Where a walk begins and what it may meet.
#[derive(Debug, Clone)]
pub(super) struct WalkFrom {
    pub partition: PartitionId,
    pub file: Arc<dyn File>,
    pub position: u64,
    /// Bytes of the file that count.
    pub end: u64,
    /// The event that stands at `position`.
    pub expected: Offset,
    /// The event that stands behind the end; `ZERO` if that is not known.
    pub until: Offset,
    /// Set if only control events were kept, so that offsets may jump: what the segment stands for.
    pub covered: Option<Offset>,
    pub planted: Planted,
}

/// Walks the frames of one segment file, and resumes behind damage.
#[derive(Debug)]
pub(super) struct Walk {
    from: WalkFrom,
    window: Vec<u8>,
    window_at: u64,
}

impl Walk {
    pub(super) fn new(from: WalkFrom) -> Self {
        Self { from, window: Vec::new(), window_at: 0 }
    }

    pub(super) fn next(&mut self) -> io::Result<Step<'_>> {
        let WalkFrom { position, end, expected, covered, .. } = self.from;
        if position >= end {
            return Ok(self.finish());
        }
        let fault = match self.check(position)? {
            Ok(found) if found.offset == expected || (covered.is_some() && found.offset > expected) => {
                self.from.position = found.end;
                self.from.expected = found.offset.plus(1);
                return Ok(Step::Event(self.frame(position, &found)));
            }
            Ok(found) if found.offset > expected => {
                self.from.expected = found.offset;
                let fault = FrameFault::OutOfOrder { found: found.offset, expected };
                return Ok(Step::Gap(Gap { position, first: expected, last: found.offset.before(), fault }));
            }
            Ok(found) => FrameFault::OutOfOrder { found: found.offset, expected },
            Err(fault) => fault,
        };
        self.resume_behind(position + 1)?;
        Ok(Step::Gap(Gap { position, first: expected, last: self.from.expected.before(), fault }))
    }

    /// Behind the last frame: the segment must have reached what follows it.
    fn finish(&mut self) -> Step<'static> {
        let WalkFrom { position, expected, until, covered, .. } = self.from;
        let first = expected.max(covered.unwrap_or_default());
        if first >= until {
            return Step::End;
        }
        self.from.expected = until;
        Step::Gap(Gap { position, first, last: until.before(), fault: FrameFault::EndsEarly })
    }

    /// Finds the next good frame and stands before it, or at the end.
    fn resume_behind(&mut self, mut position: u64) -> io::Result<()> {
        let finder = memchr::memmem::Finder::new(&MAGIC);
        while position < self.from.end {
            let window = self.bytes_at(position, FRAME_HEADER_BYTES)?;
            let Some(at) = finder.find(window) else {
                // A magic number may begin in the last bytes of this window.
                position += (window.len().saturating_sub(MAGIC.len() - 1)).max(1) as u64;
                continue;
            };
            position += at as u64;
            if let Ok(found) = self.check(position)?
                && found.offset >= self.from.expected
            {
                self.from.position = position;
                self.from.expected = found.offset;
                return Ok(());
            }
            position += 1;
        }
        self.from.position = self.from.end;
        self.from.expected = self.from.until.max(self.from.expected);
        Ok(())
    }

    /// Looks whether a whole frame stands at a position, and leaves it in the window.
    fn check(&mut self, position: u64) -> io::Result<Result<Found, FrameFault>> {
        let header = match FrameHeader::decode(self.bytes_at(position, FRAME_HEADER_BYTES)?) {
            Ok(header) => header,
            Err(fault) => return Ok(Err(fault)),
        };
        let length = header.length as usize;
        let Self { from: WalkFrom { partition, planted, .. }, .. } = *self;
        let bytes = self.bytes_at(position, FRAME_HEADER_BYTES + length)?;
        let Some(event) = bytes.get(FRAME_HEADER_BYTES..FRAME_HEADER_BYTES + length) else {
            return Ok(Err(FrameFault::Short));
        };
        Ok(check_event(event, partition, planted).map(|(envelope, envelope_bytes)| Found {
            offset: envelope.offset,
            end: position + (FRAME_HEADER_BYTES + length) as u64,
            header,
            envelope,
            envelope_bytes,
        }))
    }

    fn frame(&self, position: u64, found: &Found) -> Frame<'_> {
        let start = (position - self.window_at) as usize + FRAME_HEADER_BYTES;
        let event = &self.window[start..start + found.header.length as usize];
        let (envelope_bytes, stored) = event.split_at(found.envelope_bytes);
        Frame { position, header: found.header, envelope: found.envelope, envelope_bytes, stored }
    }

    /// At least `length` bytes at a position if the file has them, from the window.
    fn bytes_at(&mut self, position: u64, length: usize) -> io::Result<&[u8]> {
        let length = length.min((self.from.end - position) as usize);
        let held = position >= self.window_at
            && position + length as u64 <= self.window_at + self.window.len() as u64;
        if !held {
            let wanted = length.max(WINDOW_BYTES).min((self.from.end - position) as usize);
            self.window.resize(wanted, 0);
            let filled = read_full(&*self.from.file, position, &mut self.window)?;
            self.window.truncate(filled);
            self.window_at = position;
        }
        Ok(&self.window[(position - self.window_at) as usize..])
    }
}

struct Found {
    offset: Offset,
    end: u64,
    header: FrameHeader,
    envelope: Envelope,
    envelope_bytes: usize,
}

fn check_event(
    event: &[u8],
    partition: PartitionId,
    planted: Planted,
) -> Result<(Envelope, usize), FrameFault> {
    let (envelope, length) = Envelope::decode(event).map_err(FrameFault::Envelope)?;
    let stored = &event[length..];
    if stored.len() != envelope.body_stored as usize {
        return Err(FrameFault::BodyLength);
    }
    if envelope.partition != partition {
        return Err(FrameFault::Partition(envelope.partition));
    }
    if crc32fast::hash(stored) != envelope.body_crc && !planted.is(Planted::BodyChecksumIgnored) {
        return Err(FrameFault::BodyChecksum);
    }
    Ok((envelope, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_survives_its_bytes_and_no_flipped_bit_passes() {
        let header = FrameHeader { length: 7, durable_through: 1 << 40, follows: 3 };
        let mut bytes = Vec::new();
        header.encode(&mut bytes);
        assert_eq!(bytes.len(), FRAME_HEADER_BYTES);
        assert_eq!(FrameHeader::decode(&bytes), Ok(header));
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(FrameHeader::decode(&bytes).is_err(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn a_length_beyond_every_frame_is_refused() {
        let mut bytes = Vec::new();
        FrameHeader { length: u32::MAX, durable_through: 0, follows: 0 }.encode(&mut bytes);
        assert_eq!(FrameHeader::decode(&bytes), Err(FrameFault::Length(u32::MAX)));
    }
}
