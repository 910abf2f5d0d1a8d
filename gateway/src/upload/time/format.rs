//! Formats of times that a sender names: as `strftime` writes them, `%Y-%m-%d %H:%M:%S`, or as Java does, `yyyy-MM-dd`.
//!
//! Invariant: a format is read from left to right without going back; what it finds is put as RFC 3339 before the parser of
//! lines, so that the calendar has one place. It knows no languages: months and weekdays are English.

use std::fmt::Write as _;

use antler_events::clock::Timestamp;
use antler_events::line::timestamp;

use super::super::error::UploadError;

/// Longest format.
const FORMAT_CHARS_MAX: usize = 100;
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A format, ready to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeFormat(Vec<Step>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A number into a part, of so many digits at least and at most.
    Number(Part, usize, usize),
    MonthName,
    /// Letters that say nothing more: a weekday.
    Word,
    HalfOfDay,
    Zone,
    Epoch,
    Spaces,
    Literal(char),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Year,
    ShortYear,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Fraction,
}

/// What was read so far.
#[derive(Default)]
struct Found<'t> {
    year: Option<u32>,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    fraction: &'t str,
    is_afternoon: Option<bool>,
    zone: Option<&'t str>,
    epoch: Option<&'t str>,
}

impl TimeFormat {
    pub fn parse(text: &str) -> Result<Self, UploadError> {
        let wrong = |reason: String| UploadError::option("timestamp_format", text, reason);
        if text.chars().count() > FORMAT_CHARS_MAX {
            return Err(wrong(format!("it has more than {FORMAT_CHARS_MAX} characters")));
        }
        let steps = if text.contains('%') { percent_steps(text) } else { letter_steps(text) };
        let steps = steps.map_err(wrong)?;
        let reads_day = steps.iter().any(|step| matches!(step, Step::Number(Part::Day, ..)));
        if !reads_day && !steps.contains(&Step::Epoch) {
            return Err(wrong("it says no day; write one such as %Y-%m-%d %H:%M:%S".to_owned()));
        }
        Ok(Self(steps))
    }

    /// A time of this format at the beginning of a text, and how long it is.
    pub fn read(&self, text: &str, offset_seconds: i64, arrival: Timestamp) -> Option<(Timestamp, usize)> {
        let mut found = Found { month: 1, day: 1, ..Found::default() };
        let mut rest = text;
        for step in &self.0 {
            rest = step.read(rest, &mut found)?;
        }
        found.timestamp(offset_seconds, arrival).map(|time| (time, text.len() - rest.len()))
    }
}

impl Step {
    /// Reads its part; the rest of the text.
    fn read<'t>(self, text: &'t str, found: &mut Found<'t>) -> Option<&'t str> {
        let run = |fits: fn(&u8) -> bool, most: usize| text.bytes().take(most).take_while(fits).count();
        match self {
            Self::Number(part, least, most) => {
                let (digits, rest) = text.split_at(run(u8::is_ascii_digit, most));
                if digits.len() < least {
                    return None;
                }
                found.put(part, digits)?;
                Some(rest)
            }
            Self::MonthName => {
                let (word, rest) = text.split_at(run(u8::is_ascii_alphabetic, 9));
                let name = word.get(..3)?.to_ascii_lowercase();
                found.month = MONTHS.iter().position(|month| *month == name)? as u32 + 1;
                Some(rest)
            }
            Self::Word => {
                let length = run(u8::is_ascii_alphabetic, 20);
                (length > 0).then(|| &text[length..])
            }
            Self::HalfOfDay => {
                let (half, rest) = text.split_at_checked(2)?;
                found.is_afternoon = match half.to_ascii_lowercase().as_str() {
                    "am" => Some(false),
                    "pm" => Some(true),
                    _ => return None,
                };
                Some(rest)
            }
            Self::Zone => {
                let length = run(|byte| byte.is_ascii_alphanumeric() || b"+-:".contains(byte), 6);
                found.zone = Some(&text[..length]);
                (length > 0).then(|| &text[length..])
            }
            Self::Epoch => {
                let length = run(|byte| byte.is_ascii_digit() || *byte == b'.', 32);
                found.epoch = Some(&text[..length]);
                (length > 0).then(|| &text[length..])
            }
            Self::Spaces => {
                let rest = text.trim_start_matches([' ', '\t']);
                (rest.len() < text.len()).then_some(rest)
            }
            Self::Literal(expected) => text.strip_prefix(expected),
        }
    }
}

impl<'t> Found<'t> {
    fn put(&mut self, part: Part, digits: &'t str) -> Option<()> {
        if part == Part::Fraction {
            self.fraction = digits;
            return Some(());
        }
        let number: u32 = digits.parse().ok()?;
        match part {
            Part::Year => self.year = Some(number),
            // As POSIX has it.
            Part::ShortYear => self.year = Some(if number < 69 { 2_000 + number } else { 1_900 + number }),
            Part::Month => self.month = number,
            Part::Day => self.day = number,
            Part::Hour => self.hour = number,
            Part::Minute => self.minute = number,
            Part::Second => self.second = number,
            Part::Fraction => {}
        }
        Some(())
    }

    fn timestamp(&self, offset_seconds: i64, arrival: Timestamp) -> Option<Timestamp> {
        if let Some(epoch) = self.epoch {
            return timestamp::parse(epoch.as_bytes(), arrival);
        }
        let hour = match self.is_afternoon {
            Some(afternoon) if (1..=12).contains(&self.hour) => {
                self.hour % 12 + if afternoon { 12 } else { 0 }
            }
            Some(_) => return None,
            None => self.hour,
        };
        let (day, minute, second) = (self.day, self.minute, self.second);
        let mut text = String::with_capacity(48);
        match self.year {
            Some(year) => write!(text, "{year:04}-{:02}-{day:02}T", self.month),
            None => write!(text, "{} {day:02} ", MONTHS.get(self.month.checked_sub(1)? as usize)?),
        }
        .expect("a string takes every text");
        write!(text, "{hour:02}:{minute:02}:{second:02}").expect("a string takes every text");
        if !self.fraction.is_empty() {
            text.extend([".", self.fraction]);
        }
        if let (Some(zone), Some(_)) = (self.zone, self.year) {
            text.push_str(zone);
            return timestamp::parse(text.as_bytes(), arrival);
        }
        let time = timestamp::parse(text.as_bytes(), arrival)?;
        let shift = offset_seconds.checked_mul(super::NANOS_PER_SECOND)?;
        time.nanos().checked_sub(shift).map(Timestamp::from_nanos)
    }
}

fn percent_steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '%' {
            push_literal(&mut steps, char);
            continue;
        }
        let letter = chars.find(|char| !matches!(char, '-' | '_' | '0'));
        let whole = match letter {
            Some('T') => "%H:%M:%S",
            Some('F') => "%Y-%m-%d",
            Some('D') => "%m/%d/%y",
            Some('R') => "%H:%M",
            Some('%') => {
                push_literal(&mut steps, '%');
                continue;
            }
            Some(letter) => {
                steps.push(percent_step(letter).ok_or_else(|| format!("%{letter} is not known"))?);
                continue;
            }
            None => return Err("it ends with a lone %".to_owned()),
        };
        steps.extend(percent_steps(whole)?);
    }
    Ok(steps)
}

fn percent_step(letter: char) -> Option<Step> {
    Some(match letter {
        'Y' => Step::Number(Part::Year, 4, 4),
        'y' => Step::Number(Part::ShortYear, 2, 2),
        'm' => Step::Number(Part::Month, 1, 2),
        'd' | 'e' => Step::Number(Part::Day, 1, 2),
        'H' | 'I' | 'k' | 'l' => Step::Number(Part::Hour, 1, 2),
        'M' => Step::Number(Part::Minute, 1, 2),
        'S' => Step::Number(Part::Second, 1, 2),
        'f' | 'L' | 'N' => Step::Number(Part::Fraction, 1, 9),
        'b' | 'B' | 'h' => Step::MonthName,
        'a' | 'A' => Step::Word,
        'p' | 'P' => Step::HalfOfDay,
        'z' | 'Z' => Step::Zone,
        's' => Step::Epoch,
        _ => return None,
    })
}

fn letter_steps(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix('\'') {
            let (literal, after) = quoted.split_once('\'').ok_or("a quote in it is not closed")?;
            literal.chars().for_each(|char| push_literal(&mut steps, char));
            rest = after;
            continue;
        }
        let count = rest.chars().take_while(|char| *char == letter).count();
        rest = &rest[count * letter.len_utf8()..];
        if !letter.is_ascii_alphabetic() {
            (0..count).for_each(|_| push_literal(&mut steps, letter));
            continue;
        }
        steps.push(letter_step(letter, count).ok_or_else(|| format!("{letter} is not known"))?);
    }
    Ok(steps)
}

fn letter_step(letter: char, count: usize) -> Option<Step> {
    Some(match (letter, count) {
        ('y' | 'u', 2) => Step::Number(Part::ShortYear, 2, 2),
        ('y' | 'u', _) => Step::Number(Part::Year, 4, 4),
        ('M' | 'L', 3..) => Step::MonthName,
        ('M', _) => Step::Number(Part::Month, count, 2),
        ('d', _) => Step::Number(Part::Day, count, 2),
        ('H' | 'h' | 'k' | 'K', _) => Step::Number(Part::Hour, count, 2),
        ('m', _) => Step::Number(Part::Minute, count, 2),
        ('s', _) => Step::Number(Part::Second, count, 2),
        ('S' | 'n', _) => Step::Number(Part::Fraction, 1, 9),
        ('a', _) => Step::HalfOfDay,
        ('E', _) => Step::Word,
        ('Z' | 'X' | 'x' | 'z', _) => Step::Zone,
        _ => return None,
    })
}

fn push_literal(steps: &mut Vec<Step>, char: char) {
    if char != ' ' {
        steps.push(Step::Literal(char));
    } else if steps.last() != Some(&Step::Spaces) {
        steps.push(Step::Spaces);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: &str, text: &str, expected: &str) {
        let format = TimeFormat::parse(format).unwrap();
        // 2026-01-02T03:04:05Z.
        let found = format.read(text, 3_600, Timestamp::from_nanos(1_767_323_045_000_000_000));
        let shown = found.map(|(time, length)| format!("{time}|{}", &text[length..]));
        assert_eq!(shown.as_deref().unwrap_or("none"), expected, "{text}");
    }

    #[test]
    fn formats_with_percent_signs_are_read() {
        check("%Y-%m-%d %H:%M:%S", "2024-05-01  12:00:00 x", "2024-05-01T11:00:00.000Z| x");
        check("%d.%m.%Y %H:%M:%S,%f", "01.05.2024 12:00:00,25 x", "2024-05-01T11:00:00.250Z| x");
        check("%d/%b/%y %I:%M %p", "1/May/24 12:30 am", "2024-04-30T23:30:00.000Z|");
        check("%A, %B %d %Y %T %z", "Monday, January 01 2024 10:00:00 -0700", "2024-01-01T17:00:00.000Z|");
        check("%b %e %H:%M:%S", "Oct  1 22:14:15 host", "2025-10-01T21:14:15.000Z| host");
        check("%s", "1714564800.5 x", "2024-05-01T12:00:00.500Z| x");
        check("[%F %T]", "[2024-05-01 12:00:00] x", "2024-05-01T11:00:00.000Z| x");
        check("%F", "2024-05-01", "2024-04-30T23:00:00.000Z|");
        check("%Y-%m-%d", "2024-02-30", "none");
        check("%Y-%m-%d", "24-02-01", "none");
        check("%d %p", "01 é", "none");
    }

    #[test]
    fn formats_of_java_are_read() {
        check("yyyy-MM-dd HH:mm:ss.SSS", "2024-05-01 12:00:00.123 x", "2024-05-01T11:00:00.123Z| x");
        check("dd/MMM/yyyy:HH:mm:ss Z", "10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36.000Z|");
        check("yyyy-MM-dd'T'HH:mm:ssXXX", "2024-05-01T12:00:00+02:00", "2024-05-01T10:00:00.000Z|");
        check("yyyyMMdd HHmmss", "20240501 120000", "2024-05-01T11:00:00.000Z|");
        check("d.M.yy h:mm a", "1.5.24 1:05 PM", "2024-05-01T12:05:00.000Z|");
    }

    #[test]
    fn a_format_that_cannot_be_read_is_refused() {
        let check = |format: &str, reason: &str| {
            let error = TimeFormat::parse(format).unwrap_err().to_string();
            assert_eq!(error, format!("timestamp_format {format:?} is not possible: {reason}"));
        };
        check("%Y %Q", "%Q is not known");
        check("%Y %", "it ends with a lone %");
        check("%H:%M", "it says no day; write one such as %Y-%m-%d %H:%M:%S");
        check("yyyy 'T", "a quote in it is not closed");
        check("bb", "b is not known");
    }
}
