//! The envelope: what stands before the body of every event, in a fixed layout.
//!
//! Little-endian, in this order: magic `AnEv`, layout version u8, codec u8, event type u16, schema u16,
//! subject length u16, partition u16, reserved u16, offset u64, recorded-at i64 (ns),
//! body length as stored u32, body length before compression u32, CRC-32 of the stored body u32,
//! hash of the previous event of the chain 32 bytes, subject, CRC-32 of all this u32.
//! Invariant: a flipped bit anywhere in it is an error. It does not look into the body.

use std::io::Write as _;

use crate::clock::Timestamp;
use crate::codec::{BODY_BYTES_MAX, CodecId};
use crate::ids::{Offset, PartitionId};
use crate::subject::{Subject, SubjectError};
use crate::wire::ChainHash;

const MAGIC: [u8; 4] = *b"AnEv";
const LAYOUT: u8 = 1;
/// Bytes before the subject.
const FIXED: usize = 76;
const SUBJECT_LENGTH_AT: usize = 10;
/// Longest subject: a tenant, the name of an aggregate, an id, and room to grow.
const SUBJECT_BYTES_MAX: usize = 256;
/// Longest envelope, so that a reader knows how much to fetch.
pub const ENVELOPE_BYTES_MAX: usize = FIXED + SUBJECT_BYTES_MAX + 4;

/// Which event it is; see `event/` for the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType(pub u16);

/// Which version of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaVersion(pub u16);

/// Everything about an event but its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    pub codec: CodecId,
    pub event_type: EventType,
    pub schema: SchemaVersion,
    pub partition: PartitionId,
    pub offset: Offset,
    pub recorded_at: Timestamp,
    pub subject: Subject,
    /// Hash of the event before this one in its chain.
    pub previous: ChainHash,
    pub body_stored: u32,
    pub body_raw: u32,
    pub body_crc: u32,
}

/// Why bytes are not an envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    #[error("an envelope begins with AnEv")]
    Magic,
    #[error("the envelope has layout {0}, and this version reads {LAYOUT}")]
    Layout(u8),
    #[error("the envelope ends early")]
    Short,
    #[error("the checksum of the envelope does not match")]
    Checksum,
    #[error("the envelope names codec {0}, which this version does not know")]
    Codec(u8),
    #[error("the envelope says the body has {0} bytes, more than {BODY_BYTES_MAX}")]
    BodyTooLarge(u32),
    #[error("the subject of the envelope is not valid")]
    Subject(#[source] SubjectError),
}

impl Envelope {
    /// Appends the encoded envelope.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&[LAYOUT, self.codec as u8]);
        out.extend_from_slice(&self.event_type.0.to_le_bytes());
        out.extend_from_slice(&self.schema.0.to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&self.partition.number().to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&self.offset.number().to_le_bytes());
        out.extend_from_slice(&self.recorded_at.nanos().to_le_bytes());
        out.extend_from_slice(&self.body_stored.to_le_bytes());
        out.extend_from_slice(&self.body_raw.to_le_bytes());
        out.extend_from_slice(&self.body_crc.to_le_bytes());
        out.extend_from_slice(self.previous.as_bytes());
        write!(out, "{}", self.subject).expect("a vector takes every byte");
        let subject_length = (out.len() - start - FIXED) as u16;
        out[start + SUBJECT_LENGTH_AT..][..2].copy_from_slice(&subject_length.to_le_bytes());
        let crc = crc32fast::hash(&out[start..]);
        out.extend_from_slice(&crc.to_le_bytes());
    }

    /// Reads an envelope at the start of `bytes` and says how long it is.
    pub fn decode(bytes: &[u8]) -> Result<(Self, usize), EnvelopeError> {
        let fixed = bytes.get(..FIXED).ok_or(EnvelopeError::Short)?;
        if fixed[..4] != MAGIC {
            return Err(EnvelopeError::Magic);
        }
        let subject_length = usize::from(u16::from_le_bytes([fixed[10], fixed[11]]));
        if subject_length > SUBJECT_BYTES_MAX {
            return Err(EnvelopeError::Checksum);
        }
        let length = FIXED + subject_length + 4;
        let whole = bytes.get(..length).ok_or(EnvelopeError::Short)?;
        let (covered, crc) = whole.split_at(length - 4);
        if crc32fast::hash(covered).to_le_bytes() != crc {
            return Err(EnvelopeError::Checksum);
        }
        if fixed[4] != LAYOUT {
            return Err(EnvelopeError::Layout(fixed[4]));
        }
        Self::decode_checked(covered).map(|envelope| (envelope, length))
    }

    fn decode_checked(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let mut fields = Fields(&bytes[5..]);
        let codec = fields.take::<1>()[0];
        let event_type = EventType(u16::from_le_bytes(fields.take()));
        let schema = SchemaVersion(u16::from_le_bytes(fields.take()));
        let _subject_length: [u8; 2] = fields.take();
        let partition = PartitionId::new(u16::from_le_bytes(fields.take()));
        let _reserved: [u8; 2] = fields.take();
        let offset = Offset::new(u64::from_le_bytes(fields.take()));
        let recorded_at = Timestamp::from_nanos(i64::from_le_bytes(fields.take()));
        let body_stored = u32::from_le_bytes(fields.take());
        let body_raw = u32::from_le_bytes(fields.take());
        let body_crc = u32::from_le_bytes(fields.take());
        let previous = ChainHash::from_bytes(fields.take());
        let subject = String::from_utf8_lossy(fields.0).parse().map_err(EnvelopeError::Subject)?;
        let codec = CodecId::from_number(codec).ok_or(EnvelopeError::Codec(codec))?;
        if let Some(&length) =
            [body_stored, body_raw].iter().find(|length| **length as usize > BODY_BYTES_MAX)
        {
            return Err(EnvelopeError::BodyTooLarge(length));
        }
        Ok(Self {
            codec,
            event_type,
            schema,
            partition,
            offset,
            recorded_at,
            subject,
            previous,
            body_stored,
            body_raw,
            body_crc,
        })
    }
}

/// The rest of a fixed layout whose length has been checked.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (taken, rest) = self.0.split_first_chunk().expect("the caller checked the length");
        self.0 = rest;
        *taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{KeyId, TenantId};
    use crate::subject::Aggregate;

    fn sample() -> Envelope {
        let tenant = TenantId::parse("acme").unwrap();
        Envelope {
            codec: CodecId::BincodeZstd,
            event_type: EventType(7),
            schema: SchemaVersion(2),
            partition: PartitionId::new(3),
            offset: Offset::new(99),
            recorded_at: Timestamp::from_nanos(1_700_000_000_123_456_789),
            subject: Subject::control(tenant, Aggregate::Key(KeyId::parse("k-1").unwrap())),
            previous: ChainHash::of_body(b"before"),
            body_stored: 10,
            body_raw: 20,
            body_crc: 30,
        }
    }

    #[test]
    fn an_envelope_survives_its_bytes() {
        let mut bytes = b"before".to_vec();
        sample().encode(&mut bytes);
        bytes.extend_from_slice(b"the body");
        let (envelope, length) = Envelope::decode(&bytes[6..]).unwrap();
        assert_eq!(envelope, sample());
        assert_eq!(&bytes[6 + length..], b"the body");
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_an_error() {
        let mut bytes = Vec::new();
        sample().encode(&mut bytes);
        for cut in 0..bytes.len() {
            assert!(Envelope::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Envelope::decode(&bytes).is_err(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
