//! The section `listeners`: where Antler listens, and whose lines it takes there without a credential.
//!
//! Invariant: every default is an address of this machine only, and no default takes lines of somebody unknown. It does
//! not open anything.

use serde::{Deserialize, Serialize};

use crate::Rule;
use crate::address::{ListenAddress, OptionalAddress};
use crate::secret::Secret;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listeners {
    pub http: ListenAddress,
    /// What `/metrics` asks for as a bearer token, if it is set.
    pub metrics_token: Secret,
    /// `/metrics` names the tenants with most bytes under way, too.
    pub metrics_tenants: bool,
    /// What an operator sends to see and do what concerns all tenants; empty: nobody can.
    pub operator_token: Secret,
    /// Browsers reach this server through a proxy that speaks HTTPS, and are told to stay with it.
    pub https_in_front: bool,
    /// A JSON object or plain line per line.
    pub tcp: OptionalAddress,
    /// Whose lines those without a token are, by id; empty: they are refused.
    pub tcp_tenant: String,
    pub udp: OptionalAddress,
    pub udp_tenant: String,
    /// Lines over HTTP, posted to any path.
    pub http_json: OptionalAddress,
    pub http_json_tenant: String,
    /// Syslog over TCP and UDP.
    pub syslog: OptionalAddress,
    pub syslog_tenant: String,
}

impl Listeners {
    pub(crate) fn rules(&self) -> Vec<Rule> {
        let token = self.operator_token.reveal();
        vec![(
            token.is_empty() || token.len() >= OPERATOR_TOKEN_BYTES_MIN,
            "listeners.operator_token",
            "at least 16 characters, or empty",
        )]
    }
}

/// Who has it may see and do what concerns all tenants, so it cannot be guessed.
const OPERATOR_TOKEN_BYTES_MIN: usize = 16;

impl Default for Listeners {
    fn default() -> Self {
        let local = |address: &str| -> ListenAddress { address.parse().expect("a host and a port") };
        Self {
            http: local("127.0.0.1:8000"),
            metrics_token: Secret::default(),
            metrics_tenants: false,
            operator_token: Secret::default(),
            https_in_front: false,
            tcp: local("127.0.0.1:5000").into(),
            tcp_tenant: String::new(),
            udp: local("127.0.0.1:5000").into(),
            udp_tenant: String::new(),
            http_json: OptionalAddress::OFF,
            http_json_tenant: String::new(),
            syslog: local("127.0.0.1:5514").into(),
            syslog_tenant: String::new(),
        }
    }
}
