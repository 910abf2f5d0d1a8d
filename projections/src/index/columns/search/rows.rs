//! Sets of rows: a bit for each row of a range.
//!
//! Invariant: a set has no rows beyond its range. Joining costs a step for each 64 rows.

use std::ops::Range;

/// Rows of a range, counted from its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowSet {
    words: Vec<u64>,
    len: u32,
}

impl RowSet {
    pub fn none(len: u32) -> Self {
        Self { words: vec![0; (len as usize).div_ceil(64)], len }
    }

    /// A row for each of the values that pass.
    pub fn passing<T>(values: &[T], passes: impl Fn(&T) -> bool) -> Self {
        let word = |values: &[T]| {
            let (eights, rest) = values.as_chunks::<8>();
            let bits = |values: &[T; 8]| {
                bits_of(u64::from_le_bytes(std::array::from_fn(|at| u8::from(passes(&values[at])))))
            };
            let word = eights.iter().zip(0..).fold(0, |word, (values, at)| word | bits(values) << (8 * at));
            let last = 8 * eights.len();
            rest.iter().zip(last..).fold(word, |word, (value, bit)| word | u64::from(passes(value)) << bit)
        };
        Self { words: values.chunks(64).map(word).collect(), len: values.len() as u32 }
    }

    /// For each bit of some flags the rows whose number has it; at most eight.
    pub fn by_flags(numbers: &[u32], flags: &[u8], bits: usize) -> Vec<Self> {
        match bits {
            0 => Vec::new(),
            1 => Self::by_bits::<1>(numbers, flags),
            2 => Self::by_bits::<2>(numbers, flags),
            3 | 4 => Self::by_bits::<4>(numbers, flags).into_iter().take(bits).collect(),
            _ => Self::by_bits::<8>(numbers, flags).into_iter().take(bits).collect(),
        }
    }

    fn by_bits<const BITS: usize>(numbers: &[u32], flags: &[u8]) -> Vec<Self> {
        let mut sets = vec![Self::none(numbers.len() as u32); BITS];
        let flag = |number: u32| u64::from(flags[number as usize]);
        for (at, numbers) in numbers.chunks(64).enumerate() {
            let mut words = [0u64; BITS];
            let mut add = |eight: u64, place: usize| {
                for (bit, word) in words.iter_mut().enumerate() {
                    *word |= bits_of(eight >> bit & LOWEST_BITS) << (8 * place);
                }
            };
            let (eights, rest) = numbers.as_chunks::<8>();
            for (place, [a, b, c, d, e, f, g, h]) in eights.iter().enumerate() {
                let low = flag(*a) | flag(*b) << 8 | flag(*c) << 16 | flag(*d) << 24;
                let high = flag(*e) | flag(*f) << 8 | flag(*g) << 16 | flag(*h) << 24;
                add(low | high << 32, place);
            }
            if !rest.is_empty() {
                add(rest.iter().rev().fold(0, |eight, number| eight << 8 | flag(*number)), eights.len());
            }
            sets.iter_mut().zip(words).for_each(|(set, word)| set.words[at] = word);
        }
        sets
    }

    pub fn all(len: u32) -> Self {
        let mut set = Self { words: vec![u64::MAX; (len as usize).div_ceil(64)], len };
        set.trim();
        set
    }

    /// The rows of a part of the range, counted from its start.
    pub fn part(&self, rows: Range<u32>) -> Self {
        let len = rows.end - rows.start;
        let words = rows.step_by(64).map(|row| self.bits(row, 64));
        let mut part = Self { words: words.collect(), len };
        part.trim();
        part
    }

    /// Rows that the range has, in the set or not.
    pub const fn range_len(&self) -> u32 {
        self.len
    }

    pub fn insert(&mut self, row: u32) {
        debug_assert!(row < self.len, "row {row} of {}", self.len);
        self.words[row as usize / 64] |= 1 << (row % 64);
    }

    pub fn insert_range(&mut self, rows: Range<u32>) {
        let (first, last) = (rows.start as usize / 64, rows.end as usize / 64);
        if rows.is_empty() {
            return;
        }
        let (from, below) = (u64::MAX << (rows.start % 64), !(u64::MAX << (rows.end % 64)));
        if first == last {
            self.words[first] |= from & below;
            return;
        }
        self.words[first] |= from;
        self.words[first + 1..last].fill(u64::MAX);
        if below > 0 {
            self.words[last] |= below;
        }
    }

    pub fn contains(&self, row: u32) -> bool {
        self.words[row as usize / 64] >> (row % 64) & 1 == 1
    }

    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Rows in the set.
    pub fn count(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    pub fn intersect(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    pub fn unite(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    pub fn remove(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    pub fn invert(&mut self) {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.trim();
    }

    /// For each row of the set a number, from 0 on: the numbers of those that are in the other set too.
    pub fn ranks_of(&self, rows: &Self) -> Self {
        let mut ranks = Self::none(self.count());
        let mut before = 0;
        for (word, wanted) in self.words.iter().zip(&rows.words) {
            let mut both = word & wanted;
            while both != 0 {
                let lowest = both & both.wrapping_neg();
                ranks.insert(before + (word & (lowest - 1)).count_ones());
                both ^= lowest;
            }
            before += word.count_ones();
        }
        ranks
    }

    /// The rows of the set whose numbers are in another set: the other way round.
    pub fn at_ranks(&self, ranks: &Self) -> Self {
        let mut rows = Self::none(self.len);
        let mut before = 0;
        for (word, out) in self.words.iter().zip(&mut rows.words) {
            let count = word.count_ones();
            let mut wanted = ranks.bits(before, count);
            before += count;
            if wanted.count_ones() == count {
                *out = *word;
                continue;
            }
            let mut rest = *word;
            while wanted != 0 {
                let skipped = wanted.trailing_zeros();
                (0..skipped).for_each(|_| rest &= rest.wrapping_sub(1));
                *out |= rest & rest.wrapping_neg();
                rest &= rest.wrapping_sub(1);
                wanted = wanted.checked_shr(skipped + 1).unwrap_or(0);
            }
        }
        rows
    }

    /// At most 64 bits from a row on.
    fn bits(&self, from: u32, count: u32) -> u64 {
        let word = |index: usize| self.words.get(index).copied().unwrap_or(0);
        let (index, shift) = (from as usize / 64, from % 64);
        let high = if shift == 0 { 0 } else { word(index + 1) << (64 - shift) };
        let mask = if count == 64 { u64::MAX } else { (1 << count) - 1 };
        (word(index) >> shift | high) & mask
    }

    /// The rows of the set, rising.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.words.iter().zip(0u32..).flat_map(|(word, index)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros();
                rest &= rest.wrapping_sub(1);
                (bit < 64).then(|| index * 64 + bit)
            })
        })
    }

    /// Clears the bits behind the last row.
    fn trim(&mut self) {
        if let (Some(last), rest @ 1..) = (self.words.last_mut(), self.len % 64) {
            *last &= (1 << rest) - 1;
        }
    }
}

/// Of each byte.
const LOWEST_BITS: u64 = 0x0101_0101_0101_0101;

/// One bit for each of eight bytes that are 0 or 1: the product brings them side by side into its highest byte.
#[inline]
const fn bits_of(bytes: u64) -> u64 {
    bytes.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn set(rows: &BTreeSet<u32>) -> RowSet {
        let mut set = RowSet::none(130);
        rows.iter().for_each(|row| set.insert(*row));
        set
    }

    proptest! {
        #[test]
        fn sets_are_sets(
            a in proptest::collection::btree_set(0u32..130, 0..40),
            b in proptest::collection::btree_set(0u32..130, 0..40),
        ) {
            let check = |found: RowSet, expected: BTreeSet<u32>| {
                assert_eq!(found.iter().collect::<BTreeSet<_>>(), expected);
                assert_eq!((found.count() as usize, found.is_empty()), (expected.len(), expected.is_empty()));
            };
            let joined = |join: fn(&mut RowSet, &RowSet)| {
                let mut joined = set(&a);
                join(&mut joined, &set(&b));
                joined
            };
            check(joined(RowSet::intersect), &a & &b);
            check(joined(RowSet::unite), &a | &b);
            check(joined(RowSet::remove), &a - &b);
            let mut inverted = set(&a);
            inverted.invert();
            check(inverted, (0..130).filter(|row| !a.contains(row)).collect());
            for (start, end) in [(0, 130), (1, 2), (64, 130), (63, 129), (7, 7), (100, 130)] {
                let expected: BTreeSet<u32> = a.range(start..end).map(|row| row - start).collect();
                let part = set(&a).part(start..end);
                assert_eq!((part.iter().collect::<BTreeSet<_>>(), part.range_len()), (expected, end - start));
            }
            let numbered: Vec<u32> = a.iter().copied().collect();
            let ranks: BTreeSet<u32> =
                (0..).zip(&numbered).filter(|(_, row)| b.contains(row)).map(|(rank, _)| rank).collect();
            let found = set(&a).ranks_of(&set(&b));
            assert_eq!((found.iter().collect::<BTreeSet<_>>(), found.range_len()), (ranks, a.len() as u32));
            check(set(&a).at_ranks(&found), &a & &b);
            prop_assert!((0..130).all(|row| set(&a).contains(row) == a.contains(&row)));
        }
    }

    #[test]
    fn ranges_and_tests_are_those_of_single_rows() {
        for (start, end) in [(0, 0), (0, 1), (3, 64), (64, 128), (5, 129), (63, 65), (0, 130)] {
            let expected: BTreeSet<u32> = (start..end).collect();
            let mut inserted = RowSet::none(130);
            inserted.insert_range(start..end);
            assert_eq!(inserted, set(&expected));
            let numbers: Vec<u32> = (0..130).collect();
            assert_eq!(RowSet::passing(&numbers, |number| expected.contains(number)), set(&expected));
        }
    }

    #[test]
    fn flags_make_a_set_for_each_bit() {
        let flags: Vec<u8> = (0..=255).collect();
        for len in [0, 1, 7, 8, 63, 64, 130] {
            let numbers: Vec<u32> = (0..len).map(|row| row * 37 % 256).collect();
            for bits in 0..=8 {
                let sets = RowSet::by_flags(&numbers, &flags, bits);
                let expected =
                    (0..bits).map(|bit| RowSet::passing(&numbers, |number| number >> bit & 1 == 1));
                assert_eq!(sets, expected.collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn all_ends_with_the_range() {
        for len in [0, 1, 63, 64, 65] {
            assert_eq!((RowSet::all(len).count(), RowSet::none(len).count()), (len, 0));
        }
    }
}
