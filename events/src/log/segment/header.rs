//! The header of a segment file.
//!
//! Little-endian: magic `AnSg`, layout u8, compacted u8, partition u16, base u64, end u64, length u64,
//! carry bytes u32, CRC-32 u32. A compacted segment says which offsets it stands for (base to end) and where its
//! frames end; behind them it carries the last hash of each chain, because the line events are gone. A plain one has
//! zeros there. Invariant: frames begin behind the header, and any change of frame or envelope is a new layout number.
//! It does not describe single events.

use std::io;

use crate::codec;
use crate::files::{File, read_full};
use crate::ids::{Offset, PartitionId};
use crate::log::heads::{Chains, StoredChains, restore_chains, store_chains};

pub(super) const HEADER_BYTES: usize = 40;
/// Where the first frame stands.
pub(super) const FRAMES_AT: u64 = HEADER_BYTES as u64;
const MAGIC: [u8; 4] = *b"AnSg";
const LAYOUT: u8 = 1;
const CARRY_BYTES_MAX: u32 = codec::BODY_BYTES_MAX as u32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub partition: PartitionId,
    pub base: Offset,
    /// Set if only control events were kept.
    pub compacted: Option<Compacted>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compacted {
    /// The first offset that it does not stand for.
    pub end: Offset,
    /// Where its frames end and the carried hashes begin.
    pub frames_end: u64,
    pub carry_bytes: u32,
}

/// Why a file does not begin with a header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum HeaderFault {
    #[error("the file is shorter than its header")]
    Short,
    #[error("the header does not begin with AnSg")]
    Magic,
    #[error("the checksum of the header does not match")]
    Checksum,
    #[error("the segment has layout {0}, and this version reads {LAYOUT}")]
    Layout(u8),
    #[error("the segment belongs to partition {0}")]
    Partition(PartitionId),
    #[error("the segment begins with event {0}")]
    Base(Offset),
}

impl SegmentHeader {
    pub(super) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = LAYOUT;
        bytes[5] = u8::from(self.compacted.is_some());
        bytes[6..8].copy_from_slice(&self.partition.number().to_le_bytes());
        bytes[8..16].copy_from_slice(&self.base.number().to_le_bytes());
        if let Some(Compacted { end, frames_end, carry_bytes }) = self.compacted {
            bytes[16..24].copy_from_slice(&end.number().to_le_bytes());
            bytes[24..32].copy_from_slice(&frames_end.to_le_bytes());
            bytes[32..36].copy_from_slice(&carry_bytes.to_le_bytes());
        }
        let crc = crc32fast::hash(&bytes[..36]);
        bytes[36..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(super) fn load(
        file: &dyn File,
        partition: PartitionId,
        base: Offset,
    ) -> io::Result<Result<Self, HeaderFault>> {
        let mut bytes = [0; HEADER_BYTES];
        if read_full(file, 0, &mut bytes)? < HEADER_BYTES {
            return Ok(Err(HeaderFault::Short));
        }
        Ok(Self::decode(&bytes).and_then(|header| match header {
            Self { partition: other, .. } if other != partition => Err(HeaderFault::Partition(other)),
            Self { base: other, .. } if other != base => Err(HeaderFault::Base(other)),
            header => Ok(header),
        }))
    }

    fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, HeaderFault> {
        if bytes[..4] != MAGIC {
            return Err(HeaderFault::Magic);
        }
        if crc32fast::hash(&bytes[..36]).to_le_bytes() != bytes[36..] {
            return Err(HeaderFault::Checksum);
        }
        if bytes[4] != LAYOUT {
            return Err(HeaderFault::Layout(bytes[4]));
        }
        let long = |at: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(number)
        };
        let carry_bytes = u32::from_le_bytes([bytes[32], bytes[33], bytes[34], bytes[35]]);
        let compacted = (bytes[5] != 0).then(|| Compacted {
            end: Offset::new(long(16)),
            frames_end: long(24),
            carry_bytes: carry_bytes.min(CARRY_BYTES_MAX),
        });
        let partition = PartitionId::new(u16::from_le_bytes([bytes[6], bytes[7]]));
        Ok(Self { partition, base: Offset::new(long(8)), compacted })
    }

    /// Where frames end in a file of this size.
    pub(super) fn frames_end(&self, size: u64) -> u64 {
        self.compacted.map_or(size, |compacted| compacted.frames_end.min(size))
    }

    /// Tells this header from any other, for files that belong to it.
    pub(super) fn fingerprint(&self) -> u32 {
        crc32fast::hash(&self.encode())
    }

    /// The hashes that a compacted segment carries; `None` if they are damaged.
    pub(super) fn carry(&self, file: &dyn File) -> io::Result<Option<Chains>> {
        let Some(compacted) = self.compacted else { return Ok(Some(Chains::new())) };
        let mut block = vec![0; compacted.carry_bytes as usize];
        let filled = read_full(file, compacted.frames_end, &mut block)?;
        block.truncate(filled);
        Ok(decode_carry(&block))
    }
}

pub(super) fn encode_carry(chains: &Chains) -> Result<Vec<u8>, codec::CodecError> {
    let mut block = codec::encode(&store_chains(chains))?.to_vec();
    let crc = crc32fast::hash(&block);
    block.extend_from_slice(&crc.to_le_bytes());
    Ok(block)
}

fn decode_carry(block: &[u8]) -> Option<Chains> {
    let (body, crc) = block.split_last_chunk::<4>()?;
    if crc32fast::hash(body).to_le_bytes() != *crc {
        return None;
    }
    codec::decode::<StoredChains>(body).ok().map(restore_chains)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TenantId;
    use crate::wire::ChainHash;
    use crate::wire::chain::ChainId;

    #[test]
    fn a_header_survives_its_bytes_and_no_flipped_bit_passes() {
        for compacted in [None, Some(Compacted { end: Offset::new(9), frames_end: 77, carry_bytes: 5 })] {
            let header = SegmentHeader { partition: PartitionId::new(2), base: Offset::FIRST, compacted };
            let mut bytes = header.encode();
            assert_eq!(SegmentHeader::decode(&bytes), Ok(header));
            for bit in 0..HEADER_BYTES * 8 {
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert!(SegmentHeader::decode(&bytes).is_err(), "bit {bit}");
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }

    #[test]
    fn a_carry_survives_its_bytes_and_damage_is_seen() {
        let tenant = TenantId::parse("acme").unwrap();
        let chains = Chains::from([(ChainId { tenant, control: true }, ChainHash::of_body(b"x"))]);
        let mut block = encode_carry(&chains).unwrap();
        assert_eq!(decode_carry(&block), Some(chains));
        block[3] ^= 1;
        assert_eq!(decode_carry(&block), None);
        assert_eq!(decode_carry(&[]), None);
    }
}
