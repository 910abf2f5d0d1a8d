//! The literals of templates, each once: what stands between variables is much the same in many templates.
//!
//! Invariant: a literal keeps its number.
//! It does not know which templates have a literal.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::index::columns::same::run_at;

/// Different literals under numbers, of which there are so many as 16 bits count.
#[derive(Debug, Clone, Default)]
pub struct Literals {
    bytes: Vec<u8>,
    /// By number: where it ends.
    ends: Vec<u32>,
    /// The numbers of those that were looked up.
    known: HashTable<u16>,
    hasher: FixedState,
}

impl Literals {
    pub(super) fn with_capacity(count: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(count), ..Self::default() }
    }

    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// All of them, with nothing between.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[inline]
    pub fn get(&self, number: u16) -> &[u8] {
        run_at(&self.bytes, &self.ends, usize::from(number))
    }

    /// Each by itself, by rising numbers.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|number| self.get(number as u16))
    }

    /// The number of a literal, which may be new. Nothing if there is no room for it.
    pub(super) fn number_of(&mut self, literal: &[u8]) -> Option<u16> {
        let hash = self.hasher.hash_one(literal);
        if let Some(number) = self.known.find(hash, |number| self.get(*number) == literal) {
            return Some(*number);
        }
        let number = self.append(literal)?;
        let Self { bytes, ends, known, hasher } = self;
        let hash_of = |number: &u16| hasher.hash_one(run_at(bytes, ends, usize::from(*number)));
        known.insert_unique(hash, number, hash_of);
        Some(number)
    }

    /// Takes a literal of which is known that it is new.
    pub(super) fn append(&mut self, literal: &[u8]) -> Option<u16> {
        let number = u16::try_from(self.ends.len()).ok()?;
        self.ends.push(u32::try_from(self.bytes.len() + literal.len()).ok()?);
        self.bytes.extend_from_slice(literal);
        Some(number)
    }

    /// Forgets all and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.known.clear();
    }

    pub(super) fn bytes_held(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 4 + self.known.capacity() * (size_of::<u16>() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_literals_have_one_number() {
        let mut literals = Literals::default();
        let numbers: Vec<u16> = [&b"one "[..], b"", b" two", b"one ", b"", b"t"]
            .iter()
            .map(|literal| literals.number_of(literal).unwrap())
            .collect();
        assert_eq!(numbers, [0, 1, 2, 0, 1, 3]);
        assert_eq!((literals.count(), literals.bytes()), (4, &b"one  twot"[..]));
        assert_eq!(
            (literals.get(0), literals.get(1), literals.get(2)),
            (&b"one "[..], &b""[..], &b" two"[..])
        );
        literals.clear();
        assert_eq!(literals.number_of(b" two"), Some(0));
    }
}
