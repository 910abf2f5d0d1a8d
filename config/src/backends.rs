//! The section `backends`: where each kind of data lies.
//!
//! Invariant: the default needs nothing but this program. It does not say how a server is reached: that has a section of
//! its own.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backends {
    pub log: LogBackend,
}

/// Where the event log lies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogBackend {
    /// In the data folder.
    #[default]
    Files,
    /// In JetStream.
    Nats,
}
