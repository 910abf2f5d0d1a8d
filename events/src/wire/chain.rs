//! The hash chain: each event of a tenant names the hash of the one before it.
//!
//! Control events and line events of a tenant form a chain each, because line events are removed
//! one day and the control chain must still prove itself from its first event.
//! Invariant: changing, removing or reordering an event breaks the chain at that place.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::TenantId;
use crate::subject::Subject;

/// BLAKE3 of an event: of its envelope, which holds the previous hash, and of its body.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ChainHash([u8; 32]);

/// Why a text is not a hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("hash {text:?} is not 64 hexadecimal digits")]
pub struct HashError {
    text: String,
}

impl ChainHash {
    /// What the first event of a chain names as the one before it.
    pub const START: Self = Self([0; 32]);

    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub fn of_body(stored: &[u8]) -> Self {
        Self(*blake3::hash(stored).as_bytes())
    }

    /// The hash of an event from its encoded envelope and the hash of its stored body.
    pub fn of_event(envelope: &[u8], body: &Self) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(envelope);
        hasher.update(&body.0);
        Self(*hasher.finalize().as_bytes())
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for ChainHash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        let fail = || HashError { text: text.chars().take(80).collect() };
        let digit = |byte: u8| char::from(byte).to_digit(16).ok_or_else(fail);
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(fail()) };
        if pairs.len() != 32 {
            return Err(fail());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(pairs) {
            *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for ChainHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for ChainHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return <[u8; 32]>::deserialize(deserializer).map(Self);
        }
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Which chain an event belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId {
    pub tenant: TenantId,
    pub control: bool,
}

impl From<Subject> for ChainId {
    fn from(subject: Subject) -> Self {
        Self { tenant: subject.tenant, control: subject.kind.is_control() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_survives_its_text() {
        let hash = ChainHash::of_body(b"abc");
        assert_eq!(hash.to_string().parse::<ChainHash>().unwrap(), hash);
        assert_eq!(
            "xyz".parse::<ChainHash>().unwrap_err().to_string(),
            "hash \"xyz\" is not 64 hexadecimal digits"
        );
    }
}
