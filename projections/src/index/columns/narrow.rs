//! Numbers in memory that take as few bytes each as the largest of them needs.
//!
//! Columns of open groups are mostly small numbers: of texts, of ports, of milliseconds. Two groups are in memory while
//! lines come fast, so a byte for each value counts twice. Invariant: numbers come back as they were pushed. They do not
//! become narrower again: what was wide once is so in the next group, too.

use std::ops::Range;

/// Numbers that are appended and read again.
#[derive(Debug)]
pub enum NarrowNumbers {
    One(Vec<u8>),
    Two(Vec<u16>),
    Four(Vec<u32>),
    Eight(Vec<u64>),
}

impl Default for NarrowNumbers {
    fn default() -> Self {
        Self::One(Vec::new())
    }
}

/// The same for whichever width they have.
macro_rules! each_width {
    ($numbers:expr, $vec:ident => $do:expr) => {
        match $numbers {
            NarrowNumbers::One($vec) => $do,
            NarrowNumbers::Two($vec) => $do,
            NarrowNumbers::Four($vec) => $do,
            NarrowNumbers::Eight($vec) => $do,
        }
    };
}

impl NarrowNumbers {
    #[inline]
    pub fn push(&mut self, number: u64) {
        let is_taken = match self {
            Self::One(numbers) => u8::try_from(number).map(|number| numbers.push(number)).is_ok(),
            Self::Two(numbers) => u16::try_from(number).map(|number| numbers.push(number)).is_ok(),
            Self::Four(numbers) => u32::try_from(number).map(|number| numbers.push(number)).is_ok(),
            Self::Eight(numbers) => {
                numbers.push(number);
                true
            }
        };
        if !is_taken {
            self.push_wider(number);
        }
    }

    #[cold]
    fn push_wider(&mut self, number: u64) {
        // As much room as before: what comes is about as much as in the group that the memory is from.
        *self = match (u16::try_from(number), u32::try_from(number)) {
            (Ok(_), _) => Self::Two(self.widened()),
            (_, Ok(_)) => Self::Four(self.widened()),
            _ => Self::Eight(self.widened()),
        };
        self.push(number);
    }

    /// All numbers in a type that holds them.
    fn widened<N: TryFrom<u64>>(&self) -> Vec<N> {
        let mut wider = Vec::with_capacity(each_width!(self, numbers => numbers.capacity()));
        wider.extend(self.iter(0..self.len()).map(|number| match N::try_from(number) {
            Ok(number) => number,
            Err(_) => unreachable!("a narrower number fits"),
        }));
        wider
    }

    pub fn len(&self) -> usize {
        each_width!(self, numbers => numbers.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    pub fn at(&self, index: usize) -> u64 {
        match self {
            Self::One(numbers) => numbers[index].into(),
            Self::Two(numbers) => numbers[index].into(),
            Self::Four(numbers) => numbers[index].into(),
            Self::Eight(numbers) => numbers[index],
        }
    }

    /// Those of a range, in their order.
    pub fn iter(&self, range: Range<usize>) -> impl Iterator<Item = u64> {
        range.map(|index| self.at(index))
    }

    /// Appends those of a range that are known to fit.
    pub fn read_u32(&self, range: Range<usize>, out: &mut Vec<u32>) {
        match self {
            Self::One(numbers) => out.extend(numbers[range].iter().map(|number| u32::from(*number))),
            Self::Two(numbers) => out.extend(numbers[range].iter().map(|number| u32::from(*number))),
            Self::Four(numbers) => out.extend_from_slice(&numbers[range]),
            Self::Eight(numbers) => out.extend(numbers[range].iter().map(|number| *number as u32)),
        }
    }

    /// Forgets all numbers and keeps the memory.
    pub fn clear(&mut self) {
        each_width!(self, numbers => numbers.clear());
    }

    /// Bytes of each number.
    pub const fn width(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Two(_) => 2,
            Self::Four(_) => 4,
            Self::Eight(_) => 8,
        }
    }

    pub fn bytes_held(&self) -> usize {
        self.width() * each_width!(self, numbers => numbers.capacity())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_take_no_more_than_the_largest_needs() {
        let mut numbers = NarrowNumbers::default();
        for (number, width) in [(0, 1), (255, 1), (256, 2), (1, 2), (65_536, 4), (1 << 32, 8), (7, 8)] {
            numbers.push(number);
            assert_eq!(numbers.width(), width, "after {number}");
        }
        assert!(numbers.bytes_held() >= 8 * numbers.len());
        numbers.clear();
        assert_eq!((numbers.len(), numbers.width()), (0, 8), "the next are much like these");
    }

    proptest! {
        #[test]
        fn numbers_come_back(pushed in proptest::collection::vec((any::<u64>(), 0u32..64), 0..80)) {
            let mut numbers = NarrowNumbers::default();
            let pushed: Vec<u64> = pushed.into_iter().map(|(number, shift)| number >> shift).collect();
            for (number, before) in pushed.iter().zip(0..) {
                prop_assert_eq!(numbers.len(), before);
                numbers.push(*number);
                prop_assert_eq!(numbers.at(before), *number);
            }
            prop_assert_eq!(&numbers.iter(0..pushed.len()).collect::<Vec<_>>(), &pushed);
            let narrow: Vec<u32> = pushed.iter().map(|number| *number as u32).collect();
            let (mut read, half) = (Vec::new(), pushed.len() / 2);
            numbers.read_u32(half..pushed.len(), &mut read);
            prop_assert_eq!(&read, &narrow[half..]);
        }
    }
}
