//! The token filter of a group: says of a token that it is surely not there, or that it may be.
//!
//! A blocked Bloom filter: a token belongs to one block of 512 bits, so that a question touches 64 bytes.
//! Stored are the blocks, then the version (u8), three zeros, and how many blocks there are (u32,
//! little-endian).
//! Invariant: a token that was pushed may be there. It does not know texts: tokens come as hashes of 64 even
//! bits, and who builds and who asks hashes alike.

mod build;

#[cfg(test)]
mod tests;

pub use build::FilterBuilder;

/// Bytes that a question has to read.
pub const BLOCK_BYTES: usize = 64;

/// Bytes that say how to ask: the last ones.
pub const TRAILER_BYTES: usize = 8;

const VERSION: u8 = 1;
/// Bits that a token sets; nine bits of its hash choose each. Six is best for ten bits of filter a token, and
/// a fixed number is set in half the time.
const BITS_SET: usize = 6;

/// What the trailer says: enough to ask a filter by reading one block of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterShape {
    blocks: u32,
}

/// A filter in its stored bytes, which are not copied.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'a> {
    shape: FilterShape,
    blocks: &'a [[u8; BLOCK_BYTES]],
}

/// Why bytes are not a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    #[error("the token filter ends early")]
    Short,
    #[error("the token filter has version {0}, and this version reads {VERSION}")]
    Version(u8),
    #[error("the token filter says it has {said} blocks and holds {bytes} bytes of them")]
    Length { said: u32, bytes: usize },
    #[error("the token filter has a reserved byte that is not zero")]
    Reserved,
}

impl FilterShape {
    /// Reads the last bytes of a stored filter.
    pub fn read(trailer: &[u8; TRAILER_BYTES]) -> Result<Self, FilterError> {
        let [version, reserved @ .., a, b, c, d] = *trailer;
        if version != VERSION {
            return Err(FilterError::Version(version));
        }
        if reserved != [0; 3] {
            return Err(FilterError::Reserved);
        }
        Ok(Self { blocks: u32::from_le_bytes([a, b, c, d]) })
    }

    /// The trailer.
    pub fn bytes(self) -> [u8; TRAILER_BYTES] {
        let [a, b, c, d] = self.blocks.to_le_bytes();
        [VERSION, 0, 0, 0, a, b, c, d]
    }

    /// Where the block of a token begins in the stored bytes; nothing if the filter is of no tokens.
    pub fn block_at(self, hash: u64) -> Option<u64> {
        (self.blocks > 0).then(|| block_of(hash, self.blocks as usize) as u64 * BLOCK_BYTES as u64)
    }

    /// Whether the token may be in the group, if this is its block. If not, it surely is not.
    #[inline]
    pub fn may_have(self, block: &[u8; BLOCK_BYTES], hash: u64) -> bool {
        bits_of(hash).into_iter().all(|bit| block[bit / 8] & 1 << (bit % 8) != 0)
    }
}

impl<'a> Filter<'a> {
    /// Reads stored bytes. It looks at the last few only: the checksum is that of the file.
    pub fn read(bytes: &'a [u8]) -> Result<Self, FilterError> {
        let (blocks, trailer) = bytes.split_last_chunk().ok_or(FilterError::Short)?;
        let shape = FilterShape::read(trailer)?;
        let length = FilterError::Length { said: shape.blocks, bytes: blocks.len() };
        match blocks.as_chunks() {
            (blocks, []) if blocks.len() as u64 == u64::from(shape.blocks) => Ok(Self { shape, blocks }),
            _ => Err(length),
        }
    }

    /// Whether the token may be in the group. If not, it surely is not.
    #[inline]
    pub fn may_have(&self, hash: u64) -> bool {
        let block = self.blocks.get(block_of(hash, self.blocks.len()));
        block.is_some_and(|block| self.shape.may_have(block, hash))
    }
}

/// The block of a token: the hash as a fraction of all blocks.
#[inline]
fn block_of(hash: u64, blocks: usize) -> usize {
    ((u128::from(hash) * blocks as u128) >> 64) as usize
}

/// The bits of a token in its block. The hash is stirred because its high bits have chosen the block.
#[inline]
fn bits_of(hash: u64) -> [usize; BITS_SET] {
    let stirred = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    std::array::from_fn(|at| (stirred >> (9 * at) & 511) as usize)
}
