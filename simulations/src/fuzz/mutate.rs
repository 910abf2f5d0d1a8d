//! Mutations: new bytes from those of a corpus.
//!
//! Invariant: the same corpus, seed and run give the same bytes. Nothing grows beyond `BYTES_MAX`.
//! It does not know what the bytes mean, but for a list of pieces that matter to parsers of text.

use std::ops::Range;

use crate::draw::Draw;

/// Longest bytes that are made.
const BYTES_MAX: usize = 8 << 10;
/// Changes to one seed, at most.
const CHANGES_MAX: u64 = 6;

const PIECES: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\\u",
    b"\\ud800",
    b"\\udc00",
    b"\\u0000",
    b"\0",
    b"\n",
    b"\r\n",
    b"\x1f",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf",
    b"null",
    b"true",
    b"-0",
    b"1e999",
    b"0.1",
    b"00",
    b"\"level\":",
    b"\"message\":",
    b"\"@timestamp\":\"",
    b"\"a\":{",
    b"\"a\":[",
    b"{\"a\":1}",
    b"2024-05-01T12:00:00Z",
    b"1714564800",
    b"Oct 11 22:14:15",
    b" ",
    b"\t",
    b"0123456789abcdef",
    b" and ",
    b" or ",
    b"not ",
    b"(",
    b")",
    b"*",
    b"/",
    b">=",
    b"[1 TO 9}",
    b" | ",
    b"stats count() by ",
    b"[a-z]+",
    b"(?i)",
    b"{2,5}",
];

/// Makes bytes by number.
#[derive(Debug)]
pub struct Mutator<'a> {
    corpus: &'a [Vec<u8>],
    seed: u64,
}

impl<'a> Mutator<'a> {
    pub fn new(corpus: &'a [Vec<u8>], seed: u64) -> Self {
        Self { corpus, seed }
    }

    /// The bytes of a run.
    pub fn bytes(&self, run: u64) -> Vec<u8> {
        let mut draw = Draw::new(self.seed ^ run.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut bytes = self.any(&mut draw).to_vec();
        for _ in 0..=draw.below(CHANGES_MAX) {
            self.change(&mut bytes, &mut draw);
        }
        bytes.truncate(BYTES_MAX);
        bytes
    }

    fn any(&self, draw: &mut Draw) -> &'a [u8] {
        self.corpus.get(draw.below(self.corpus.len() as u64) as usize).map_or(&[], Vec::as_slice)
    }

    fn change(&self, bytes: &mut Vec<u8>, draw: &mut Draw) {
        let range = part(bytes.len(), draw);
        let at = range.start;
        match draw.below(8) {
            0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << draw.below(8)),
            1 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = draw.below(256) as u8),
            2 => drop(bytes.drain(range)),
            3 => bytes.truncate(at),
            4 => insert(bytes, at, PIECES[draw.below(PIECES.len() as u64) as usize]),
            5 => {
                let other = self.any(draw);
                insert(bytes, at, &other[part(other.len(), draw)]);
            }
            6 => {
                let copy = bytes[range].to_vec();
                insert(bytes, at, &copy);
            }
            _ => {
                let piece = PIECES[draw.below(PIECES.len() as u64) as usize];
                insert(bytes, at, &piece.repeat(1 + draw.below(300) as usize));
            }
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    let room = BYTES_MAX.saturating_sub(bytes.len()).min(piece.len());
    bytes.splice(at..at, piece[..room].iter().copied());
}

/// A part of something so long: often short, seldom long.
fn part(length: usize, draw: &mut Draw) -> Range<usize> {
    let start = draw.below(length as u64 + 1) as usize;
    let longest = (length - start).min(1 << draw.below(12));
    start..start + draw.below(longest as u64 + 1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_gives_the_same_bytes_again_and_another_run_others() {
        let corpus = [b"{\"a\":1}".to_vec(), b"text".to_vec(), Vec::new()];
        let all: Vec<_> = (0..500).map(|run| Mutator::new(&corpus, 7).bytes(run)).collect();
        let again: Vec<_> = (0..500).map(|run| Mutator::new(&corpus, 7).bytes(run)).collect();
        assert_eq!(all, again);
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert!(different.len() > 300, "{}", different.len());
        assert!(all.iter().all(|bytes| bytes.len() <= BYTES_MAX));
        assert_ne!(Mutator::new(&corpus, 8).bytes(0), Mutator::new(&corpus, 7).bytes(0));
    }

    #[test]
    fn an_empty_corpus_still_gives_bytes() {
        assert!((0..50).any(|run| !Mutator::new(&[], 1).bytes(run).is_empty()));
    }
}
