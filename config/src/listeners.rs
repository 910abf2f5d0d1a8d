//! The section `listeners`: where Antler listens.
//!
//! Invariant: every default is an address of this machine only. It does not open anything.

use serde::{Deserialize, Serialize};

use crate::address::ListenAddress;
use crate::secret::Secret;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listeners {
    pub http: ListenAddress,
    /// What `/metrics` asks for as a bearer token, if it is set.
    pub metrics_token: Secret,
}

impl Default for Listeners {
    fn default() -> Self {
        Self { http: "127.0.0.1:8000".parse().expect("a host and a port"), metrics_token: Secret::default() }
    }
}
