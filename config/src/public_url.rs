//! Where people reach the server: `https://logs.example.org`, or nothing.
//!
//! Invariant: it is a scheme and a host, perhaps a port, and no path: that is `server.base_path`. It resolves no name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::web_origin::WebOrigin;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicUrl(String);

/// Why a text is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is SCHEME://HOST without a path, such as \"https://logs.example.org\", or is empty")]
pub struct PublicUrlError;

impl PublicUrl {
    pub fn is_set(&self) -> bool {
        !self.0.is_empty()
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let is_origin = text.parse::<WebOrigin>().is_ok_and(|origin| !origin.is_any());
        match text.is_empty() || is_origin {
            true => Ok(Self(text.to_owned())),
            false => Err(PublicUrlError),
        }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Serialize for PublicUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_a_host_and_no_path() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                text.parse::<PublicUrl>().ok().map(|url| url.to_string()).as_deref(),
                expected,
                "{text}"
            );
        };
        check("", Some(""));
        check("https://logs.example.org/", Some("https://logs.example.org"));
        check("http://127.0.0.1:8000", Some("http://127.0.0.1:8000"));
        for wrong in ["*", "logs.example.org", "https://a/b", "javascript:x", "https://a\r\nb"] {
            check(wrong, None);
        }
    }
}
