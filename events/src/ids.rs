//! Names of things: tenants, users, keys, rules, partitions, offsets.
//!
//! Invariant: an id that exists is well-formed, because it can only be built by parsing.
//! It does not make new ids: whoever needs a fresh one draws it from its source of randomness.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest textual id in bytes: room for a UUID, small enough to be copied freely.
pub const NAME_BYTES_MAX: usize = 39;

/// Longest id of a request.
pub const REQUEST_ID_BYTES_MAX: usize = 64;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("{kind} is empty")]
    Empty { kind: &'static str },
    #[error("{kind} has {length} bytes, more than {max}")]
    TooLong { kind: &'static str, length: usize, max: usize },
    #[error("{kind} has a character other than {allowed} at byte {at}")]
    BadCharacter { kind: &'static str, allowed: &'static str, at: usize },
    #[error("{kind} is not a number: {text:?}")]
    NotANumber { kind: &'static str, text: String },
}

/// A short name held in place: lower-case letters, digits, `-` and `_`, so that it can stand
/// in a subject, a path and an address without escaping.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Name<const MAX: usize> {
    bytes: [u8; MAX],
    length: u8,
}

/// Which bytes a name may have, and how that is said.
type Alphabet = (fn(u8) -> bool, &'static str);

const LOWER_CASE: Alphabet = (is_lower_case, "a-z, 0-9, '-' and '_'");
const ANY_CASE: Alphabet = (is_any_case, "A-Z, a-z, 0-9, '-', '_' and '.'");

fn is_lower_case(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte)
}

fn is_any_case(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)
}

impl<const MAX: usize> Name<MAX> {
    fn parse(kind: &'static str, (is_allowed, allowed): Alphabet, text: &str) -> Result<Self, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty { kind });
        }
        if text.len() > MAX {
            return Err(IdError::TooLong { kind, length: text.len(), max: MAX });
        }
        if let Some(at) = text.bytes().position(|byte| !is_allowed(byte)) {
            return Err(IdError::BadCharacter { kind, allowed, at });
        }
        let mut bytes = [0; MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { bytes, length: text.len() as u8 })
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).expect("only ASCII passes parse")
    }
}

macro_rules! name_id {
    ($(#[$doc:meta])* $id:ident, $kind:literal) => {
        name_id!($(#[$doc])* $id, $kind, NAME_BYTES_MAX, LOWER_CASE);
    };
    ($(#[$doc:meta])* $id:ident, $kind:literal, $max:expr, $alphabet:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $id(Name<{ $max }>);

        impl $id {
            pub fn parse(text: &str) -> Result<Self, IdError> {
                Name::parse($kind, $alphabet, text).map(Self)
            }

            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl AsRef<str> for $id {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl FromStr for $id {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "{}({})", stringify!($id), self.as_str())
            }
        }

        impl Serialize for $id {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

name_id!(
    /// Whose data it is. Every function that touches tenant data takes it first.
    TenantId,
    "tenant id"
);
name_id!(
    /// A person or service account.
    UserId,
    "user id"
);
name_id!(
    /// An API key; not its secret.
    KeyId,
    "key id"
);
name_id!(
    /// A login.
    SessionId,
    "session id"
);
name_id!(
    /// What stands for a username or an e-mail address: see `event/name.rs`.
    NameKey,
    "name key"
);
name_id!(
    /// A saved search.
    SearchId,
    "search id"
);
name_id!(
    /// An uploaded file.
    UploadId,
    "upload id"
);
name_id!(
    /// An archive of a tenant, made here or brought here.
    ArchiveId,
    "archive id"
);
name_id!(
    /// A mail of the platform.
    MailId,
    "mail id"
);
name_id!(
    /// An alert rule.
    RuleId,
    "rule id"
);
name_id!(
    /// One request from outside, so that its answer, its log messages and its events can be matched. Whoever asks may
    /// choose it, so it is as wide as such ids are elsewhere.
    RequestId,
    "request id",
    REQUEST_ID_BYTES_MAX,
    ANY_CASE
);

/// One chain of the event log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PartitionId(u16);

impl PartitionId {
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for PartitionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for PartitionId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let number = text
            .parse()
            .map_err(|_| IdError::NotANumber { kind: "partition", text: text.chars().take(40).collect() })?;
        Ok(Self(number))
    }
}

/// Where an event stands in its partition. The first event has offset 1, so that 0 can mean
/// "before everything".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Offset(u64);

impl Offset {
    /// Before everything: what an aggregate without events expects.
    pub const ZERO: Self = Self(0);
    pub const FIRST: Self = Self(1);

    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    pub const fn number(self) -> u64 {
        self.0
    }

    /// Behind everything.
    pub const MAX: Self = Self(u64::MAX);

    /// The offset of the event before; `ZERO` has none.
    pub const fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// The offset `count` events later.
    pub const fn plus(self, count: u64) -> Self {
        Self(self.0 + count)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_what_was_parsed() {
        let id = TenantId::parse("acme-7_x").unwrap();
        assert_eq!(id.as_str(), "acme-7_x");
        assert_eq!(format!("{id} {id:?}"), "acme-7_x TenantId(acme-7_x)");
    }

    #[test]
    fn a_bad_id_is_refused_with_the_place() {
        let check = |text: &str, message: &str| {
            assert_eq!(TenantId::parse(text).unwrap_err().to_string(), message);
        };
        check("", "tenant id is empty");
        check("a.b", "tenant id has a character other than a-z, 0-9, '-' and '_' at byte 1");
        check("Acme", "tenant id has a character other than a-z, 0-9, '-' and '_' at byte 0");
        check(&"x".repeat(40), "tenant id has 40 bytes, more than 39");
        assert!(RequestId::parse(&format!("Req.7_{}", "x".repeat(58))).is_ok());
        let error = RequestId::parse("a/b").unwrap_err().to_string();
        assert_eq!(error, "request id has a character other than A-Z, a-z, 0-9, '-', '_' and '.' at byte 1");
        assert!("12".parse::<PartitionId>().is_ok());
        assert_eq!("x".parse::<PartitionId>().unwrap_err().to_string(), "partition is not a number: \"x\"");
    }
}
