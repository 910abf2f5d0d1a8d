//! The section `listeners`: where Antler listens, and whose lines it takes there without a credential.
//!
//! Invariant: every default is an address of this machine only, and no default takes lines of somebody unknown. It does
//! not open anything.

use serde::{Deserialize, Serialize};

use crate::address::{ListenAddress, OptionalAddress};
use crate::secret::Secret;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listeners {
    pub http: ListenAddress,
    /// What `/metrics` asks for as a bearer token, if it is set.
    pub metrics_token: Secret,
    /// A JSON object or plain line per line.
    pub tcp: OptionalAddress,
    /// Whose lines those without a token are, by id; empty: they are refused.
    pub tcp_tenant: String,
    pub udp: OptionalAddress,
    pub udp_tenant: String,
    /// Lines over HTTP, posted to any path.
    pub http_json: OptionalAddress,
    pub http_json_tenant: String,
}

impl Default for Listeners {
    fn default() -> Self {
        let local = |address: &str| -> ListenAddress { address.parse().expect("a host and a port") };
        Self {
            http: local("127.0.0.1:8000"),
            metrics_token: Secret::default(),
            tcp: local("127.0.0.1:5000").into(),
            tcp_tenant: String::new(),
            udp: local("127.0.0.1:5000").into(),
            udp_tenant: String::new(),
            http_json: OptionalAddress::OFF,
            http_json_tenant: String::new(),
        }
    }
}
