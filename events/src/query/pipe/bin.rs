//! Bins: times and numbers cut to the start of the interval that they lie in.
//!
//! Invariant: bins of one width cover everything without overlap, and a value lies in the bin that begins at its cut.
//! Bins of time begin at the epoch as the reader's clock shows it, so that days begin at the reader's midnight; whole weeks
//! begin on Monday. It knows no months and no changes of the clock: the offset is the same for all times of a query.

use std::fmt;

use super::cell::Cell;
use super::number::Number;
use crate::clock::Timestamp;
use crate::line::timestamp;
use crate::query::value::units::duration;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * NANOS_PER_SECOND;
const WEEK: i64 = 7 * DAY;
/// From the epoch, a Thursday, to the first Monday.
const FIRST_MONDAY: i64 = 4 * DAY;

/// Units of time with their nanoseconds, the largest first.
const UNITS: [(&str, i64); 8] = [
    ("w", WEEK),
    ("d", DAY),
    ("h", 3_600 * NANOS_PER_SECOND),
    ("m", 60 * NANOS_PER_SECOND),
    ("s", NANOS_PER_SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// The width of intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bin {
    /// Nanoseconds, at least 1.
    Time(i64),
    /// Above zero.
    Number(Number),
}

impl Bin {
    /// Reads `5m`, `1d` or a number above zero.
    pub fn parse(text: &str) -> Option<Self> {
        match Number::parse(text.as_bytes()) {
            Some(number) => (number > Number::ZERO).then_some(Self::Number(number)),
            None => duration(text).filter(|nanos| *nanos > 0).map(Self::Time),
        }
    }

    /// The start of the bin of a value; missing if the value is no time, or no number.
    pub fn cut(self, cell: &Cell, utc_offset_seconds: i32) -> Cell {
        match self {
            Self::Time(width) => time_of(cell)
                .and_then(|time| cut_time(time, width, utc_offset_seconds))
                .map_or(Cell::Missing, Cell::Time),
            Self::Number(width) => cell
                .as_number()
                .and_then(|number| cut_number(number, width))
                .map_or(Cell::Missing, Cell::Number),
        }
    }
}

fn time_of(cell: &Cell) -> Option<Timestamp> {
    match cell {
        Cell::Time(time) => Some(*time),
        // The year of a time without one is not known here, so such a text is none.
        Cell::Text(text) => timestamp::parse(text.as_bytes(), Timestamp::default()),
        _ => None,
    }
}

fn cut_time(time: Timestamp, width: i64, utc_offset_seconds: i32) -> Option<Timestamp> {
    let start = if width % WEEK == 0 { FIRST_MONDAY } else { 0 };
    let origin = i128::from(start) - i128::from(utc_offset_seconds) * i128::from(NANOS_PER_SECOND);
    let cut = (i128::from(time.nanos()) - origin).div_euclid(i128::from(width)) * i128::from(width) + origin;
    i64::try_from(cut).ok().map(Timestamp::from_nanos)
}

fn cut_number(number: Number, width: Number) -> Option<Number> {
    let remainder = number.remainder(width)?;
    let cut = number.minus(remainder)?;
    if remainder < Number::ZERO { cut.minus(width) } else { Some(cut) }
}

impl fmt::Display for Bin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(width) => write!(out, "{width}"),
            Self::Time(width) => {
                let fits = UNITS.into_iter().find(|(_, nanos)| width % nanos == 0);
                let (unit, nanos) = fits.expect("every width is a whole number of nanoseconds");
                write!(out, "{}{unit}", width / nanos)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_cut_to_the_readers_clock() {
        let check = |bin: &str, time: &str, offset_hours: i32, expected: &str| {
            let time = timestamp::parse(time.as_bytes(), Timestamp::default()).unwrap();
            let cut = Bin::parse(bin).unwrap().cut(&Cell::Time(time), offset_hours * 3_600);
            assert_eq!(cut.to_string(), expected, "{bin}");
        };
        check("1m", "2026-03-01T12:34:56Z", 0, "2026-03-01T12:34:00.000Z");
        check("15m", "2026-03-01T12:34:56Z", 0, "2026-03-01T12:30:00.000Z");
        check("1d", "2026-03-01T00:30:00Z", -3, "2026-02-28T03:00:00.000Z");
        check("1w", "2026-03-01T00:30:00Z", 0, "2026-02-23T00:00:00.000Z");
        check("1h", "1969-12-31T23:30:00Z", 0, "1969-12-31T23:00:00.000Z");
    }

    #[test]
    fn numbers_are_cut_downwards() {
        let check = |bin: &str, number: &str, expected: &str| {
            assert_eq!(Bin::parse(bin).unwrap().cut(&Cell::text(number), 0).to_string(), expected, "{bin}");
        };
        check("100", "250", "200");
        check("100", "-1", "-100");
        check("0.1", "0.37", "0.3");
        check("100", "many", "");
    }

    #[test]
    fn widths_print_as_they_are_read() {
        for text in ["1w", "5m", "90s", "1h30m", "1500us", "100", "0.5"] {
            let printed = Bin::parse(text).unwrap().to_string();
            assert_eq!(Bin::parse(&printed), Bin::parse(text), "{text}");
        }
        for text in ["", "0", "-5", "-5s", "0s", "m", "1y", "1e30d", "nan"] {
            assert_eq!(Bin::parse(text), None, "{text}");
        }
    }
}
