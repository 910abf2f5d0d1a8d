//! Units: texts that are a duration or a size, and names that tell the unit of their numbers.
//!
//! Invariant: a duration is exact to the nanosecond, fractions of one are dropped; a text is read as a
//! whole or not at all. kB, MB, GB count in thousands, KiB, MiB, GiB in 1,024s.
//! It does not guess: `m` as the end of a name is no unit, nor is a number without one a duration.

/// What numbers under a name count, if they are durations or sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberUnits {
    /// Nanoseconds of one.
    pub nanos: u64,
    /// Bytes of one.
    pub bytes: u64,
}

/// Names of a unit of time, and its nanoseconds.
const TIMES: [(&[&str], u64); 8] = [
    (&["ns", "nano", "nanos", "nanosec", "nanosecond", "nanoseconds"], 1),
    (&["us", "µs", "μs", "micro", "micros", "usec", "microsecond", "microseconds"], 1_000),
    (&["ms", "milli", "millis", "msec", "millisecond", "milliseconds"], 1_000_000),
    (&["s", "sec", "secs", "second", "seconds"], 1_000_000_000),
    (&["min", "mins", "minute", "minutes"], 60_000_000_000),
    (&["h", "hr", "hrs", "hour", "hours"], 3_600_000_000_000),
    (&["d", "day", "days"], 86_400_000_000_000),
    (&["w", "week", "weeks"], 604_800_000_000_000),
];

/// Names of a unit of size, and its bytes.
const SIZES: [(&[&str], u64); 11] = [
    (&["b", "byte", "bytes"], 1),
    (&["kb", "kilobyte", "kilobytes"], 1_000),
    (&["mb", "megabyte", "megabytes"], 1_000_000),
    (&["gb", "gigabyte", "gigabytes"], 1_000_000_000),
    (&["tb", "terabyte", "terabytes"], 1_000_000_000_000),
    (&["pb", "petabyte", "petabytes"], 1_000_000_000_000_000),
    (&["kib"], 1 << 10),
    (&["mib"], 1 << 20),
    (&["gib"], 1 << 30),
    (&["tib"], 1 << 40),
    (&["pib"], 1 << 50),
];

/// Longest text that is a duration or a size.
const TEXT_BYTES_MAX: usize = 64;

impl NumberUnits {
    /// What a name says that does not tell a unit.
    pub const DEFAULT: Self = Self { nanos: 1_000_000, bytes: 1 };

    /// What the last part of a name tells: `took_ms`, `http.duration.us`, `heapKb`.
    pub fn of_name(name: &str) -> Self {
        let last = last_part(name).to_lowercase();
        Self {
            nanos: named(&TIMES, &last).unwrap_or(Self::DEFAULT.nanos),
            bytes: named(&SIZES, &last).unwrap_or(Self::DEFAULT.bytes),
        }
    }
}

/// The nanoseconds of a text that is a duration: `1.5s`, `200 ms`, `1h30m`, `-2d`.
pub fn duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    if rest.len() > TEXT_BYTES_MAX {
        return None;
    }
    let mut nanos = 0i128;
    loop {
        let (number, unit, after) = number_and_unit(rest)?;
        let unit = unit.to_lowercase();
        let unit = if unit == "m" { Some(60_000_000_000) } else { named(&TIMES, &unit) };
        nanos = nanos.checked_add(times(number, unit?)?)?;
        rest = after.strip_prefix(' ').unwrap_or(after);
        if rest.is_empty() {
            break;
        }
    }
    i64::try_from(if negative { -nanos } else { nanos }).ok()
}

/// The bytes of a text that is a size: `10MB`, `4 KiB`, `1.5gb`.
pub fn size(text: &str) -> Option<f64> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let (number, unit, after) = number_and_unit(text)?;
    let unit = named(&SIZES, &unit.to_lowercase())?;
    let number: f64 = number.parse().ok()?;
    after.is_empty().then_some(number * unit as f64)
}

/// A number, the letters that follow it, perhaps after a space, and the rest.
fn number_and_unit(text: &str) -> Option<(&str, &str, &str)> {
    let digits = text.find(|found: char| !found.is_ascii_digit() && found != '.')?;
    let (number, rest) = text.split_at(digits);
    if !number.starts_with(|first: char| first.is_ascii_digit()) || number.matches('.').count() > 1 {
        return None;
    }
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let (unit, after) = rest.split_at(rest.find(|found: char| !found.is_alphabetic()).unwrap_or(rest.len()));
    Some((number, unit, after))
}

/// A decimal number times a whole one; what is left behind the point is dropped.
fn times(number: &str, unit: u64) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let divisor = 10i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    Some(digits.checked_mul(i128::from(unit))? / divisor)
}

fn named(units: &[(&[&str], u64)], name: &str) -> Option<u64> {
    units.iter().find(|(names, _)| names.contains(&name)).map(|(_, factor)| *factor)
}

/// What follows the last separator, or the last step from small letters to capitals.
fn last_part(name: &str) -> &str {
    let separated = name.rfind(['_', '.', '-', ' ', '/']).map_or(name, |at| &name[at + 1..]);
    let mut start = 0;
    let mut small_before = false;
    for (at, character) in separated.char_indices() {
        if small_before && character.is_uppercase() {
            start = at;
        }
        small_before = character.is_lowercase() || character.is_ascii_digit();
    }
    &separated[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_units() {
        let check = |text: &str, expected: Option<i64>| assert_eq!(duration(text), expected, "{text}");
        check("1.5s", Some(1_500_000_000));
        check("200ms", Some(200_000_000));
        check("200 MS", Some(200_000_000));
        check("1h30m", Some(5_400_000_000_000));
        check("1m 30.5s", Some(90_500_000_000));
        check("0s", Some(0));
        check("0h0m1s", Some(1_000_000_000));
        check("-2d", Some(-172_800_000_000_000));
        check("12.3456789µs", Some(12_345));
        check("3 seconds", Some(3_000_000_000));
        for text in ["", "-", "5", "ms", "5x", "5 ms later", "1.2.3s", ".5s", "5s-", "99999999999d", "5  s"] {
            check(text, None);
        }
        check(&"1s".repeat(100), None);
        check(&format!("{}s", "1.".to_owned() + &"1".repeat(60)), None);
    }

    #[test]
    fn a_size_has_a_unit() {
        let check = |text: &str, expected: Option<f64>| assert_eq!(size(text), expected, "{text}");
        check("10MB", Some(10_000_000.0));
        check("4KiB", Some(4096.0));
        check("1.5 gb", Some(1_500_000_000.0));
        check("7 bytes", Some(7.0));
        for text in ["", "10", "MB", "10 MB x", "1.2.3MB", "10m"] {
            check(text, None);
        }
    }

    #[test]
    fn a_name_tells_the_unit_of_its_numbers() {
        let check = |name: &str, nanos: u64, bytes: u64| {
            assert_eq!(NumberUnits::of_name(name), NumberUnits { nanos, bytes }, "{name}");
        };
        check("took_ms", 1_000_000, 1);
        check("http.duration.us", 1_000, 1);
        check("durationSeconds", 1_000_000_000, 1);
        check("heap_mb", 1_000_000, 1_000_000);
        check("heapKb", 1_000_000, 1_000);
        check("items", 1_000_000, 1);
        check("elapsed", 1_000_000, 1);
        check("s", 1_000_000_000, 1);
        check("", 1_000_000, 1);
        check("DURATION_MS", 1_000_000, 1);
        check("ä_µs", 1_000, 1);
    }
}
