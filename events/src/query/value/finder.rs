//! Finds a piece of text in bytes, whatever the case of its ASCII letters: thirty-two places at a time.
//!
//! A block of places is looked at only for the two rarest bytes of the piece; where both stand, the whole
//! piece is compared.
//! Invariant: it finds every place where the bytes are equal after ASCII letters are made small, and the
//! first one first. It does not know of other scripts: whoever needs their case folds the text before.

use wide::u8x16;

/// Places that are looked at together.
const BLOCK_BYTES: usize = 32;
const HALF_BYTES: usize = BLOCK_BYTES / 2;
/// Bytes of a piece among which the rarest are chosen.
const CHOICE_BYTES_MAX: usize = 64;
/// What makes a letter small, and other bytes differ from themselves: both sides are treated alike, and
/// what is found is compared.
const CASE_BIT: u8 = 0x20;

/// Bytes in the order in which lines have them, the most frequent first; what is not here is rarer.
const FREQUENT: &[u8] = b" \"e0:,taoi1nrs2-d5c4.36l8m9p7u_hg/fvbywk={}[]()xjqz'";

#[derive(Debug, Clone)]
pub struct Finder {
    /// ASCII letters are small.
    piece: Box<[u8]>,
    first: Probe,
    second: Probe,
}

/// A byte that is looked for before the others.
#[derive(Debug, Clone, Copy)]
struct Probe {
    at: usize,
    byte: u8,
}

impl Finder {
    /// The piece must not be empty.
    pub fn new(piece: &[u8]) -> Self {
        let piece: Box<[u8]> = piece.to_ascii_lowercase().into();
        let probe = |at: usize| Probe { at, byte: piece[at] | CASE_BIT };
        let mut places: Vec<usize> = (0..piece.len().min(CHOICE_BYTES_MAX)).collect();
        places.sort_by_key(|at| std::cmp::Reverse(rarity(piece[*at])));
        let first = probe(places[0]);
        let differs = |at: &&usize| piece[**at] != piece[places[0]];
        let second = probe(*places[1..].iter().find(differs).or(places.get(1)).unwrap_or(&places[0]));
        Self { piece, first, second }
    }

    /// The first place at or after `from` where the piece stands.
    pub fn find(&self, text: &[u8], from: usize) -> Option<usize> {
        let places = (text.len() + 1).checked_sub(self.piece.len())?;
        let probed = |probe: Probe| text.get(from..places).map(|_| &text[from + probe.at..places + probe.at]);
        let (firsts, seconds) = (probed(self.first)?, probed(self.second)?);
        let (first_blocks, rest) = firsts.as_chunks::<BLOCK_BYTES>();
        let (second_blocks, _) = seconds.as_chunks::<BLOCK_BYTES>();
        for (index, blocks) in first_blocks.iter().zip(second_blocks).enumerate() {
            let mut hits = self.hits(blocks.0, blocks.1);
            while hits != 0 {
                let place = from + index * BLOCK_BYTES + hits.trailing_zeros() as usize;
                if self.stands_at(text, place) {
                    return Some(place);
                }
                hits &= hits - 1;
            }
        }
        (places - rest.len()..places)
            .find(|place| self.probed_at(text, *place) && self.stands_at(text, *place))
    }

    /// A bit for each of the places where both probes hold.
    #[inline(always)]
    fn hits(&self, first: &[u8; BLOCK_BYTES], second: &[u8; BLOCK_BYTES]) -> u32 {
        let (firsts, _) = first.as_chunks::<HALF_BYTES>();
        let (seconds, _) = second.as_chunks::<HALF_BYTES>();
        let half = |index: usize| {
            let holds =
                |bytes, byte| (u8x16::new(bytes) | u8x16::splat(CASE_BIT)).simd_eq(u8x16::splat(byte));
            let both = holds(firsts[index], self.first.byte) & holds(seconds[index], self.second.byte);
            both.to_bitmask()
        };
        half(0) | half(1) << HALF_BYTES
    }

    #[inline(always)]
    fn probed_at(&self, text: &[u8], place: usize) -> bool {
        text[place + self.first.at] | CASE_BIT == self.first.byte
    }

    #[inline]
    fn stands_at(&self, text: &[u8], place: usize) -> bool {
        text[place..place + self.piece.len()].eq_ignore_ascii_case(&self.piece)
    }
}

fn rarity(byte: u8) -> usize {
    FREQUENT.iter().position(|known| *known == byte).unwrap_or(FREQUENT.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slow(piece: &[u8], text: &[u8], from: usize) -> Option<usize> {
        let (piece, text) = (piece.to_ascii_lowercase(), text.to_ascii_lowercase());
        (from..(text.len() + 1).saturating_sub(piece.len())).find(|at| text[*at..].starts_with(&piece))
    }

    proptest! {
        #[test]
        fn every_place_is_found(
            piece in "[aAbB@`_ ä]{1,4}", text in "[aAbB@`_ ä]{0,90}", from in 0..20usize
        ) {
            let found = Finder::new(piece.as_bytes()).find(text.as_bytes(), from);
            prop_assert_eq!(found, slow(piece.as_bytes(), text.as_bytes(), from));
        }
    }

    #[test]
    fn the_rarest_bytes_are_looked_for_first() {
        let finder = Finder::new(b"eventQueue");
        assert_eq!((finder.first.byte, finder.second.byte), (b'q', b'v'));
        assert_eq!(Finder::new(b"aaa").second.at, 1);
        assert_eq!(Finder::new(b"a").find(b"xxA", 0), Some(2));
        assert_eq!(Finder::new(b"abc").find(b"ab", 0), None);
    }
}
