//! What stands before the columns of a roll-up.
//!
//! In this order, little-endian: version (u8), whether services are known (u8), bytes of a value of each
//! column (u8 each), first minute (i32), numbers of tenants, minutes and cells (u32 each), first and last moment
//! (i64 each).
//! Invariant: a header that was read asks for no more work than its columns have bytes. It does not look at the
//! columns.

use antler_events::clock::Timestamp;

use super::RollupError;

pub(super) const VERSION: u8 = 1;
pub(super) const HEADER_BYTES: usize = 40;
pub(super) const COLUMNS: usize = 6;
/// Widest values of the columns, in bytes: no column holds what its type does not.
pub(super) const WIDTHS_MAX: [u8; COLUMNS] = [4, 4, 4, 4, 5, 4];

/// What stands before the columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub has_services: bool,
    pub widths: [u8; COLUMNS],
    pub first_minute: i32,
    pub tenants: u32,
    pub minutes: u32,
    pub cells: u32,
    pub first: Timestamp,
    pub last: Timestamp,
}

impl Header {
    /// Reads a header whose numbers do not contradict each other.
    pub(super) fn read(bytes: &[u8; HEADER_BYTES]) -> Result<Self, RollupError> {
        let ([version, has_services, widths @ ..], rest) =
            bytes.split_first_chunk::<8>().expect("a header has forty bytes");
        if *version != VERSION {
            return Err(RollupError::Version(*version));
        }
        if let Some((width, _)) = widths.iter().zip(WIDTHS_MAX).find(|(width, max)| **width > *max) {
            return Err(RollupError::Width(*width));
        }
        let (numbers, times) = rest.split_first_chunk::<16>().expect("a header has forty bytes");
        let number = |at: usize| u32::from_le_bytes(numbers.as_chunks().0[at]);
        let time = |at: usize| Timestamp::from_nanos(i64::from_le_bytes(times.as_chunks().0[at]));
        let header = Self {
            has_services: match has_services {
                0 => false,
                1 => true,
                _ => return Err(RollupError::Contradiction),
            },
            widths: *widths,
            first_minute: number(0).cast_signed(),
            tenants: number(1),
            minutes: number(2),
            cells: number(3),
            first: time(0),
            last: time(1),
        };
        if header.is_bounded() { Ok(header) } else { Err(RollupError::Contradiction) }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[VERSION, u8::from(self.has_services)]);
        out.extend_from_slice(&self.widths);
        for number in [self.first_minute.cast_unsigned(), self.tenants, self.minutes, self.cells] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        for time in [self.first, self.last] {
            out.extend_from_slice(&time.nanos().to_le_bytes());
        }
    }

    /// Whether there is a byte for everything that a loop could be made to visit: a tenant has a minute, a
    /// minute has a cell, and the count of a cell is at least one.
    fn is_bounded(&self) -> bool {
        let [.., count_width] = self.widths;
        self.tenants <= self.minutes && self.minutes <= self.cells && (self.cells == 0 || count_width > 0)
    }
}
