//! The variables of one hole while a column grows: one typed vector for each kind.
//!
//! Invariant: the n-th variable is written as it stood in the n-th text of its template.
//! It does not encode anything for storage.

use std::ops::Range;

use super::form::HoleKind;
use super::notation;
use super::run::{Run, TakeRun, Which};
use super::split::Hole;
use crate::index::columns::narrow::NarrowNumbers;
use crate::index::columns::same::{push_short, run_at};

/// All variables of one hole, in the order of the texts.
#[derive(Debug)]
pub(super) enum Variables {
    Decimals(Decimals),
    Words(Words),
    Uuids(Vec<[u8; 16]>),
    Addresses(Vec<u32>),
}

impl Variables {
    pub(super) fn new(kind: HoleKind) -> Self {
        match kind {
            HoleKind::Decimal => Self::Decimals(Decimals::default()),
            HoleKind::Word | HoleKind::Text => Self::Words(Words::default()),
            HoleKind::Uuid => Self::Uuids(Vec::new()),
            HoleKind::Address => Self::Addresses(Vec::new()),
        }
    }

    /// Takes the variable in and answers how many bytes it needs. The hole is of the same kind.
    #[inline]
    pub(super) fn push(&mut self, text: &[u8], hole: &Hole) -> usize {
        match self {
            Self::Decimals(decimals) => decimals.push(hole.number as u64, hole.text(text)),
            Self::Words(words) => words.push_part(text, hole.range()),
            Self::Uuids(uuids) => {
                uuids.push(hole.number.to_be_bytes());
                16
            }
            Self::Addresses(addresses) => {
                addresses.push(hole.number as u32);
                4
            }
        }
    }

    /// Forgets all variables and keeps the memory.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Decimals(decimals) => {
                decimals.numbers.clear();
                decimals.digits.clear();
            }
            Self::Words(words) => words.clear(),
            Self::Uuids(uuids) => uuids.clear(),
            Self::Addresses(addresses) => addresses.clear(),
        }
    }

    /// Gives all of them, of which there are so many.
    pub(super) fn give(&self, count: usize, take: &mut TakeRun<'_>) {
        if let Self::Words(words) = self {
            return words.give(take);
        }
        let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(count));
        for index in 0..count {
            self.write(index, &mut bytes);
            ends.push(bytes.len() as u32);
        }
        take(&Run { count, bytes: &bytes, ends: &ends, which: Which::InOrder });
    }

    pub(super) fn write(&self, index: usize, out: &mut Vec<u8>) {
        match self {
            Self::Decimals(decimals) => {
                notation::write_decimal(decimals.numbers.at(index), decimals.digits(index), out);
            }
            Self::Words(words) => out.extend_from_slice(words.word(index)),
            Self::Uuids(uuids) => notation::write_uuid(uuids[index], out),
            Self::Addresses(addresses) => notation::write_address(addresses[index], out),
        }
    }
}

/// Numbers, and how many digits they are written with once one of them has a zero before it.
#[derive(Debug, Default)]
pub(super) struct Decimals {
    pub(super) numbers: NarrowNumbers,
    /// Empty as long as every number is written with as many digits as it needs.
    digits: Vec<u8>,
}

impl Decimals {
    #[inline]
    fn push(&mut self, number: u64, variable: &[u8]) -> usize {
        let has_zero = variable.len() > 1 && variable[0] == b'0';
        if has_zero && self.digits.is_empty() {
            let numbers = self.numbers.iter(0..self.numbers.len());
            self.digits.extend(numbers.map(notation::digit_count));
        }
        self.numbers.push(number);
        if has_zero || !self.digits.is_empty() {
            self.digits.push(variable.len() as u8);
            return self.numbers.width() + 1;
        }
        self.numbers.width()
    }

    #[inline]
    pub(super) fn digits(&self, index: usize) -> u8 {
        match self.digits.get(index) {
            Some(digits) => *digits,
            None => notation::digit_count(self.numbers.at(index)),
        }
    }

    /// Whether some number has a zero before it.
    pub(super) fn has_zeros(&self) -> bool {
        !self.digits.is_empty()
    }
}

/// So many words stand in one piece.
const PIECE_WORDS: usize = 4096;

/// Texts, one after the other, in pieces: one vector for all would be held twice and copied whenever it grows.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// All pieces before the last with a word are full; those behind it are empty.
    pieces: Vec<Piece>,
    count: usize,
}

#[derive(Debug, Default)]
struct Piece {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Words {
    /// Takes the word in and answers how many bytes it needs. All together stay below `u32::MAX`, because
    /// the column does.
    #[inline]
    pub(super) fn push(&mut self, word: &[u8]) -> usize {
        self.push_with(|bytes| bytes.extend_from_slice(word));
        word.len() + 4
    }

    /// The same for a part of a text.
    #[inline]
    fn push_part(&mut self, text: &[u8], part: Range<usize>) -> usize {
        let length = part.len();
        self.push_with(|bytes| push_short(text, part, bytes));
        length + 4
    }

    #[inline(always)]
    fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let number = self.count / PIECE_WORDS;
        if number == self.pieces.len() {
            self.pieces.push(Piece::default());
        }
        let Piece { bytes, ends } = &mut self.pieces[number];
        write(bytes);
        ends.push(bytes.len() as u32);
        self.count += 1;
    }

    #[inline]
    pub(super) fn word(&self, index: usize) -> &[u8] {
        let Piece { bytes, ends } = &self.pieces[index / PIECE_WORDS];
        run_at(bytes, ends, index % PIECE_WORDS)
    }

    pub(super) fn clear(&mut self) {
        for Piece { bytes, ends } in &mut self.pieces {
            bytes.clear();
            ends.clear();
        }
        self.count = 0;
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn give(&self, take: &mut TakeRun<'_>) {
        for Piece { bytes, ends } in self.pieces.iter().filter(|piece| !piece.ends.is_empty()) {
            take(&Run { count: ends.len(), bytes, ends, which: Which::InOrder });
        }
    }
}
