//! Sizes in bytes, written with their unit.
//!
//! Invariant: a size survives its text exactly. It knows no fractions: `1536 KiB`, not `1.5 MiB`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(u64);

/// Why a text is not a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a size is a whole number with a unit (B, KiB, MiB, GiB, TiB, kB, MB, GB, TB), such as \"64 KiB\"")]
pub struct SizeError;

/// Largest unit first, so that the first exact one is the shortest text.
const BINARY: [(&str, u64); 5] =
    [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];
const DECIMAL: [(&str, u64); 4] =
    [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];

impl ByteSize {
    pub const fn bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    pub const fn kib(count: u64) -> Self {
        Self(count << 10)
    }

    pub const fn mib(count: u64) -> Self {
        Self(count << 20)
    }

    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// As a length in memory; what a machine cannot address is capped.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for ByteSize {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit = unit.trim_start();
        let (_, factor) = BINARY
            .iter()
            .chain(&DECIMAL)
            .find(|(name, _)| name.eq_ignore_ascii_case(unit))
            .ok_or(SizeError)?;
        let count: u64 = number.parse().map_err(|_| SizeError)?;
        count.checked_mul(*factor).map(Self).ok_or(SizeError)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = |(_, factor): &&(&str, u64)| self.0 != 0 && self.0.is_multiple_of(*factor);
        let (unit, factor) = BINARY.iter().find(exact).unwrap_or(&("B", 1));
        write!(out, "{} {unit}", self.0 / factor)
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)
            .map_err(|_| serde::de::Error::custom(SizeError))?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_with_its_unit() {
        let check = |text: &str, bytes: u64| assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        check("0 B", 0);
        check("64 KiB", 65_536);
        check("64KiB", 65_536);
        check("64 kib", 65_536);
        check("3 MB", 3_000_000);
        check("2 TiB", 2 << 40);
        for text in ["", "64", "KiB", "1.5 MiB", "-1 B", "1 XB", "99999999 TiB", "18446744073709551616 B"] {
            assert_eq!(text.parse::<ByteSize>(), Err(SizeError), "{text}");
        }
    }

    #[test]
    fn a_size_survives_its_text() {
        for (bytes, text) in
            [(0, "0 B"), (1, "1 B"), (1536, "1536 B"), (1 << 20, "1 MiB"), (3 << 40, "3 TiB")]
        {
            assert_eq!(ByteSize(bytes).to_string(), text);
            assert_eq!(text.parse(), Ok(ByteSize(bytes)));
        }
    }
}
