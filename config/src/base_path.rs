//! The path that all addresses of the server begin with: `/logs`, or nothing.
//!
//! Invariant: it begins with a slash and ends without one, or it is empty; no part of it means "here" or "above". It moves
//! no request.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BasePath(String);

/// Why a text is not such a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "it begins with a slash and has letters, digits and - _ . ~ between slashes, such as \"/logs\", or is empty"
)]
pub struct BasePathError;

impl BasePath {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BasePath {
    type Err = BasePathError;

    fn from_str(text: &str) -> Result<Self, BasePathError> {
        let path = text.strip_suffix('/').unwrap_or(text);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        let is_part = |part: &str| !["", ".", ".."].contains(&part) && part.bytes().all(allowed);
        let is_path = path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_part));
        match path.is_empty() || is_path {
            true => Ok(Self(path.to_owned())),
            false => Err(BasePathError),
        }
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Serialize for BasePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BasePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_begins_with_a_slash_and_ends_without_one() {
        let check =
            |text: &str, expected: &str| assert_eq!(text.parse::<BasePath>().unwrap().as_str(), expected);
        check("", "");
        check("/", "");
        check("/logs", "/logs");
        check("/tools/logs-1/", "/tools/logs-1");
        for text in ["logs", "//", "/a//b", "/a/../b", "/.", "/a b", "/a?b", "/%41", "/{a}"] {
            assert_eq!(text.parse::<BasePath>(), Err(BasePathError), "{text}");
        }
    }
}
