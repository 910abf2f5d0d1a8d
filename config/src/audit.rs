//! The section `audit`: what is noted of those who only read.
//!
//! Invariant: what changes something is always in the audit; no setting leaves it out. It knows no route.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::List;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Reads of which each leaves an entry.
    pub reads: List<ReadKind>,
}

/// What somebody may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadKind {
    /// Lines, and what is counted of them, also by a socket.
    Search,
    Export,
    /// Uploaded files, and lines byte for byte.
    Download,
    Members,
    DeadLetters,
    Audit,
}

/// Why a text is no kind of read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is none of search, export, download, members, dead_letters, audit")]
pub struct ReadKindError;

impl ReadKind {
    pub const ALL: [Self; 6] =
        [Self::Search, Self::Export, Self::Download, Self::Members, Self::DeadLetters, Self::Audit];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Export => "export",
            Self::Download => "download",
            Self::Members => "members",
            Self::DeadLetters => "dead_letters",
            Self::Audit => "audit",
        }
    }
}

impl FromStr for ReadKind {
    type Err = ReadKindError;

    fn from_str(text: &str) -> Result<Self, ReadKindError> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(ReadKindError)
    }
}

impl fmt::Display for ReadKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_survives_its_text_and_another_text_is_told_what_there_is() {
        for kind in ReadKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        let error = toml::from_str::<Audit>("reads = [\"search\", \"logins\"]").unwrap_err().to_string();
        assert!(
            error.contains("\"logins\" cannot be one of its entries: it is none of search, export"),
            "{error}"
        );
    }
}
