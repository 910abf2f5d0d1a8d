//! Limits of the searches that are kept: the history of each person.
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
        ]
    }
}

impl Default for SearchesLimits {
    fn default() -> Self {
        Self { question_bytes_max: ByteSize::kib(4), remembering_max: 16 }
    }
}
