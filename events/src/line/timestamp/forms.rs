//! The less usual forms of a time, and the parts that all forms share.
//!
//! Read here: `10/Oct/2000:13:55:36 -0700` (Apache), `Tue, 01 Jul 2003 10:52:37 +0200` (RFC 2822),
//! `01 Jul 2003 10:52:37,123` (log4j), `Wed Oct 11 14:32:52.123 2000` (C, Apache's error log),
//! `Oct 11 22:14:15` (syslog), `20240501T120000Z` (ISO 8601, compact).
//! Invariant: a form is matched to its last byte. It does not know local zones such as CEST.

use super::calendar::{Civil, civil_from_days};
use super::{NANOS_PER_SECOND, SECONDS_PER_DAY};
use crate::clock::Timestamp;

const MONTHS: [&[u8; 3]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
const WEEKDAYS: [&[u8; 3]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];

/// How far a sender's clock may be ahead when its year is guessed.
const AHEAD_NANOS_MAX: i64 = SECONDS_PER_DAY * NANOS_PER_SECOND;

pub(super) fn parse(text: &[u8], arrival: Timestamp) -> Option<Timestamp> {
    match text.first()? {
        b'0'..=b'9' => compact(text).or_else(|| day_first(text)),
        _ => day_first(text).or_else(|| month_first(text, arrival)),
    }
}

fn compact(text: &[u8]) -> Option<Timestamp> {
    let mut cursor = Cursor::new(text);
    let (year, month, day) = (cursor.digits(4, 4)?, cursor.digits(2, 2)?, cursor.digits(2, 2)?);
    cursor.one_of(b"Tt")?;
    let (hour, minute, second) = (cursor.digits(2, 2)?, cursor.digits(2, 2)?, cursor.digits(2, 2)?);
    let nanos = cursor.fraction()?;
    let offset_seconds = cursor.zone_to_the_end()?;
    Civil { year: i64::from(year), month, day, hour, minute, second, nanos, offset_seconds }.timestamp()
}

/// Apache's access log, RFC 2822 and log4j: the month is a word in the middle.
fn day_first(text: &[u8]) -> Option<Timestamp> {
    let mut cursor = Cursor::new(text);
    if cursor.word(&WEEKDAYS).is_some() {
        cursor.one_of(b",")?;
        cursor.spaces();
    }
    let day = cursor.digits(1, 2)?;
    let separator = cursor.one_of(b"/ -")?;
    let month = cursor.word(&MONTHS)? + 1;
    cursor.one_of(&[separator])?;
    let year = i64::from(cursor.digits(4, 4)?);
    cursor.one_of(if separator == b'/' { b":" } else { b" T" })?;
    let (hour, minute, second, nanos) = cursor.time()?;
    let offset_seconds = cursor.zone_to_the_end()?;
    Civil { year, month, day, hour, minute, second, nanos, offset_seconds }.timestamp()
}

/// Syslog, and what `ctime` of C prints: the month is the first word but for a weekday.
fn month_first(text: &[u8], arrival: Timestamp) -> Option<Timestamp> {
    let mut cursor = Cursor::new(text);
    if cursor.word(&WEEKDAYS).is_some() {
        cursor.one_of(b" ")?;
    }
    let month = cursor.word(&MONTHS)? + 1;
    cursor.one_of(b" ")?;
    cursor.spaces();
    let day = cursor.digits(1, 2)?;
    cursor.one_of(b" ")?;
    let (hour, minute, second, nanos) = cursor.time()?;
    let civil = Civil { year: 0, month, day, hour, minute, second, nanos, offset_seconds: 0 };
    if cursor.rest.is_empty() {
        return without_year(civil, arrival);
    }
    cursor.one_of(b" ")?;
    let year = i64::from(cursor.digits(4, 4)?);
    if cursor.rest.is_empty() { Civil { year, ..civil }.timestamp() } else { None }
}

/// The latest year that does not put the line more than a day after its arrival.
fn without_year(civil: Civil, arrival: Timestamp) -> Option<Timestamp> {
    let (year, _, _) = civil_from_days(arrival.nanos().div_euclid(NANOS_PER_SECOND * SECONDS_PER_DAY));
    let latest = arrival.nanos().saturating_add(AHEAD_NANOS_MAX);
    let in_year = |year| Civil { year, ..civil }.timestamp();
    [year + 1, year, year - 1].into_iter().filter_map(in_year).find(|moment| moment.nanos() <= latest)
}

/// What is left of a text.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// A point or comma and any number of digits, as nanoseconds; nothing is zero.
    pub(super) fn fraction(&mut self) -> Option<u32> {
        let [b'.' | b',', digits @ ..] = self.rest else { return Some(0) };
        let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = digits.split_at(count);
        self.rest = rest;
        let kept = digits.iter().chain(&[b'0'; 9]).take(9);
        let nanos = kept.fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0'));
        (count > 0).then_some(nanos)
    }

    /// `Z`, `+01:00`, `-0700`, `+02`, `UTC`, `GMT`, after a space or not; nothing is UTC.
    pub(super) fn zone_to_the_end(&mut self) -> Option<i64> {
        if let [b' ', rest @ ..] = self.rest
            && !rest.is_empty()
        {
            self.rest = rest;
        }
        let (sign, rest) = match self.rest {
            [] | b"Z" | b"z" | b"UTC" | b"GMT" | b"UT" => return Some(0),
            [b'+', rest @ ..] => (1, rest),
            [b'-', rest @ ..] => (-1, rest),
            _ => return None,
        };
        let digits = match *rest {
            [a, b] => [a, b, b'0', b'0'],
            [a, b, c, d] | [a, b, b':', c, d] => [a, b, c, d],
            _ => return None,
        };
        let mut digits = Cursor::new(&digits);
        let (hours, minutes) = (i64::from(digits.digits(2, 2)?), i64::from(digits.digits(2, 2)?));
        (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
    }

    /// A number of so many digits.
    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let count = self.rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        let number = digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
        (count >= least).then_some(number)
    }

    fn time(&mut self) -> Option<(u32, u32, u32, u32)> {
        let hour = self.digits(2, 2)?;
        self.one_of(b":")?;
        let minute = self.digits(2, 2)?;
        // RFC 2822 lets the seconds away.
        let [b':', rest @ ..] = self.rest else { return Some((hour, minute, 0, 0)) };
        self.rest = rest;
        Some((hour, minute, self.digits(2, 2)?, self.fraction()?))
    }

    /// The place in `words` of the word that follows.
    fn word(&mut self, words: &[&[u8; 3]]) -> Option<u32> {
        let (word, rest) = self.rest.split_first_chunk::<3>()?;
        let place = words.iter().position(|known| word.eq_ignore_ascii_case(*known))?;
        self.rest = rest;
        Some(place as u32)
    }

    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        bytes.contains(byte).then_some(*byte)
    }

    fn spaces(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }
}
