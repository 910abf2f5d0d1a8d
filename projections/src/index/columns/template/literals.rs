//! The literals of templates, each once: what stands between variables is much the same in many templates.
//!
//! They lie one after the other, so that one look goes through all. Invariant: a literal keeps its number.
//! It does not know which templates have a literal.

use std::hash::BuildHasher as _;
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

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
        &self.bytes[self.range(number)]
    }

    /// Each by itself, by rising numbers.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|number| self.get(number as u16))
    }

    /// Where a literal lies among all.
    #[inline]
    pub fn range(&self, number: u16) -> Range<usize> {
        let number = usize::from(number);
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        start as usize..self.ends[number] as usize
    }

    /// The number of the literal that a byte belongs to.
    pub fn number_at(&self, at: usize) -> u16 {
        self.ends.partition_point(|end| *end as usize <= at) as u16
    }

    /// The number of a literal, which may be new. Nothing if there is no room for it.
    pub(super) fn number_of(&mut self, literal: &[u8]) -> Option<u16> {
        let hash = self.hasher.hash_one(literal);
        if let Some(number) = self.known.find(hash, |number| self.get(*number) == literal) {
            return Some(*number);
        }
        let number = self.append(literal)?;
        let Self { bytes, ends, known, hasher } = self;
        let literal_of = |number: u16| {
            let start = number.checked_sub(1).map_or(0, |before| ends[usize::from(before)]);
            &bytes[start as usize..ends[usize::from(number)] as usize]
        };
        known.insert_unique(hash, number, |number| hasher.hash_one(literal_of(*number)));
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
        let owners: Vec<u16> = (0..9).map(|at| literals.number_at(at)).collect();
        assert_eq!(owners, [0, 0, 0, 0, 2, 2, 2, 2, 3], "an empty one has no byte");
        literals.clear();
        assert_eq!(literals.number_of(b" two"), Some(0));
    }
}
