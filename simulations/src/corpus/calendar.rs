//! Times as the writers of logs print them.
//!
//! Invariant: every form names the same instant, as far as the form is fine enough, in UTC.
//! It does not read times: the product's own parser does, and must not share this code.

use std::io::Write as _;

use antler_events::clock::Timestamp;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// How a time is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeForm {
    /// `2026-03-01T08:00:00.123Z`
    Millis,
    /// `2026-03-01T08:00:00.123456Z`
    Micros,
    /// `2026-03-01T08:00:00.123456789Z`
    Nanos,
    /// `2026-03-01T08:00:00.123`, as Django's formatter prints it
    Bare,
    /// `2026-03-01 08:00:00,123`, as Python and log4j print it
    Comma,
    /// `2026-03-01 08:00:00.123 UTC`, as PostgreSQL prints it
    Spaced,
    /// `2026/03/01 08:00:00`, as nginx and Go print it
    Slashes,
    /// `01/Mar/2026:08:00:00 +0000`, as web servers print it
    Apache,
    /// `Mar  1 08:00:00`, as RFC 3164 prints it
    Syslog,
    /// `0301 08:00:00.123456`, as Kubernetes' own components print it
    Klog,
    /// `1772352000.123`
    EpochSeconds,
    /// `1772352000123`
    EpochMillis,
}

impl TimeForm {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "millis" => Self::Millis,
            "micros" => Self::Micros,
            "nanos" => Self::Nanos,
            "bare" => Self::Bare,
            "comma" => Self::Comma,
            "spaced" => Self::Spaced,
            "slashes" => Self::Slashes,
            "apache" => Self::Apache,
            "syslog" => Self::Syslog,
            "klog" => Self::Klog,
            "epoch_seconds" => Self::EpochSeconds,
            "epoch_millis" => Self::EpochMillis,
            _ => return None,
        })
    }

    pub(super) fn write(self, at: Timestamp, out: &mut Vec<u8>) {
        let seconds = at.nanos().div_euclid(1_000_000_000);
        let nanos = at.nanos().rem_euclid(1_000_000_000);
        let (millis, micros) = (nanos / 1_000_000, nanos / 1_000);
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        let (hour, minute, second) =
            (seconds.rem_euclid(86_400) / 3_600, seconds.rem_euclid(3_600) / 60, seconds.rem_euclid(60));
        let clock = format_args!("{hour:02}:{minute:02}:{second:02}");
        let date = format_args!("{year:04}-{month:02}-{day:02}");
        let name = MONTHS[(month - 1) as usize];
        match self {
            Self::Millis => write!(out, "{date}T{clock}.{millis:03}Z"),
            Self::Micros => write!(out, "{date}T{clock}.{micros:06}Z"),
            Self::Nanos => write!(out, "{date}T{clock}.{nanos:09}Z"),
            Self::Bare => write!(out, "{date}T{clock}.{millis:03}"),
            Self::Comma => write!(out, "{date} {clock},{millis:03}"),
            Self::Spaced => write!(out, "{date} {clock}.{millis:03} UTC"),
            Self::Slashes => write!(out, "{year:04}/{month:02}/{day:02} {clock}"),
            Self::Apache => write!(out, "{day:02}/{name}/{year:04}:{clock} +0000"),
            Self::Syslog => write!(out, "{name} {day:2} {clock}"),
            Self::Klog => write!(out, "{month:02}{day:02} {clock}.{micros:06}"),
            Self::EpochSeconds => write!(out, "{seconds}.{millis:03}"),
            Self::EpochMillis => write!(out, "{}", seconds * 1_000 + millis),
        }
        .expect("a vector takes every byte");
    }
}

/// Year, month and day of a day number since 1970-01-01: years are counted from March, so that the
/// leap day is the last of its year.
fn civil(day_number: i64) -> (i64, i64, i64) {
    let days = day_number + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_prints_the_same_instant() {
        let at = Timestamp::from_nanos(1_709_197_506_123_456_789);
        let check = |name: &str, printed: &str| {
            let mut out = Vec::new();
            TimeForm::parse(name).unwrap().write(at, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), printed, "{name}");
        };
        check("millis", "2024-02-29T09:05:06.123Z");
        check("micros", "2024-02-29T09:05:06.123456Z");
        check("nanos", "2024-02-29T09:05:06.123456789Z");
        check("bare", "2024-02-29T09:05:06.123");
        check("comma", "2024-02-29 09:05:06,123");
        check("spaced", "2024-02-29 09:05:06.123 UTC");
        check("slashes", "2024/02/29 09:05:06");
        check("apache", "29/Feb/2024:09:05:06 +0000");
        check("syslog", "Feb 29 09:05:06");
        check("klog", "0229 09:05:06.123456");
        check("epoch_seconds", "1709197506.123");
        check("epoch_millis", "1709197506123");
    }

    #[test]
    fn days_of_the_civil_calendar() {
        let check = |day: i64, date: (i64, i64, i64)| assert_eq!(civil(day), date, "{day}");
        check(0, (1970, 1, 1));
        check(-1, (1969, 12, 31));
        check(11_016, (2000, 2, 29));
        check(20_513, (2026, 3, 1));
    }
}
