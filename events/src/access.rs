//! Who may do what: roles of members, scopes and stream patterns of API keys.
//!
//! Invariant: roles and scopes are stored by their position in their list, so the lists only grow at
//! their ends. It does not say which route needs which role: the gateway's router does.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use antler_config::limits::AccountLimits;
use serde::{Deserialize, Serialize};

/// Why a text is not a role, a scope or a stream pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    #[error("role {text:?} is none of viewer, analyst, developer, security-admin, admin, superadmin")]
    UnknownRole { text: String },
    #[error("scope {text:?} is none of ingest, read, write, admin, audit")]
    UnknownScope { text: String },
    #[error("the stream pattern is empty")]
    EmptyPattern,
    #[error("the stream pattern has {length} bytes, more than {max}")]
    LongPattern { length: usize, max: u16 },
    #[error(
        "stream pattern {text:?} has a character other than a-z, 0-9, '-', '_', '.' and '*' at byte {at}"
    )]
    PatternCharacter { text: String, at: usize },
    #[error("a key can have {max} stream patterns, not {count}")]
    TooManyPatterns { count: usize, max: u16 },
}

/// What a member may do in its tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    Viewer,
    Analyst,
    Developer,
    SecurityAdmin,
    Admin,
    /// Runs the platform, over all tenants. No tenant can grant it.
    Superadmin,
}

impl Role {
    pub const ALL: [Self; 6] =
        [Self::Viewer, Self::Analyst, Self::Developer, Self::SecurityAdmin, Self::Admin, Self::Superadmin];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Analyst => "analyst",
            Self::Developer => "developer",
            Self::SecurityAdmin => "security-admin",
            Self::Admin => "admin",
            Self::Superadmin => "superadmin",
        }
    }

    /// Can this role manage the tenant and its members? A tenant always has a member who can.
    pub const fn administers(self) -> bool {
        matches!(self, Self::Admin | Self::Superadmin)
    }
}

impl FromStr for Role {
    type Err = AccessError;

    fn from_str(text: &str) -> Result<Self, AccessError> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| AccessError::UnknownRole { text: shortened(text) })
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// What an API key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    Ingest,
    Read,
    Write,
    Admin,
    /// Reads what was done in the tenant. Who administers may, too.
    Audit,
}

impl Scope {
    pub const ALL: [Self; 5] = [Self::Ingest, Self::Read, Self::Write, Self::Admin, Self::Audit];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
            Self::Audit => "audit",
        }
    }
}

impl FromStr for Scope {
    type Err = AccessError;

    fn from_str(text: &str) -> Result<Self, AccessError> {
        let found = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        found.ok_or_else(|| AccessError::UnknownScope { text: shortened(text) })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Names of streams, where `*` stands for any run of characters: `logs-*-pt`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamPattern(Box<str>);

impl StreamPattern {
    pub fn parse(text: &str, limits: &AccountLimits) -> Result<Self, AccessError> {
        let max = limits.stream_pattern_bytes_max;
        match text.len() {
            0 => return Err(AccessError::EmptyPattern),
            length if length > usize::from(max) => return Err(AccessError::LongPattern { length, max }),
            _ => {}
        }
        let allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.*".contains(&byte);
        match text.bytes().position(|byte| !allowed(byte)) {
            Some(at) => Err(AccessError::PatternCharacter { text: shortened(text), at }),
            None => Ok(Self(text.into())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes the leftmost place for each piece between stars, so it never goes back.
    pub fn matches(&self, stream: &str) -> bool {
        let Some((first, others)) = self.0.split_once('*') else { return *self.0 == *stream };
        let Some(mut rest) = stream.strip_prefix(first) else { return false };
        let mut pieces = others.split('*');
        let last = pieces.next_back().unwrap_or_default();
        for piece in pieces {
            let Some(at) = rest.find(piece) else { return false };
            rest = &rest[at + piece.len()..];
        }
        rest.ends_with(last)
    }
}

/// The streams a key reaches; all of them if it names none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamPatterns(BTreeSet<StreamPattern>);

impl fmt::Display for StreamPatterns {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (before, pattern) in self.0.iter().enumerate() {
            write!(out, "{}{}", if before == 0 { "" } else { ", " }, pattern.as_str())?;
        }
        Ok(())
    }
}

impl StreamPatterns {
    pub fn parse<'a>(
        texts: impl IntoIterator<Item = &'a str>,
        limits: &AccountLimits,
    ) -> Result<Self, AccessError> {
        let patterns: BTreeSet<_> =
            texts.into_iter().map(|text| StreamPattern::parse(text, limits)).collect::<Result<_, _>>()?;
        let max = limits.streams_per_key_max;
        match patterns.len() {
            count if count > usize::from(max) => Err(AccessError::TooManyPatterns { count, max }),
            _ => Ok(Self(patterns)),
        }
    }

    /// It names none, or any.
    pub fn reach_all(&self) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| pattern.as_str() == "*")
    }

    pub fn reach(&self, stream: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| pattern.matches(stream))
    }

    pub fn iter(&self) -> impl Iterator<Item = &StreamPattern> {
        self.0.iter()
    }
}

/// Enough of a wrong text to recognise it.
fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec;

    #[test]
    fn roles_and_scopes_survive_their_text_and_keep_their_numbers() {
        for (number, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(role.to_string().parse(), Ok(role));
            assert_eq!(*codec::encode(&role).unwrap(), [number as u8]);
        }
        for (number, scope) in Scope::ALL.into_iter().enumerate() {
            assert_eq!(scope.to_string().parse(), Ok(scope));
            assert_eq!(*codec::encode(&scope).unwrap(), [number as u8]);
        }
        assert_eq!(codec::encode(&Role::SecurityAdmin).unwrap()[..], [3]);
        assert_eq!(
            "root".parse::<Role>().unwrap_err().to_string(),
            "role \"root\" is none of viewer, analyst, developer, security-admin, admin, superadmin"
        );
        assert!("Read".parse::<Scope>().is_err());
    }

    #[test]
    fn a_pattern_matches_whole_names() {
        let check = |pattern: &str, stream: &str, expected: bool| {
            let parsed = StreamPattern::parse(pattern, &AccountLimits::default()).unwrap();
            assert_eq!(parsed.matches(stream), expected, "{pattern} on {stream}");
        };
        check("logs-*-pt", "logs-nginx-pt", true);
        check("logs-*-pt", "logs--pt", true);
        check("logs-*-pt", "logs-pt", false);
        check("logs-*-pt", "logs-nginx-pt2", false);
        check("logs-*-pt", "my-logs-nginx-pt", false);
        check("*", "", true);
        check("logs", "logs", true);
        check("logs", "logs-a", false);
        check("a*b*c", "a-b-b-c", true);
        check("a*b*c", "acb", false);
        check("*aa*aa*", "aaa", false);
        check("*ab", "aab", true);
        check("a**b", "ab", true);
    }

    #[test]
    fn a_key_without_patterns_reaches_every_stream() {
        let limits = AccountLimits::default();
        assert!(StreamPatterns::default().reach("logs-nginx-pt"));
        let some = StreamPatterns::parse(["logs-a-*", "logs-b-*"], &limits).unwrap();
        assert!(some.reach("logs-b-pt") && !some.reach("logs-c-pt"));
    }

    #[test]
    fn a_wrong_pattern_is_refused_with_the_place() {
        let limits = AccountLimits { streams_per_key_max: 1, ..AccountLimits::default() };
        let check = |texts: &[&str], expected: &str| {
            let error = StreamPatterns::parse(texts.iter().copied(), &limits).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check(&[""], "the stream pattern is empty");
        check(
            &["logs/*"],
            "stream pattern \"logs/*\" has a character other than a-z, 0-9, '-', '_', '.' and '*' at byte 4",
        );
        check(&["a", "b"], "a key can have 1 stream patterns, not 2");
    }
}
