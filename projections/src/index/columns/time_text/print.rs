//! A moment printed in a form.
//!
//! Invariant: every form prints every moment that 64 bits of nanoseconds reach, in at most
//! `TEXT_BYTES_MAX` bytes. It does not allocate: it runs for each line that is written or given back.

use antler_events::clock::Timestamp;

use super::form::{Ending, FRACTION_DIGITS_MAX, Layout, TimeForm, Zone};
use crate::index::columns::digits;

/// `Wed, 11-Oct-2000 14:32:52.123456789 +00:00` and some room.
pub(super) const TEXT_BYTES_MAX: usize = 64;

/// From the day of 1970-01-01 on.
const WEEKDAYS: [&[u8; 3]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];
const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

const NANOS_PER_SECOND: i64 = 1_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// Days from 0000-03-01 to 1970-01-01. Years begin in March, so that the leap day is the last of its year.
const DAYS_BEFORE_1970: i64 = 719_468;

/// A moment as calendar and clock of a zone show it.
struct Local {
    /// Days since 1970, for the weekday.
    days: i64,
    year: u32,
    month: u32,
    day: u32,
    second_of_day: u32,
    nanos: u32,
}

/// A text in the making.
struct Printer<'a> {
    out: &'a mut [u8; TEXT_BYTES_MAX],
    length: usize,
}

/// Prints into `out` and says how many bytes.
#[inline]
pub(super) fn print(form: TimeForm, time: Timestamp, out: &mut [u8; TEXT_BYTES_MAX]) -> usize {
    let ending = form.ending();
    let mut printer = Printer { out, length: 0 };
    match form.layout() {
        Layout::YearFirst(separators) => {
            let local = Local::new(time, &ending);
            printer.year_first(&local, separators);
            printer.fraction(local.nanos, &ending);
        }
        Layout::Pattern(pattern) => printer.pattern(&Local::new(time, &ending), pattern, &ending),
        Layout::Epoch { unit_digits } => printer.epoch(time, unit_digits, &ending),
    }
    printer.zone(&ending);
    printer.length
}

impl Local {
    #[inline]
    fn new(time: Timestamp, ending: &Ending) -> Self {
        let nanos = time.nanos().rem_euclid(NANOS_PER_SECOND) as u32;
        let seconds = time.nanos().div_euclid(NANOS_PER_SECOND) + ending.offset_seconds();
        let (days, second_of_day) =
            (seconds.div_euclid(SECONDS_PER_DAY), seconds.rem_euclid(SECONDS_PER_DAY) as u32);
        // 64 bits of nanoseconds reach from 1677 to 2262, so that days since the year 0 are never negative.
        let (year, month, day) = calendar((days + DAYS_BEFORE_1970) as u32);
        Self { days, year, month, day, second_of_day, nanos }
    }

    fn weekday(&self) -> &'static [u8; 3] {
        WEEKDAYS[self.days.rem_euclid(7) as usize]
    }

    fn clock(&self) -> [u32; 3] {
        let minutes = self.second_of_day / 60;
        [minutes / 60, minutes % 60, self.second_of_day % 60]
    }
}

/// Year, month and day of a day since 0000-03-01. In quarters of days a century has 146,097 and a year
/// 1,461; from March on, five months have 153 days.
#[inline]
fn calendar(days: u32) -> (u32, u32, u32) {
    let quarters = days * 4 + 3;
    let (century, in_century) = (quarters / 146_097, quarters % 146_097 / 4 * 4 + 3);
    let (year, day_of_year) = (in_century / 1_461, in_century % 1_461 / 4);
    let fifths = day_of_year * 5 + 2;
    let (month_from_march, day) = (fifths / 153, fifths % 153 / 5 + 1);
    let next_year = month_from_march >= 10;
    let month = if next_year { month_from_march - 9 } else { month_from_march + 3 };
    (century * 100 + year + u32::from(next_year), month, day)
}

impl Printer<'_> {
    /// `2026-01-02T03:04:05`: every place is known, so that it costs little more than the calendar.
    #[inline]
    fn year_first(&mut self, local: &Local, [in_date, after_date]: [u8; 2]) {
        let [hour, minute, second] = local.clock();
        self.out[..2].copy_from_slice(&digits::pair(local.year / 100));
        self.out[2..4].copy_from_slice(&digits::pair(local.year % 100));
        self.out[4] = in_date;
        self.out[5..7].copy_from_slice(&digits::pair(local.month));
        self.out[7] = in_date;
        self.out[8..10].copy_from_slice(&digits::pair(local.day));
        self.out[10] = after_date;
        self.out[11..13].copy_from_slice(&digits::pair(hour));
        self.out[13] = b':';
        self.out[14..16].copy_from_slice(&digits::pair(minute));
        self.out[16] = b':';
        self.out[17..19].copy_from_slice(&digits::pair(second));
        self.length = 19;
    }

    fn pattern(&mut self, local: &Local, pattern: &[u8], ending: &Ending) {
        let [hour, minute, second] = local.clock();
        for part in pattern {
            match part {
                b'Y' => {
                    self.put(&digits::pair(local.year / 100));
                    self.put(&digits::pair(local.year % 100));
                }
                b'm' => self.put(&digits::pair(local.month)),
                b'b' => self.put(MONTHS[local.month as usize - 1]),
                b'a' => self.put(local.weekday()),
                b'e' if local.day < 10 => self.put(&[b' ', b'0' + local.day as u8]),
                b'j' if local.day < 10 => self.put(&[b'0' + local.day as u8]),
                b'd' | b'e' | b'j' => self.put(&digits::pair(local.day)),
                b'H' => self.put(&digits::pair(hour)),
                b'M' => self.put(&digits::pair(minute)),
                b'S' => self.put(&digits::pair(second)),
                b'f' => self.fraction(local.nanos, ending),
                literal => self.put(&[*literal]),
            }
        }
    }

    fn epoch(&mut self, time: Timestamp, unit_digits: u32, ending: &Ending) {
        if time.nanos() < 0 {
            self.put(b"-");
        }
        let magnitude = time.nanos().unsigned_abs();
        let (unit, to_nanos) = (10u64.pow(FRACTION_DIGITS_MAX - unit_digits), 10u64.pow(unit_digits));
        let whole = magnitude / unit;
        let end = self.length + digits::count(whole);
        digits::put(whole, &mut self.out[self.length..end]);
        self.length = end;
        self.fraction((magnitude % unit * to_nanos) as u32, ending);
    }

    #[inline]
    fn fraction(&mut self, nanos: u32, ending: &Ending) {
        if ending.fraction_digits == 0 {
            return;
        }
        // All nine digits are printed; those that are not wanted are written over or left behind the end.
        let (mark, all) = self.out[self.length..][..10].split_at_mut(1);
        mark[0] = if ending.comma { b',' } else { b'.' };
        digits::put(u64::from(nanos), all);
        self.length += 1 + ending.fraction_digits as usize;
    }

    #[inline]
    fn zone(&mut self, ending: &Ending) {
        if ending.space_before_zone {
            self.put(b" ");
        }
        match ending.zone {
            Zone::Nothing => return,
            Zone::Name(name) => return self.put(name),
            Zone::Hours | Zone::Digits | Zone::Colon => {}
        }
        self.put(if ending.west { b"-" } else { b"+" });
        self.put(&digits::pair(ending.minutes / 60));
        if ending.zone == Zone::Colon {
            self.put(b":");
        }
        if ending.zone != Zone::Hours {
            self.put(&digits::pair(ending.minutes % 60));
        }
    }

    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.out[self.length..][..bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }
}
