//! Moments: what a time in a query means: `2026-03-01` is a day, `now-15m` an instant, `now-1d/d` yesterday.
//!
//! Invariant: a moment is as long as it was written precisely, and lies between the years 1677 and 2262.
//! It knows no time zones but those written out; without one the time is UTC.

use crate::clock::Timestamp;
use crate::line::timestamp;
use crate::line::timestamp::calendar::{Civil, civil_from_days};

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;
/// Monday, the fifth of January 1970.
const FIRST_MONDAY: i64 = 4 * DAY;

/// A stretch of time from its start to the instant before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub start: Timestamp,
    pub end: Timestamp,
}

/// Units of time as Elasticsearch's date math writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Nanos(i64),
    Week,
    Month,
    Year,
}

impl Moment {
    /// Reads a time as it stands in a query for the time of a line.
    pub fn parse(text: &str, now: Timestamp) -> Option<Self> {
        Self::of_any_field(text, now)
            .or_else(|| year(text))
            .or_else(|| epoch(text, now))
            .or_else(|| timestamp::parse(text.as_bytes(), now).and_then(Self::instant))
    }

    /// Reads what is a time whatever the field: `now` with what may follow it, and dates from the month on.
    pub(super) fn of_any_field(text: &str, now: Timestamp) -> Option<Self> {
        relative(text, now).or_else(|| date(text, now))
    }

    pub(super) fn is_instant(self) -> bool {
        self.end.nanos() - self.start.nanos() == 1
    }

    fn instant(at: Timestamp) -> Option<Self> {
        Self::lasting(at, 1)
    }

    fn lasting(start: Timestamp, nanos: i64) -> Option<Self> {
        Some(Self { start, end: Timestamp::from_nanos(start.nanos().checked_add(nanos)?) })
    }
}

/// Whether a text is meant to be relative to now, be it right or wrong.
pub(super) fn is_relative(text: &str) -> bool {
    without_now(text).is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', '-', '/']))
}

fn without_now(text: &str) -> Option<&str> {
    let (now, rest) = text.split_at_checked(3)?;
    now.eq_ignore_ascii_case("now").then_some(rest)
}

/// `now`, `now-15m`, `now/d`, `now-1M/M+2h`: read from left to right.
fn relative(text: &str, now: Timestamp) -> Option<Moment> {
    let mut rest = without_now(text)?;
    let mut moment = Moment::instant(now)?;
    while let Some(sign) = rest.chars().next() {
        let (number, unit, after) = number_and_unit(&rest[sign.len_utf8()..])?;
        moment = match sign {
            '+' => Moment::instant(shifted(moment.start, number.unwrap_or(1), unit)?)?,
            '-' => Moment::instant(shifted(moment.start, -number.unwrap_or(1), unit)?)?,
            '/' if number.is_none() => whole(moment.start, unit)?,
            _ => return None,
        };
        rest = after;
    }
    Some(moment)
}

fn number_and_unit(text: &str) -> Option<(Option<i64>, Unit, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    let number = if number.is_empty() { None } else { Some(number.parse().ok()?) };
    let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (unit, rest) = rest.split_at(letters);
    let unit = match unit {
        "ms" => Unit::Nanos(SECOND / 1_000),
        "s" => Unit::Nanos(SECOND),
        "m" => Unit::Nanos(60 * SECOND),
        "h" | "H" => Unit::Nanos(3_600 * SECOND),
        "d" => Unit::Nanos(DAY),
        "w" => Unit::Week,
        "M" => Unit::Month,
        "y" => Unit::Year,
        _ => return None,
    };
    Some((number, unit, rest))
}

fn shifted(from: Timestamp, count: i64, unit: Unit) -> Option<Timestamp> {
    let nanos = match unit {
        Unit::Nanos(nanos) => nanos,
        Unit::Week => 7 * DAY,
        Unit::Month => return months_later(from, count),
        Unit::Year => return months_later(from, count.checked_mul(12)?),
    };
    from.nanos().checked_add(nanos.checked_mul(count)?).map(Timestamp::from_nanos)
}

/// The same day of another month, or its last day if it is too short.
fn months_later(from: Timestamp, count: i64) -> Option<Timestamp> {
    let (year, month, day) = civil_from_days(from.nanos().div_euclid(DAY));
    let months = year.checked_mul(12)?.checked_add(month - 1)?.checked_add(count)?;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let of_day = from.nanos().rem_euclid(DAY);
    let start = (0..4).find_map(|shorter| day_start(year, month, day - shorter))?;
    start.nanos().checked_add(of_day).map(Timestamp::from_nanos)
}

/// The second, hour, day, week, month or year around an instant.
fn whole(at: Timestamp, unit: Unit) -> Option<Moment> {
    let aligned = |first: i64, nanos: i64| {
        let into = at.nanos().checked_sub(first)?.rem_euclid(nanos);
        Moment::lasting(Timestamp::from_nanos(at.nanos().checked_sub(into)?), nanos)
    };
    let (year, month, _) = civil_from_days(at.nanos().div_euclid(DAY));
    match unit {
        Unit::Nanos(nanos) => aligned(0, nanos),
        Unit::Week => aligned(FIRST_MONDAY, 7 * DAY),
        Unit::Month => months(year, month, 1),
        Unit::Year => months(year, 1, 12),
    }
}

fn months(year: i64, month: i64, count: i64) -> Option<Moment> {
    let start = day_start(year, month, 1)?;
    Some(Moment { start, end: months_later(start, count)? })
}

fn day_start(year: i64, month: i64, day: i64) -> Option<Timestamp> {
    if !(1_600..2_300).contains(&year) {
        return None;
    }
    let (month, day) = (u32::try_from(month).ok()?, u32::try_from(day).ok()?);
    Civil { year, month, day, hour: 0, minute: 0, second: 0, nanos: 0, offset_seconds: 0 }.timestamp()
}

fn year(text: &str) -> Option<Moment> {
    let is_year = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_year { months(text.parse().ok()?, 1, 12) } else { None }
}

/// `2026-03`, `2026-03-01`, `2026-03-01T10`, and so on to nanoseconds, perhaps with a zone.
fn date(text: &str, now: Timestamp) -> Option<Moment> {
    const REST: &str = "0000-01-01T00:00:00";
    let bytes = text.as_bytes();
    let dated = bytes.len() >= 7
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && matches!(bytes[4], b'-' | b'/')
        && bytes[5..7].iter().all(u8::is_ascii_digit);
    if !dated || !text.is_ascii() || text.len() > 64 {
        return None;
    }
    let of_day = text.get(11..).unwrap_or_default();
    let zone = of_day.find(['Z', 'z', '+', '-', ' ']).map_or(text.len(), |at| at + 11);
    let (local, zone) = text.split_at(zone);
    let nanos = match local.len() {
        7 if zone.is_empty() => return months(local[..4].parse().ok()?, local[5..].parse().ok()?, 1),
        10 => DAY,
        13 => 3_600 * SECOND,
        16 => 60 * SECOND,
        19 => SECOND,
        21..=29 => 10i64.pow(9 - (local.len() as u32 - 20)),
        _ => return None,
    };
    let separator = if local.as_bytes()[4] == b'/' { REST.replace('-', "/") } else { REST.to_owned() };
    let completed = format!("{local}{}{zone}", separator.get(local.len()..).unwrap_or_default());
    Moment::lasting(timestamp::parse(completed.as_bytes(), now)?, nanos)
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, as `timestamp` tells them apart.
fn epoch(text: &str, now: Timestamp) -> Option<Moment> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let start = timestamp::parse(text.as_bytes(), now)?;
    let digits = text.trim_start_matches('0').len();
    let nanos = match digits {
        ..=11 => SECOND,
        12..=14 => SECOND / 1_000,
        15..=17 => SECOND / 1_000_000,
        _ => 1,
    };
    Moment::lasting(start, nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Sunday in a leap year, at 2024-03-31T12:34:56.789Z.
    const NOW: Timestamp = Timestamp::from_nanos(1_711_888_496_789_000_000);

    fn check(text: &str, expected: Option<(&str, &str)>) {
        let found = Moment::parse(text, NOW).map(|found| (found.start.to_string(), found.end.to_string()));
        let expected = expected.map(|(start, end)| (start.to_owned(), end.to_owned()));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_date_is_as_long_as_it_is_precise() {
        check("2026", Some(("2026-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z")));
        check("2026-12", Some(("2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z")));
        check("2024-02-29", Some(("2024-02-29T00:00:00.000Z", "2024-03-01T00:00:00.000Z")));
        check("2026/03/01", Some(("2026-03-01T00:00:00.000Z", "2026-03-02T00:00:00.000Z")));
        check("2026-03-01T10", Some(("2026-03-01T10:00:00.000Z", "2026-03-01T11:00:00.000Z")));
        check("2026-03-01T10:30+02:00", Some(("2026-03-01T08:30:00.000Z", "2026-03-01T08:31:00.000Z")));
        check("2026-03-01 10:30:05", Some(("2026-03-01T10:30:05.000Z", "2026-03-01T10:30:06.000Z")));
        check("2026-03-01T10:30:05.25Z", Some(("2026-03-01T10:30:05.250Z", "2026-03-01T10:30:05.260Z")));
        check(
            "2026-03-01T10:30:05.123456789Z",
            Some(("2026-03-01T10:30:05.123456789Z", "2026-03-01T10:30:05.123456790Z")),
        );
    }

    #[test]
    fn a_number_is_a_time_since_1970() {
        check("1711888496", Some(("2024-03-31T12:34:56.000Z", "2024-03-31T12:34:57.000Z")));
        check("1711888496789", Some(("2024-03-31T12:34:56.789Z", "2024-03-31T12:34:56.790Z")));
    }

    #[test]
    fn now_is_shifted_and_rounded_from_left_to_right() {
        check("now-15m", Some(("2024-03-31T12:19:56.789Z", "2024-03-31T12:19:56.789000001Z")));
        check("NOW+1h", Some(("2024-03-31T13:34:56.789Z", "2024-03-31T13:34:56.789000001Z")));
        check("now/d", Some(("2024-03-31T00:00:00.000Z", "2024-04-01T00:00:00.000Z")));
        check("now-1d/d", Some(("2024-03-30T00:00:00.000Z", "2024-03-31T00:00:00.000Z")));
        check("now-1M", Some(("2024-02-29T12:34:56.789Z", "2024-02-29T12:34:56.789000001Z")));
        check("now-1y/y", Some(("2023-01-01T00:00:00.000Z", "2024-01-01T00:00:00.000Z")));
        check("now/w", Some(("2024-03-25T00:00:00.000Z", "2024-04-01T00:00:00.000Z")));
        check("now/M+2h", Some(("2024-03-01T02:00:00.000Z", "2024-03-01T02:00:00.000000001Z")));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "now-",
            "now-15",
            "now-5x",
            "now15m",
            "now/5m",
            "nowhere",
            "now-99999999999y",
            "2026-13-01",
            "2026-02-30",
            "2026-3-1",
            "9999",
            "99999-01-01",
            "2026-03-01T25",
            "2026-03-01Tx",
            "10:30",
            "now-9223372036854775807M",
            "now-99999999999999999999s",
        ] {
            check(text, None);
        }
    }
}
