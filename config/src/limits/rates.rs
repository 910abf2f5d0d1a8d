//! Limits on how often somebody may ask in an hour.
//!
//! Invariant: requests that bring lines, sockets and what probes ask are never counted here: quotas, bounds of sockets and
//! nothing hold those. It does not bound what a tenant may ask in all: that is the tenant's own limit.

use serde::{Deserialize, Serialize};

use crate::Rule;

/// Requests of an hour, by who asks. 0: as many as they like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimits {
    /// Of one address, without a credential that counts.
    pub anonymous_per_hour: u32,
    /// Of one person, from wherever.
    pub user_per_hour: u32,
    /// Of one API key.
    pub key_per_hour: u32,
    /// Addresses, people and keys that are counted at once; those that have asked least lately are forgotten first.
    pub callers_max: u32,
}

impl RateLimits {
    pub(crate) fn rules(&self) -> Vec<Rule> {
        vec![(
            (1_000..=10_000_000).contains(&self.callers_max),
            "limits.rates.callers_max",
            "from 1000 to 10000000",
        )]
    }
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            anonymous_per_hour: 1_000_000,
            user_per_hour: 10_000_000,
            key_per_hour: 10_000_000,
            callers_max: 100_000,
        }
    }
}
