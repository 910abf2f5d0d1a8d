//! The kinds of servers that cluster mode runs on, and how somebody wants them.
//!
//! Invariant: a name stands for one kind, in commands, files and folders alike.
//! It does not know how a kind is installed or started: `install.rs` and `launch.rs` do.

use std::fmt;
use std::str::FromStr;

use anyhow::bail;
use serde::{Deserialize, Serialize};

/// A server that cluster mode needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Nats,
    Elasticsearch,
    OpenSearch,
    /// What speaks the protocol of MongoDB.
    Mongo,
    Redis,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Nats, Self::Elasticsearch, Self::OpenSearch, Self::Mongo, Self::Redis];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Nats => "nats",
            Self::Elasticsearch => "elasticsearch",
            Self::OpenSearch => "opensearch",
            Self::Mongo => "mongo",
            Self::Redis => "redis",
        }
    }

    /// What stands before the address where a client is told where to connect.
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::Nats => "nats",
            Self::Elasticsearch | Self::OpenSearch => "http",
            Self::Mongo => "mongodb",
            Self::Redis => "redis",
        }
    }

    /// Whether it is a program in Java, with a heap, that refuses to run as root.
    pub const fn is_search(self) -> bool {
        matches!(self, Self::Elasticsearch | Self::OpenSearch)
    }

    /// Whether `up --secure` gives it a user: the others' builds know no passwords.
    pub const fn knows_passwords(self) -> bool {
        matches!(self, Self::Nats | Self::Elasticsearch | Self::Redis)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

impl FromStr for Kind {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        match Self::ALL.into_iter().find(|kind| kind.name() == text) {
            Some(kind) => Ok(kind),
            None => bail!("there is no server {text:?}; there is: {}", Self::ALL.map(Self::name).join(", ")),
        }
    }
}

/// How the servers should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wishes {
    /// Three NATS servers that form a cluster, in place of one.
    pub nats_cluster: bool,
    /// A user with a drawn password, where the build knows passwords.
    pub is_secure: bool,
    /// Half the heap for what has one.
    pub is_small: bool,
    pub elasticsearch_version: String,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            nats_cluster: false,
            is_secure: false,
            is_small: false,
            elasticsearch_version: String::from("9.1.0"),
        }
    }
}

/// Who may use a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    pub name: String,
    pub password: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_as_it_is_written() {
        for kind in Kind::ALL {
            assert_eq!(kind.to_string().parse::<Kind>().unwrap(), kind);
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("{:?}", kind.name()));
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = "kafka".parse::<Kind>().unwrap_err().to_string();
        let names = "nats, elasticsearch, opensearch, mongo, redis";
        assert_eq!(error, format!("there is no server \"kafka\"; there is: {names}"));
        assert!("Nats".parse::<Kind>().is_err());
    }
}
