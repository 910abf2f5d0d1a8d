//! What a person says of itself and prefers.
//!
//! Invariant: a value that was parsed is within the limits of its time, and no text can leave its line in a mail but a
//! bio, which is no line. It gives no rights and proves nothing: nobody has looked whether it is true.

use std::fmt;
use std::str::FromStr;

use antler_config::limits::AccountLimits;
use serde::{Deserialize, Serialize};

pub use super::wire::{AlertThresholdV1 as AlertThreshold, ThemeV1 as Theme};
use crate::identity::{IdentityError, check_characters, check_length};

macro_rules! text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name(Box<str>);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

text!(
    /// A text of some lines.
    Prose
);
text!(
    /// Where a picture is.
    WebAddress
);
text!(
    /// A time zone as the IANA calls it, such as `Europe/Lisbon`. Whether there is one is not known here.
    TimeZone
);

impl Prose {
    pub fn parse(text: &str, limits: &AccountLimits) -> Result<Self, IdentityError> {
        let text = text.trim();
        check_length("text", text, limits.prose_bytes_max)?;
        check_characters("text", text, |character| !character.is_control() || "\n\r\t".contains(character))?;
        Ok(Self(text.into()))
    }
}

impl WebAddress {
    pub fn parse(text: &str, limits: &AccountLimits) -> Result<Self, IdentityError> {
        let text = text.trim();
        check_length("address", text, limits.web_address_bytes_max)?;
        check_characters("address", text, |character| character.is_ascii_graphic() && character != '"')?;
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        match host.is_some_and(|host| host.starts_with(|first: char| first.is_ascii_alphanumeric())) {
            true => Ok(Self(text.into())),
            false => Err(IdentityError::WebAddressForm),
        }
    }
}

impl TimeZone {
    /// The longest name of the IANA has 32 bytes.
    const BYTES_MAX: u16 = 64;

    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        check_length("time zone", text, Self::BYTES_MAX)?;
        let is_part = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_alphabetic())
                && part
                    .chars()
                    .all(|character| character.is_ascii_alphanumeric() || "_+-".contains(character))
        };
        match text.split('/').all(is_part) && text.split('/').count() <= 3 {
            true => Ok(Self(text.into())),
            false => Err(IdentityError::TimeZoneForm),
        }
    }
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl AlertThreshold {
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl FromStr for Theme {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let found = Self::ALL.into_iter().find(|theme| theme.as_str() == text);
        found.ok_or(IdentityError::NoneOf { choices: "system, light, dark" })
    }
}

impl FromStr for AlertThreshold {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        let found = Self::ALL.into_iter().find(|threshold| threshold.as_str() == text);
        found.ok_or(IdentityError::NoneOf { choices: "low, medium, high, critical" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<T: fmt::Display>(parsed: Result<T, IdentityError>) -> String {
        parsed.map_or_else(|error| error.to_string(), |value| value.to_string())
    }

    #[test]
    fn a_time_zone_looks_like_one_of_the_iana() {
        let check = |text: &str, expected: &str| assert_eq!(shown(TimeZone::parse(text)), expected);
        for good in ["UTC", "Europe/Lisbon", "America/Argentina/Buenos_Aires", "Etc/GMT+3"] {
            check(good, good);
        }
        check("", "the time zone is empty");
        for wrong in ["+03:00", "Europe/", "Europe Lisbon", "a/b/c/d", "Europe/../etc", "\u{415}urope"] {
            check(wrong, "the time zone has not the form of one, such as Europe/Lisbon or UTC");
        }
    }

    #[test]
    fn the_address_of_a_picture_is_one_of_the_web() {
        let limits = AccountLimits::default();
        let check =
            |text: &str, expected: &str| assert_eq!(shown(WebAddress::parse(text, &limits)), expected);
        check("https://example.org/a.png?s=1", "https://example.org/a.png?s=1");
        for wrong in ["javascript:alert(1)", "data:image/png;base64,AA", "//example.org", "https://", "a"] {
            check(wrong, "the address does not begin with https:// or http:// and a host");
        }
        check("https://a\r\nb", "the address cannot have '\\r' at byte 9");
    }

    #[test]
    fn a_bio_may_have_lines_and_is_bounded() {
        let limits = AccountLimits::default();
        let check = |text: &str, expected: &str| assert_eq!(shown(Prose::parse(text, &limits)), expected);
        check(" one\ntwo ", "one\ntwo");
        check("a\u{1b}b", "the text cannot have '\\u{1b}' at byte 1");
        check(&"x".repeat(2_001), "the text has 2001 bytes, more than 2000");
    }

    #[test]
    fn themes_and_thresholds_survive_their_text() {
        Theme::ALL.into_iter().for_each(|theme| assert_eq!(theme.as_str().parse(), Ok(theme)));
        AlertThreshold::ALL.into_iter().for_each(|known| assert_eq!(known.as_str().parse(), Ok(known)));
        let refused = "neon".parse::<Theme>().unwrap_err().to_string();
        assert_eq!(refused, "it has to be one of system, light, dark");
    }
}
