//! Numbers of lines: where a line stands among all lines of its tenant, in the order of their arrival.
//!
//! Invariant: numbers of a tenant rise strictly, because all its lines are in one partition, whose offsets do; a tenant
//! that is spread over several cannot be tailed. A number is below 2^53, so that it survives JavaScript. It is no id of
//! the line: that names the partition too.

use std::fmt;

use antler_events::ids::Offset;

/// Bits of the place in a batch: as many lines as a batch may have.
const ROW_BITS: u32 = 17;
/// The greatest whole number that every reader of JSON holds exactly.
const MAX: u64 = (1 << 53) - 1;

/// The number of a line. It also stands for what is to be looked at next: that line and all behind it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(u64);

impl Seq {
    /// None for a line that has no number: one of more than 131,072 in a batch, or behind 68,000,000,000 events.
    pub fn of(offset: Offset, row: usize) -> Option<Self> {
        let row = u64::try_from(row).ok().filter(|row| *row < 1 << ROW_BITS)?;
        let number = offset.number().checked_mul(1 << ROW_BITS)? | row;
        Self::from_number(number)
    }

    /// The first line of an event; of one that is too far, the last number.
    pub fn first_of(offset: Offset) -> Self {
        Self::of(offset, 0).unwrap_or(Self(MAX))
    }

    pub fn from_number(number: u64) -> Option<Self> {
        (number <= MAX).then_some(Self(number))
    }

    pub fn number(self) -> u64 {
        self.0
    }

    pub fn offset(self) -> Offset {
        Offset::new(self.0 >> ROW_BITS)
    }

    pub fn row(self) -> usize {
        (self.0 & ((1 << ROW_BITS) - 1)) as usize
    }

    /// What comes behind this line.
    #[must_use]
    pub fn next(self) -> Self {
        Self((self.0 + 1).min(MAX))
    }

    /// What comes before; nothing does before the first.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use antler_config::limits::LineLimits;

    use super::*;

    #[test]
    fn numbers_rise_with_the_event_and_the_place_in_it() {
        let of = |offset, row| Seq::of(Offset::new(offset), row).unwrap();
        let lines_max = LineLimits::default().lines_per_batch_max as usize;
        assert!(of(7, 0) < of(7, 1) && of(7, lines_max - 1) < of(8, 0));
        assert_eq!(of(7, lines_max - 1).next(), of(8, 0));
        assert_eq!((of(7, 3).offset(), of(7, 3).row()), (Offset::new(7), 3));
        assert_eq!(Seq::from_number(of(7, 3).number()), Some(of(7, 3)));
    }

    #[test]
    fn what_has_no_number_gets_none() {
        assert_eq!(Seq::of(Offset::new(1), 1 << 17), None);
        assert_eq!(Seq::of(Offset::new(1 << 36), 0), None);
        assert_eq!(Seq::from_number(1 << 53), None);
        assert_eq!(Seq::of(Offset::MAX, 0), None);
    }
}
