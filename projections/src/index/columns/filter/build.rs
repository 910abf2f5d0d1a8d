//! The making of a token filter from the tokens of a group.
//!
//! Hashes are collected first, because the size of the filter follows from how many different ones there
//! are. That number is estimated from a part of them: sorting all would cost more than all the rest.
//! Invariant: never more than the given number of hashes is held. Beyond it they are set in a filter for as many
//! tokens as there may be, and what comes after them too. It is folded in the end if there were fewer; if there
//! were more, it answers less sharply, and never wrongly.
//! It does not compress: a filter of the right size is half ones.

use super::{BITS_SET, BLOCK_BYTES, FilterShape, TRAILER_BYTES, bits_of, block_of};

const BITS_PER_BLOCK: usize = BLOCK_BYTES * 8;
/// More are not worth their space.
const BITS_PER_TOKEN_MAX: usize = 64;
/// Hashes that were pushed lately, so that a token of every line is not collected for every line.
const RECENT: usize = 1_024;
/// From here on the number of different hashes is estimated; below, sorting is cheap.
const COUNTED_MAX: usize = 1 << 15;
/// A folded filter has at most so many times the tokens for its size.
const FOLDED_FULL: f64 = 1.2;

/// Takes the tokens of a group. A token may be pushed as often as it comes.
#[derive(Debug, Clone)]
pub struct FilterBuilder {
    bits_per_token: usize,
    tokens_max: usize,
    held_max: usize,
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
        Self::holding(tokens_max, bits_per_token, tokens_max)
    }

    /// The same with at most `held_max` hashes held: fewer cost less memory, and no sorting where most tokens are
    /// new, but the size of the filter is only about right, and the better the more divisors its blocks have.
    pub fn holding(held_max: usize, bits_per_token: usize, tokens_max: usize) -> Self {
        Self {
            bits_per_token: bits_per_token.clamp(1, BITS_PER_TOKEN_MAX),
            tokens_max: tokens_max.max(RECENT),
            held_max: held_max.max(RECENT),
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

    /// Whether no token was pushed.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty() && self.overflow.is_none()
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
        self.finish_with(self.bits_per_token)
    }

    /// The same with another number of bits for each token, at least 1.
    pub fn finish_with(&self, bits_per_token: usize) -> Vec<u8> {
        let mut blocks = match &self.overflow {
            Some(blocks) => blocks.folded(bits_per_token),
            None => Blocks::new(count_different(&self.hashes), bits_per_token),
        };
        blocks.set_all(&self.hashes);
        blocks.bytes()
    }

    #[inline]
    fn collect(&mut self, hash: u64) {
        if let Some(blocks) = &mut self.overflow {
            return blocks.set(hash);
        }
        if self.hashes.len() == self.held_max {
            self.make_room();
        }
        self.hashes.push(hash);
    }

    /// Drops what was pushed twice. If that does not help, hashes are set and no longer held.
    #[cold]
    fn make_room(&mut self) {
        self.hashes.sort_unstable();
        self.hashes.dedup();
        if self.hashes.len() > self.held_max / 4 * 3 {
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

    /// About as many blocks as its tokens need, each made of so many that follow each other: the block of a token
    /// is a fraction of all, so it is the one that its block has become part of.
    fn folded(&self, bits_per_token: usize) -> Self {
        let needed = (self.tokens() * bits_per_token as f64 / BITS_PER_BLOCK as f64).max(1.0);
        let factor_max = (self.0.len() as f64 / needed * FOLDED_FULL) as usize;
        let is_divisor = |factor: &usize| self.0.len().is_multiple_of(*factor);
        let factor = (1..=factor_max.min(self.0.len())).rev().find(is_divisor).unwrap_or(1);
        let fold = |blocks: &[[u64; BLOCK_BYTES / 8]]| {
            let bits = |at: usize| blocks.iter().fold(0, |bits, block| bits | block[at]);
            std::array::from_fn(bits)
        };
        Self(self.0.chunks(factor).map(fold).collect())
    }

    /// About how many different tokens were set, as far as bits are left.
    fn tokens(&self) -> f64 {
        let words = self.0.as_flattened();
        let (set, bits) =
            (words.iter().map(|word| u64::from(word.count_ones())).sum::<u64>(), words.len() * 64);
        let unset = (bits as f64 - set as f64).max(1.0) / bits as f64;
        -unset.ln() * bits as f64 / BITS_SET as f64
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
