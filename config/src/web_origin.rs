//! The origin of a web page, as browsers send it: `https://status.example.org`.
//!
//! Invariant: it is a scheme and a host, perhaps a port, in small letters; nothing behind them. It fetches nothing.

use std::fmt;
use std::str::FromStr;

/// One origin, or `*`, which is any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebOrigin(String);

/// Why a text is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "an origin is SCHEME://HOST without a path, such as \"https://status.example.org\", or \"*\" for any"
)]
pub struct WebOriginError;

impl WebOrigin {
    pub fn is_any(&self) -> bool {
        self.0 == "*"
    }

    /// Whether a browser means it. Any is not named by anybody.
    pub fn is(&self, origin: &str) -> bool {
        self.0.eq_ignore_ascii_case(origin)
    }
}

impl FromStr for WebOrigin {
    type Err = WebOriginError;

    fn from_str(text: &str) -> Result<Self, WebOriginError> {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
        let is_site = host.is_some_and(|host| !host.is_empty() && host.bytes().all(allowed));
        match is_site || text == "*" {
            true => Ok(Self(text.to_ascii_lowercase())),
            false => Err(WebOriginError),
        }
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        for text in ["https://status.example.org", "http://localhost:3000", "http://[::1]:3000", "*"] {
            assert_eq!(text.parse::<WebOrigin>().unwrap().to_string(), text);
        }
        assert!("https://A.example".parse::<WebOrigin>().unwrap().is("https://a.EXAMPLE"));
        for text in
            ["", "status.example.org", "https://", "https://a/", "https://a b", "null", "ftp://a", "**"]
        {
            assert_eq!(text.parse::<WebOrigin>(), Err(WebOriginError), "{text}");
        }
    }
}
