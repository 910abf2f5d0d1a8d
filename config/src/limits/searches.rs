//! Limits of the searches that are kept: the history of each person, and those that are saved under a name.
//!
//! Invariant: what a tenant can have kept is bounded in number and size. It does not bound what a search may cost.

use serde::{Deserialize, Serialize};

use crate::Rule;
use crate::size::ByteSize;

/// What kept searches may cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchesLimits {
    /// Size of a question with its filters; a longer one is answered and not kept.
    pub question_bytes_max: ByteSize,
    /// Searches that are being written into histories, all together; further ones are not kept.
    pub remembering_max: u32,
    /// Saved searches of one tenant.
    pub saved_per_tenant_max: u32,
    /// Size of the description of a saved search.
    pub description_bytes_max: u32,
    /// Columns of a saved search.
    pub columns_max: u32,
    /// Size of the name of a column.
    pub column_bytes_max: u32,
}

impl SearchesLimits {
    pub(crate) fn rules(&self) -> Vec<Rule> {
        vec![
            (
                ByteSize::kib(1) <= self.question_bytes_max && self.question_bytes_max <= ByteSize::kib(64),
                "limits.searches.question_bytes_max",
                "from 1 KiB to 64 KiB",
            ),
            (
                (1..=10_000).contains(&self.remembering_max),
                "limits.searches.remembering_max",
                "from 1 to 10000",
            ),
            (
                self.saved_per_tenant_max <= 10_000,
                "limits.searches.saved_per_tenant_max",
                "at most 10000, because they are listed together",
            ),
            (self.description_bytes_max <= 65_536, "limits.searches.description_bytes_max", "at most 65536"),
            (self.columns_max <= 1_000, "limits.searches.columns_max", "at most 1000"),
            (
                (1..=1_024).contains(&self.column_bytes_max),
                "limits.searches.column_bytes_max",
                "from 1 to 1024",
            ),
        ]
    }
}

impl Default for SearchesLimits {
    fn default() -> Self {
        Self {
            question_bytes_max: ByteSize::kib(4),
            remembering_max: 16,
            saved_per_tenant_max: 1_000,
            description_bytes_max: 1_000,
            columns_max: 50,
            column_bytes_max: 256,
        }
    }
}
