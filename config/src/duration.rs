//! Durations, written with their unit; used with `#[serde(with = "crate::duration")]`.
//!
//! Invariant: a duration survives its text exactly. It knows no fractions: `1500 ms`, not `1.5 s`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer};

/// Why a text is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a duration is a whole number with a unit (ns, us, ms, s, m, h, d), such as \"2 ms\"")]
pub struct DurationError;

/// Largest unit first, so that the first exact one is the shortest text.
const UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit.trim_start()).ok_or(DurationError)?;
    let count: u64 = number.parse().map_err(|_| DurationError)?;
    count.checked_mul(*factor).map(Duration::from_nanos).ok_or(DurationError)
}

pub fn format(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let exact = |(_, factor): &&(&str, u64)| nanos != 0 && nanos.is_multiple_of(u128::from(*factor));
    let (unit, factor) = UNITS.iter().find(exact).unwrap_or(&("s", 1_000_000_000));
    format!("{} {unit}", nanos / u128::from(*factor))
}

pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format(*duration))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer).map_err(|_| serde::de::Error::custom(DurationError))?;
    parse(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_with_its_unit() {
        let check =
            |text: &str, nanos: u64| assert_eq!(parse(text), Ok(Duration::from_nanos(nanos)), "{text}");
        check("2 ms", 2_000_000);
        check("2ms", 2_000_000);
        check("5 ns", 5);
        check("7 us", 7_000);
        check("1 d", 86_400_000_000_000);
        check("3 m", 180_000_000_000);
        for text in ["", "2", "ms", "1.5 s", "-1 s", "2 MS", "2 weeks", "999999999 d"] {
            assert_eq!(parse(text), Err(DurationError), "{text}");
        }
    }

    #[test]
    fn a_duration_survives_its_text() {
        for text in ["0 s", "1 ns", "1500 ms", "90 s", "2 m", "36 h", "2 d"] {
            assert_eq!(format(parse(text).unwrap()), text);
        }
    }
}
