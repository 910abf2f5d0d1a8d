//! Limits of the archives that tenants take with them, and bring.
//!
//! Invariant: what a tenant can have stored as archives is bounded in number and size. It does not enforce anything:
//! `gateway/src/archive` does.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Rule;
use crate::size::ByteSize;

/// What archives may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveLimits {
    /// Exports of one tenant that are kept, or being written.
    pub exports_per_tenant_max: u32,
    /// How long an export can be downloaded.
    #[serde(with = "crate::duration")]
    pub exports_kept_for: Duration,
    /// Bytes of one archive that is brought.
    pub import_bytes_max: ByteSize,
    /// Imports of one tenant that are remembered.
    pub imports_per_tenant_max: u32,
}

impl ArchiveLimits {
    pub(crate) fn rules(&self) -> Vec<Rule> {
        let (hour, year) = (Duration::from_secs(3_600), Duration::from_secs(366 * 86_400));
        vec![
            (
                (1..=1_000).contains(&self.exports_per_tenant_max),
                "limits.archives.exports_per_tenant_max",
                "from 1 to 1000",
            ),
            (
                (hour..=year).contains(&self.exports_kept_for),
                "limits.archives.exports_kept_for",
                "from 1 h to 366 d",
            ),
            (self.import_bytes_max >= ByteSize::mib(1), "limits.archives.import_bytes_max", "at least 1 MiB"),
            (
                (1..=10_000).contains(&self.imports_per_tenant_max),
                "limits.archives.imports_per_tenant_max",
                "from 1 to 10000",
            ),
        ]
    }
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self {
            exports_per_tenant_max: 3,
            exports_kept_for: Duration::from_secs(7 * 86_400),
            import_bytes_max: ByteSize::mib(10 << 10),
            imports_per_tenant_max: 1_000,
        }
    }
}
