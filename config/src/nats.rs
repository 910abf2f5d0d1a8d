//! The section `nats`: the server of the event log, if the log lies there.
//!
//! Invariant: values that pass the rules are whole: a password has a user, a prefix means nothing to the server.
//! It connects to nothing.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Rule;
use crate::secret::Secret;

/// A partition costs each node two tasks, and the server a stream.
const PARTITIONS_MAX: u16 = 256;
const PREFIX_BYTES_MAX: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nats {
    /// Addresses, with commas between them.
    pub servers: String,
    /// Empty: the server asks for no login.
    pub user: String,
    pub password: Secret,
    /// A file of PEM with authorities that are trusted beside those of the system.
    pub authorities: PathBuf,
    pub prefix: String,
    /// Fixed when the log is made.
    pub partitions: u16,
    pub replicas: u8,
    #[serde(with = "crate::duration")]
    pub timeout: Duration,
}

impl Nats {
    pub(crate) fn rules(&self) -> Vec<Rule> {
        let in_prefix = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let lengths = 1..=PREFIX_BYTES_MAX;
        vec![
            (!self.servers.trim().is_empty(), "nats.servers", "an address such as \"nats://127.0.0.1:4222\""),
            (
                !self.user.is_empty() || !self.password.is_set(),
                "nats.user",
                "the name that nats.password belongs to",
            ),
            (
                lengths.contains(&self.prefix.len()) && self.prefix.bytes().all(in_prefix),
                "nats.prefix",
                "1 to 32 of the characters a-z, 0-9 and -",
            ),
            ((1..=PARTITIONS_MAX).contains(&self.partitions), "nats.partitions", "from 1 to 256"),
            ((1..=5).contains(&self.replicas), "nats.replicas", "from 1 to 5, and 3 on three servers"),
            (
                (Duration::from_millis(100)..=Duration::from_secs(60)).contains(&self.timeout),
                "nats.timeout",
                "from 100 ms to 60 s",
            ),
        ]
    }
}

impl Default for Nats {
    fn default() -> Self {
        Self {
            servers: "nats://127.0.0.1:4222".to_owned(),
            user: String::new(),
            password: Secret::default(),
            authorities: PathBuf::new(),
            prefix: "antler".to_owned(),
            partitions: 16,
            replicas: 1,
            timeout: Duration::from_secs(3),
        }
    }
}
