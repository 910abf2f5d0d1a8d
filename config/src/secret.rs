//! A setting that must not be shown.
//!
//! Invariant: no format, debug or serialised form holds the value; only `reveal` does.
//! It does not protect memory: a core dump has the value.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What stands for a secret wherever it would be shown.
pub const MASK: &str = "***";

/// Ends of the names of secret settings, so that messages can leave their values out before they have a type.
const NAME_ENDS: [&str; 5] = ["_token", "_secret", "_password", ".password", "_key"];

/// A secret text; empty means that none is set.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: String) -> Self {
        Self(value)
    }

    pub fn is_set(&self) -> bool {
        !self.0.is_empty()
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Whether the setting of this name is a secret.
pub(crate) fn is_secret(key: &str) -> bool {
    NAME_ENDS.iter().any(|end| key.ends_with(end))
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Secret({})", if self.is_set() { MASK } else { "" })
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.is_set() { MASK } else { "" })
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)
            .map_err(|_| serde::de::Error::custom("a secret is text in quotes"))?
        {
            value if value == MASK => {
                Err(serde::de::Error::custom("this is the mask of a printed secret; give the secret itself"))
            }
            value => Ok(Self(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_only_whether_it_is_set() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret:?} {:?}", Secret::default()), "Secret(***) Secret()");
        assert_eq!(toml::Value::try_from(&secret).unwrap().as_str(), Some(MASK));
        assert_eq!(secret.reveal(), "hunter2");
    }
}
