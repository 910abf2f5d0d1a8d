//! Times at the beginning of lines: how far one reaches, and which moment it is.
//!
//! Invariant: a moment is read by the same code as that of a line of any other protocol; here is only decided which bytes
//! are the time, and which zone a time without one is in. It does not search: a time stands where it is looked for.

use antler_events::clock::Timestamp;
use antler_events::line::timestamp;

use self::format::TimeFormat;
use super::error::UploadError;

pub(super) mod format;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// Forms of a time: `9` is a digit, `_` a digit or a space, `A` a letter, `T` what may part day and time.
const SHAPES: &[&str] = &[
    "9999-99-99T99:99:99",
    "9999/99/99T99:99:99",
    "AAA _9 99:99:99",
    "AAA AAA _9 99:99:99",
    "99/AAA/9999:99:99:99",
    "99-AAA-9999 99:99:99",
    "99 AAA 9999 99:99:99",
];

/// Forms that the parser of lines does not know, as formats.
const FORMATS: &[(&str, &str)] = &[
    ("99/99/99 99:99:99", "%y/%m/%d %H:%M:%S"),
    ("999999 999999", "%y%m%d %H%M%S"),
    ("99999999 99:99:99", "%Y%m%d %H:%M:%S"),
    ("9999.99.99 99:99:99", "%Y.%m.%d %H:%M:%S"),
];

/// How times are read in a file.
#[derive(Debug, Clone)]
pub(super) struct Times {
    format: Option<TimeFormat>,
    /// Of times that name no zone.
    offset_seconds: i64,
    /// Gives the year to times that have none.
    arrival: Timestamp,
    known: Vec<(&'static str, TimeFormat)>,
}

impl Times {
    pub(super) fn new(format: Option<TimeFormat>, offset_seconds: i64, arrival: Timestamp) -> Self {
        let known = FORMATS.iter().map(|(shape, format)| {
            (*shape, TimeFormat::parse(format).expect("a test reads every known format"))
        });
        Self { format, offset_seconds, arrival, known: known.collect() }
    }

    /// What comes from now on came then.
    pub(super) fn arrive(&mut self, arrival: Timestamp) {
        self.arrival = arrival;
    }

    /// Whether times are read as the ingest would read them anyway.
    pub(super) fn are_usual(&self) -> bool {
        self.format.is_none() && self.offset_seconds == 0
    }

    /// A time at the beginning of a text, and how long it is.
    pub(super) fn leading(&self, text: &str) -> Option<(Timestamp, usize)> {
        if let Some(format) = &self.format {
            return format.read(text, self.offset_seconds, self.arrival);
        }
        let bytes = text.as_bytes();
        if let Some(length) = SHAPES.iter().find_map(|shape| shape_length(shape, bytes)) {
            let length = with_fraction_and_zone(bytes, length);
            return self.moment(&bytes[..length]).map(|time| (time, length));
        }
        let known = self.known.iter().find(|(shape, _)| shape_length(shape, bytes).is_some());
        if let Some((_, format)) = known {
            return format.read(text, self.offset_seconds, self.arrival);
        }
        let length = epoch_length(bytes)?;
        self.moment(&bytes[..length]).map(|time| (time, length))
    }

    /// A text that is a time and nothing else.
    pub(super) fn whole(&self, text: &str) -> Option<Timestamp> {
        let text = text.trim();
        match self.leading(text) {
            Some((time, length)) if length == text.len() => Some(time),
            _ if self.format.is_some() => None,
            _ => self.moment(text.as_bytes()),
        }
    }

    fn moment(&self, text: &[u8]) -> Option<Timestamp> {
        let time = timestamp::parse(text, self.arrival)?;
        if self.offset_seconds == 0 || names_zone(text) {
            return Some(time);
        }
        let shift = self.offset_seconds.checked_mul(NANOS_PER_SECOND)?;
        time.nanos().checked_sub(shift).map(Timestamp::from_nanos)
    }
}

/// Reads `+02:00`, `-0730`, `Z` or `UTC` as seconds east of Greenwich.
pub(super) fn offset_seconds(text: &str) -> Result<i64, UploadError> {
    let wrong = || UploadError::option("timezone", text, "write an offset such as +02:00, or UTC");
    if matches!(text.to_ascii_uppercase().as_str(), "Z" | "UTC" | "GMT") {
        return Ok(0);
    }
    let (sign, digits) = text.split_at_checked(1).ok_or_else(wrong)?;
    let digits = digits.replacen(':', "", 1);
    let number = |range| digits.get(range).and_then(|digits: &str| digits.parse::<i64>().ok());
    let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    let (hours, minutes) = match digits.len() {
        2 if is_digits => (number(0..2), Some(0)),
        4 if is_digits => (number(0..2), number(2..4)),
        _ => (None, None),
    };
    let (hours, minutes) = (hours.ok_or_else(wrong)?, minutes.ok_or_else(wrong)?);
    match sign {
        "+" | "-" if hours < 24 && minutes < 60 => {
            Ok((hours * 3_600 + minutes * 60) * if sign == "-" { -1 } else { 1 })
        }
        _ => Err(wrong()),
    }
}

fn shape_length(shape: &str, text: &[u8]) -> Option<usize> {
    let start = text.get(..shape.len())?;
    let fits = shape.bytes().zip(start).all(|(shape, byte)| match shape {
        b'9' => byte.is_ascii_digit(),
        b'_' => byte.is_ascii_digit() || *byte == b' ',
        b'A' => byte.is_ascii_alphabetic(),
        b'T' => matches!(byte, b'T' | b't' | b' ' | b'_'),
        _ => shape == *byte,
    });
    fits.then_some(shape.len())
}

/// How far a time reaches with what may follow its seconds: a fraction, a zone, and behind a weekday the year.
fn with_fraction_and_zone(text: &[u8], length: usize) -> usize {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = length;
    if matches!(text.get(end), Some(b'.' | b',')) && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    let begins_with_weekday = text[3] == b' ' && text[4].is_ascii_alphabetic();
    if begins_with_weekday {
        return if text.get(end) == Some(&b' ') && digits(end + 1) == 4 { end + 5 } else { end };
    }
    let zone = if text.get(end) == Some(&b' ') { end + 1 } else { end };
    let is_boundary = |at: usize| text.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    match text.get(zone..) {
        Some([b'Z' | b'z', ..]) if is_boundary(zone + 1) => zone + 1,
        Some([b'U', b'T', b'C', ..] | [b'G', b'M', b'T', ..]) if is_boundary(zone + 3) => zone + 3,
        Some([b'+' | b'-', rest @ ..]) => match (digits(zone + 1), rest) {
            (4, _) => zone + 5,
            (2, [_, _, b':', _, _, ..]) if digits(zone + 4) == 2 => zone + 6,
            (2, _) if is_boundary(zone + 3) => zone + 3,
            _ => end,
        },
        _ => end,
    }
}

/// Seconds to nanoseconds since 1970, perhaps with a fraction.
fn epoch_length(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(0);
    let fraction = if text.get(whole) == Some(&b'.') { digits(whole + 1) } else { 0 };
    let length = if fraction > 0 { whole + 1 + fraction } else { whole };
    let ends = text.get(length).is_none_or(|byte| matches!(byte, b' ' | b'\t' | b',' | b']' | b':' | b'|'));
    (matches!(whole, 10 | 13 | 16 | 19) && ends).then_some(length)
}

/// Whether a time, which has been read, says its zone. A number counts from 1970 in UTC.
fn names_zone(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let is_number = text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let ends_with_letter = text.last().is_some_and(u8::is_ascii_alphabetic);
    // A dash further ahead is one of the day.
    is_number || ends_with_letter || memchr::memrchr2(b'+', b'-', text).is_some_and(|sign| sign > 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-02T03:04:05Z.
    const ARRIVAL: Timestamp = Timestamp::from_nanos(1_767_323_045_000_000_000);

    fn times(zone: &str) -> Times {
        Times::new(None, offset_seconds(zone).unwrap(), ARRIVAL)
    }

    #[test]
    fn a_leading_time_ends_where_its_form_ends() {
        let check = |text: &str, expected: &str| {
            let found = times("Z").leading(text);
            let shown =
                found.map_or("none".to_owned(), |(time, length)| format!("{time}|{}", &text[length..]));
            assert_eq!(shown, expected, "{text}");
        };
        check("2024-05-01 12:00:00,123 - app", "2024-05-01T12:00:00.123Z| - app");
        check("2024-05-01T12:00:00.5+02:00 host", "2024-05-01T10:00:00.500Z| host");
        check("2024-05-01T12:00:00Zulu", "2024-05-01T12:00:00.000Z|Zulu");
        check("2024-05-01 12:00:00 +0200] x", "2024-05-01T10:00:00.000Z|] x");
        check("2024-05-01 12:00:00 UTC [7]", "2024-05-01T12:00:00.000Z| [7]");
        check("2024/05/01 12:00:00 [error]", "2024-05-01T12:00:00.000Z| [error]");
        check("Oct 11 22:14:15 host", "2025-10-11T22:14:15.000Z| host");
        check("Oct  1 22:14:15.25 host", "2025-10-01T22:14:15.250Z| host");
        check("Sun Dec 04 04:47:44 2005] x", "2005-12-04T04:47:44.000Z|] x");
        check("Wed Oct 11 14:32:52.123456 2000] x", "2000-10-11T14:32:52.123456Z|] x");
        check("10/Oct/2000:13:55:36 -0700] x", "2000-10-10T20:55:36.000Z|] x");
        check("01-Jul-2003 10:52:37.123 INFO", "2003-07-01T10:52:37.123Z| INFO");
        check("17/06/09 20:10:40 INFO", "2017-06-09T20:10:40.000Z| INFO");
        check("081109 203615 148 INFO", "2008-11-09T20:36:15.000Z| 148 INFO");
        check("20240501 12:00:00 INFO", "2024-05-01T12:00:00.000Z| INFO");
        check("1714564800.25 INFO", "2024-05-01T12:00:00.250Z| INFO");
        check("2024-13-01 12:00:00 x", "none");
        check("1234 x", "none");
        check("", "none");
    }

    #[test]
    fn a_time_without_a_zone_is_in_that_of_the_file() {
        let check = |text: &str, expected: &str| {
            let found = times("+02:00").whole(text).map(|time| time.to_string());
            assert_eq!(found.as_deref().unwrap_or("none"), expected, "{text}");
        };
        check("2024-05-01 12:00:00", "2024-05-01T10:00:00.000Z");
        check("2024-05-01 12:00:00.5-01:00", "2024-05-01T13:00:00.500Z");
        check("2024-05-01T12:00:00Z", "2024-05-01T12:00:00.000Z");
        check("10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36.000Z");
        check("Oct 11 22:14:15", "2025-10-11T20:14:15.000Z");
        check("17/06/09 20:10:40", "2017-06-09T18:10:40.000Z");
        check("1714564800", "2024-05-01T12:00:00.000Z");
        check("2024-05-01 12:00:00 and more", "none");
    }

    #[test]
    fn an_offset_is_read_or_refused() {
        let check = |text: &str, expected: Option<i64>| {
            assert_eq!(offset_seconds(text).ok(), expected, "{text}");
        };
        check("+02:00", Some(7_200));
        check("-0730", Some(-27_000));
        check("+05", Some(18_000));
        check("utc", Some(0));
        for text in ["", "Europe/Berlin", "+24:00", "+1", "02:00", "+é0", "+-100"] {
            check(text, None);
        }
    }
}
