//! Which bytes make a token, and which are quotes, found for 64 bytes of a text at a time.
//!
//! A token is a run of ASCII letters, digits, `_` and bytes from 128 on.
//! Invariant: the marks of a text say the same as `is_token` and `is_ascii_digit` for each of its bytes.
//! It does not fold case and knows nothing of Unicode.

use wide::u8x16;

const BLOCK_BYTES: usize = 64;
const LANES: usize = 16;

const TOKEN: [bool; 256] = {
    let mut token = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let letter = byte as u8;
        token[byte] = letter.is_ascii_alphanumeric() || letter == b'_' || letter >= 128;
        byte += 1;
    }
    token
};

#[inline]
pub(super) fn is_token(byte: u8) -> bool {
    TOKEN[usize::from(byte)]
}

/// For each byte of a text one bit in each mask.
#[derive(Debug, Default)]
pub(super) struct Marks {
    blocks: Vec<Block>,
    has_low: bool,
}

#[derive(Debug, Clone, Copy)]
struct Block {
    token: u64,
    digit: u64,
    quote: u64,
}

impl Marks {
    pub(super) fn read(&mut self, text: &[u8]) {
        self.blocks.clear();
        let mut low = 0;
        let (blocks, tail) = text.as_chunks::<BLOCK_BYTES>();
        for block in blocks {
            let (lanes, _) = block.as_chunks::<LANES>();
            self.blocks.push(Block::of(lanes, &mut low));
        }
        if !tail.is_empty() {
            let (lanes, rest) = tail.as_chunks::<LANES>();
            let mut block = Block::of(lanes, &mut low);
            if !rest.is_empty() {
                block.set_lane(lanes.len(), mark_rest(text, rest, &mut low));
            }
            self.blocks.push(block);
        }
        self.has_low = low != 0;
    }

    /// Whether some byte is one of 0 to 7.
    pub(super) fn has_low(&self) -> bool {
        self.has_low
    }

    /// How many quotes there are.
    pub(super) fn quotes(&self) -> u32 {
        let quotes = self.blocks.iter().map(|block| block.quote).filter(|quote| *quote != 0);
        quotes.map(u64::count_ones).sum()
    }

    /// The first quote from `at` on.
    #[inline]
    pub(super) fn quote(&self, at: usize) -> Option<usize> {
        self.find(at, |block| block.quote)
    }

    /// The first digit from `at` on.
    #[inline]
    pub(super) fn digit(&self, at: usize) -> Option<usize> {
        self.find(at, |block| block.digit)
    }

    /// The first byte of a token from `at` on.
    #[inline]
    pub(super) fn token(&self, at: usize) -> Option<usize> {
        self.find(at, |block| block.token)
    }

    /// Where the token that `at` belongs to begins.
    #[inline]
    pub(super) fn token_start(&self, at: usize) -> usize {
        let (mut index, bit) = (at / BLOCK_BYTES, at % BLOCK_BYTES);
        let mut others = !self.blocks[index].token & !(u64::MAX << bit);
        while others == 0 {
            if index == 0 {
                return 0;
            }
            index -= 1;
            others = !self.blocks[index].token;
        }
        index * BLOCK_BYTES + BLOCK_BYTES - others.leading_zeros() as usize
    }

    /// The first byte from `at` on that belongs to no token; the end of the text is one, if need be.
    #[inline]
    pub(super) fn token_end(&self, at: usize, text: &[u8]) -> usize {
        self.find(at, |block| !block.token).map_or(text.len(), |end| end.min(text.len()))
    }

    /// The first byte from `at` on that is no digit; the end of the text is one, if need be.
    #[inline]
    pub(super) fn digits_end(&self, at: usize, text: &[u8]) -> usize {
        self.find(at, |block| !block.digit).map_or(text.len(), |end| end.min(text.len()))
    }

    #[inline(always)]
    fn find(&self, at: usize, mask: impl Fn(&Block) -> u64) -> Option<usize> {
        let first = at / BLOCK_BYTES;
        let found = mask(self.blocks.get(first)?) & u64::MAX << (at % BLOCK_BYTES);
        if found != 0 {
            return Some(first * BLOCK_BYTES + found.trailing_zeros() as usize);
        }
        self.find_from_block(first + 1, mask)
    }

    #[inline(never)]
    fn find_from_block(&self, first: usize, mask: impl Fn(&Block) -> u64) -> Option<usize> {
        let mut masks = self.blocks[first..].iter().map(mask).enumerate();
        let (index, found) = masks.find(|(_, found)| *found != 0)?;
        Some((first + index) * BLOCK_BYTES + found.trailing_zeros() as usize)
    }
}

impl Block {
    #[inline(always)]
    fn of(lanes: &[[u8; LANES]], low: &mut u32) -> Self {
        let mut block = Self { token: 0, digit: 0, quote: 0 };
        for (index, lane) in lanes.iter().enumerate() {
            block.set_lane(index, mark(lane, low));
        }
        block
    }

    #[inline(always)]
    fn set_lane(&mut self, index: usize, lane: Self) {
        self.token |= lane.token << (index * LANES);
        self.digit |= lane.digit << (index * LANES);
        self.quote |= lane.quote << (index * LANES);
    }
}

#[inline(always)]
fn mark(lane: &[u8; LANES], low: &mut u32) -> Block {
    let bytes = u8x16::new(*lane);
    let digit = below(bytes - u8x16::splat(b'0'), 9);
    let letter = below((bytes | u8x16::splat(0x20)) - u8x16::splat(b'a'), 25);
    let others = bytes.simd_eq(u8x16::splat(b'_')) | bytes.max(u8x16::splat(128)).simd_eq(bytes);
    *low |= below(bytes, 7).to_bitmask();
    Block {
        token: u64::from((digit | letter | others).to_bitmask()),
        digit: u64::from(digit.to_bitmask()),
        quote: u64::from(bytes.simd_eq(u8x16::splat(b'"')).to_bitmask()),
    }
}

/// Marks what is left at the end of the text together with the bytes before it: to fetch bytes that were just
/// copied to a lane would cost more than all the rest.
#[inline]
fn mark_rest(text: &[u8], rest: &[u8], low: &mut u32) -> Block {
    if let Some(lane) = text.last_chunk::<LANES>() {
        let marked = mark(lane, low);
        let before = LANES - rest.len();
        let [token, digit, quote] = [marked.token, marked.digit, marked.quote].map(|marks| marks >> before);
        return Block { token, digit, quote };
    }
    let mut lane = [b' '; LANES];
    lane[..rest.len()].copy_from_slice(rest);
    mark(&lane, low)
}

#[inline(always)]
fn below(bytes: u8x16, max: u8) -> u8x16 {
    bytes.min(u8x16::splat(max)).simd_eq(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn marks_say_what_the_bytes_say(text in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut marks = Marks::default();
            marks.read(&text);
            for at in 0..text.len() {
                let first = |wanted: &dyn Fn(u8) -> bool| (at..text.len()).find(|index| wanted(text[*index]));
                prop_assert_eq!(marks.digit(at), first(&|byte| byte.is_ascii_digit()));
                prop_assert_eq!(marks.token(at), first(&is_token));
                prop_assert_eq!(marks.quote(at), first(&|byte| byte == b'"'));
                prop_assert_eq!(marks.token_end(at, &text), first(&|byte| !is_token(byte)).unwrap_or(text.len()));
                let end = first(&|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
                prop_assert_eq!(marks.digits_end(at, &text), end);
                let before = (0..at).rev().find(|index| !is_token(text[*index]));
                prop_assert_eq!(marks.token_start(at), before.map_or(0, |index| index + 1));
            }
            prop_assert_eq!(marks.has_low(), text.iter().any(|byte| *byte < 8));
        }
    }

    #[test]
    fn long_runs_cross_blocks() {
        let mut marks = Marks::default();
        let text = [&[b'-'][..], &[b'a'; 200], b"7", &[b'b'; 100], b"!"].concat();
        marks.read(&text);
        assert_eq!(marks.digit(0), Some(201));
        assert_eq!((marks.token_start(201), marks.token_end(201, &text)), (1, 302));
    }
}
