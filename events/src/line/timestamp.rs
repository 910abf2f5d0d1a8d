//! Times of log lines: the forms that senders use, read into nanoseconds, and RFC 3339 printed.
//!
//! Invariant: a text is read as exactly one moment or not at all; a day that the calendar does not
//! have, or a moment that 64 bits of nanoseconds do not reach, is not a timestamp. Without a zone the
//! time is UTC. It does not look for a time inside a text: the whole text must be one.

use std::fmt;

use self::calendar::{Civil, civil_from_days};
use self::forms::Cursor;
use crate::clock::Timestamp;

pub(crate) mod calendar;
mod forms;

#[cfg(test)]
mod tests;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Below this (March 1973) a number is a duration or a counter, not a time of day.
const EPOCH_SECONDS_MIN: u64 = 100_000_000;
/// Longest text that can be a time.
const TEXT_BYTES_MAX: usize = 64;

/// Reads a time. `arrival` gives the year to forms that have none.
pub fn parse(text: &[u8], arrival: Timestamp) -> Option<Timestamp> {
    if let Some(found) = date_and_time(text) {
        return Some(found);
    }
    let text = text.trim_ascii();
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    epoch(text).or_else(|| date_and_time(text)).or_else(|| forms::parse(text, arrival))
}

/// `2024-05-01T12:00:00` and what may follow it: RFC 3339, ISO 8601, log4j, `2024/05/01 12:00:00`.
fn date_and_time(text: &[u8]) -> Option<Timestamp> {
    let (fixed, rest) = text.split_first_chunk::<19>()?;
    let [date, separator] = [fixed[4], fixed[10]];
    let punctuated =
        (date == b'-' || date == b'/') && fixed[7] == date && fixed[13] == b':' && fixed[16] == b':';
    if !punctuated || !matches!(separator, b'T' | b't' | b' ' | b'_') {
        return None;
    }
    let mut wrong = 0;
    let mut pair = |at: usize| {
        let (tens, ones) = (fixed[at].wrapping_sub(b'0'), fixed[at + 1].wrapping_sub(b'0'));
        wrong |= u8::from(tens > 9) | u8::from(ones > 9);
        u32::from(tens) * 10 + u32::from(ones)
    };
    let mut civil = Civil {
        year: i64::from(pair(0) * 100 + pair(2)),
        month: pair(5),
        day: pair(8),
        hour: pair(11),
        minute: pair(14),
        second: pair(17),
        nanos: 0,
        offset_seconds: 0,
    };
    if wrong != 0 {
        return None;
    }
    if rest != b"Z" {
        let mut cursor = Cursor::new(rest);
        civil.nanos = cursor.fraction()?;
        civil.offset_seconds = cursor.zone_to_the_end()?;
    }
    civil.timestamp()
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970: whichever lies between 1973 and 5138.
fn epoch(text: &[u8]) -> Option<Timestamp> {
    let (digits, exponent) = decimal(text)?;
    let whole = scaled(digits, exponent)?;
    let unit_exponent = match u64::try_from(whole).ok()? {
        0..EPOCH_SECONDS_MIN => return None,
        EPOCH_SECONDS_MIN..100_000_000_000 => 9,
        100_000_000_000..100_000_000_000_000 => 6,
        100_000_000_000_000..100_000_000_000_000_000 => 3,
        _ => 0,
    };
    let nanos = scaled(digits, exponent + unit_exponent)?;
    i64::try_from(nanos).ok().map(Timestamp::from_nanos)
}

/// `digits × 10^exponent`, rounded towards zero.
fn scaled(digits: u64, exponent: i32) -> Option<u128> {
    let power = 10u128.checked_pow(exponent.unsigned_abs());
    if exponent >= 0 {
        u128::from(digits).checked_mul(power?)
    } else {
        Some(power.map_or(0, |power| u128::from(digits) / power))
    }
}

/// A positive decimal number as digits and exponent; digits beyond what 64 bits hold are dropped.
fn decimal(text: &[u8]) -> Option<(u64, i32)> {
    let (mut digits, mut exponent, mut seen_point, mut full) = (0u64, 0i32, false, false);
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        match byte {
            b'0'..=b'9' => {
                let next = digits.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(byte - b'0')));
                full |= next.is_none();
                digits = if full { digits } else { next.unwrap_or(digits) };
                exponent += i32::from(full) - i32::from(seen_point);
            }
            b'.' if !seen_point => seen_point = true,
            b'e' | b'E' => break,
            _ => return None,
        }
        rest = after;
    }
    let starts_and_ends_with_digits = text.first()?.is_ascii_digit() && text.last()?.is_ascii_digit();
    if let [_, power @ ..] = rest {
        exponent += std::str::from_utf8(power).ok()?.parse::<i16>().map(i32::from).ok()?;
    }
    starts_and_ends_with_digits.then_some((digits, exponent))
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with 3, 6 or 9 digits of fraction, as many as it needs.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.nanos().div_euclid(NANOS_PER_SECOND);
        let nanos = self.nanos().rem_euclid(NANOS_PER_SECOND);
        let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_PER_DAY));
        let second = seconds.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        match nanos {
            _ if nanos % 1_000_000 == 0 => write!(out, ".{:03}Z", nanos / 1_000_000),
            _ if nanos % 1_000 == 0 => write!(out, ".{:06}Z", nanos / 1_000),
            _ => write!(out, ".{nanos:09}Z"),
        }
    }
}
