//! The making of a token filter from the tokens of a group.
//!
//! Hashes are collected first, because the size of the filter follows from how many different ones there
//! are. That number is estimated from a part of them: sorting all would cost more than all the rest.
//! Invariant: never more than the given number of hashes is held. Beyond it they are set in a filter of the
//! size for that number, and what comes after them too: it answers less sharply, and never wrongly.
//! It does not compress: a filter of the right size is half ones.

use super::{BLOCK_BYTES, FilterShape, TRAILER_BYTES, bits_of, block_of};

const BITS_PER_BLOCK: usize = BLOCK_BYTES * 8;
/// More are not worth their space.
const BITS_PER_TOKEN_MAX: usize = 64;
/// Hashes that were pushed lately, so that a token of every line is not collected for every line.
const RECENT: usize = 1_024;
/// From here on the number of different hashes is estimated; below, sorting is cheap.
const COUNTED_MAX: usize = 1 << 15;

/// Takes the tokens of a group. A token may be pushed as often as it comes.
#[derive(Debug, Clone)]
pub struct FilterBuilder {
    bits_per_token: usize,
    tokens_max: usize,
    recent: Box<[u64; RECENT]>,
    hashes: Vec<u64>,
    /// The blocks, once there are too many hashes to hold.
    overflow: Option<Blocks>,
}

/// The filter in the making.
#[derive(Debug, Clone)]
struct Blocks(Vec<[u64; BLOCK_BYTES / 8]>);

impl FilterBuilder {
    /// A filter with `bits_per_token` bits for each different token: 10 let one of a hundred absent tokens
    /// pass. At most `tokens_max` hashes (and no fewer than 1,024) are held, eight bytes each.
    pub fn new(bits_per_token: usize, tokens_max: usize) -> Self {
        Self {
            bits_per_token: bits_per_token.clamp(1, BITS_PER_TOKEN_MAX),
            tokens_max: tokens_max.max(RECENT),
            recent: nothing_recent(),
            hashes: Vec::new(),
            overflow: None,
        }
    }

    #[inline]
    pub fn push(&mut self, hash: u64) {
        let recent = &mut self.recent[hash as usize % RECENT];
        if *recent != hash {
            *recent = hash;
            self.collect(hash);
        }
    }

    /// Forgets all tokens and keeps the memory.
    pub fn clear(&mut self) {
        *self.recent = *nothing_recent();
        self.hashes.clear();
        self.overflow = None;
    }

    /// Bytes on the heap.
    pub fn bytes_held(&self) -> usize {
        let blocks = self.overflow.as_ref().map_or(0, |overflow| overflow.0.len());
        size_of_val(&*self.recent) + self.hashes.capacity() * size_of::<u64>() + blocks * BLOCK_BYTES
    }

    /// The stored bytes of the filter.
    pub fn finish(&self) -> Vec<u8> {
        let mut blocks = match &self.overflow {
            Some(blocks) => blocks.clone(),
            None => Blocks::new(count_different(&self.hashes), self.bits_per_token),
        };
        blocks.set_all(&self.hashes);
        blocks.bytes()
    }

    #[inline]
    fn collect(&mut self, hash: u64) {
        if let Some(blocks) = &mut self.overflow {
            return blocks.set(hash);
        }
        if self.hashes.len() == self.tokens_max {
            self.make_room();
        }
        self.hashes.push(hash);
    }

    /// Drops what was pushed twice. If that does not help, hashes are set and no longer held.
    #[cold]
    fn make_room(&mut self) {
        self.hashes.sort_unstable();
        self.hashes.dedup();
        if self.hashes.len() > self.tokens_max / 4 * 3 {
            let mut blocks = Blocks::new(self.tokens_max, self.bits_per_token);
            blocks.set_all(&self.hashes);
            self.hashes = Vec::new();
            self.overflow = Some(blocks);
        }
    }
}

/// Each place holds a hash that belongs to another place, so that none seems to have been pushed.
fn nothing_recent() -> Box<[u64; RECENT]> {
    Box::new(std::array::from_fn(|place| place as u64 ^ 1))
}

/// How many different hashes there are, within about a hundredth.
///
/// The hashes of one part of their range are counted. Each hash is there wholly or not at all, however often
/// it comes, so the part stands for all.
fn count_different(hashes: &[u64]) -> usize {
    let parts = (hashes.len() / COUNTED_MAX).max(1).next_power_of_two();
    // Bits that choose neither block nor bits, as far as there are such.
    let of_part = |hash: &u64| hash.rotate_left(32) & (parts as u64 - 1) == 0;
    let mut part: Vec<u64> = hashes.iter().copied().filter(of_part).collect();
    part.sort_unstable();
    let different = part.chunk_by(|left, right| left == right).count();
    (different * parts).min(hashes.len())
}

impl Blocks {
    fn new(tokens: usize, bits_per_token: usize) -> Self {
        let count = (tokens * bits_per_token).div_ceil(BITS_PER_BLOCK);
        Self(vec![[0; BLOCK_BYTES / 8]; count])
    }

    fn set_all(&mut self, hashes: &[u64]) {
        hashes.iter().for_each(|hash| self.set(*hash));
    }

    #[inline]
    fn set(&mut self, hash: u64) {
        let block = block_of(hash, self.0.len());
        let block = &mut self.0[block];
        for bit in bits_of(hash) {
            block[bit / 64] |= 1 << (bit % 64);
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() * BLOCK_BYTES + TRAILER_BYTES);
        for word in self.0.as_flattened() {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        let shape = FilterShape { blocks: self.0.len() as u32 };
        bytes.extend_from_slice(&shape.bytes());
        bytes
    }
}
