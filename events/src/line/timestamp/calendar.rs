//! The Gregorian calendar, as far as a timestamp needs it.
//!
//! Invariant: only a day that exists becomes a moment. It knows no zones but fixed offsets.

use super::{NANOS_PER_SECOND, SECONDS_PER_DAY};
use crate::clock::Timestamp;

/// A time as a person writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    pub year: i64,
    pub month: u32,
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
    pub nanos: u32,
    /// East of Greenwich.
    pub offset_seconds: i64,
}

impl Civil {
    /// The moment, if the calendar has it and 64 bits reach it. A leap second is the end of the one before.
    pub(crate) fn timestamp(self) -> Option<Timestamp> {
        let leap = self.second == 60 && self.minute == 59;
        let exists = (1..=12).contains(&self.month)
            && (1..=days_of_month(self.year, self.month)).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && (self.second < 60 || leap);
        if !exists {
            return None;
        }
        let (second, nanos) = if leap { (59, 999_999_999) } else { (self.second, self.nanos) };
        let of_day = i64::from(self.hour * 3_600 + self.minute * 60 + second);
        let seconds =
            days_from_civil(self.year, self.month, self.day) * SECONDS_PER_DAY + of_day - self.offset_seconds;
        let nanos = i128::from(seconds) * i128::from(NANOS_PER_SECOND) + i128::from(nanos);
        i64::try_from(nanos).ok().map(Timestamp::from_nanos)
    }
}

fn days_of_month(year: i64, month: u32) -> u32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. Years begin in March here, so that the leap day is the last of its year.
pub(crate) fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a day since 1970-01-01.
pub(crate) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}
