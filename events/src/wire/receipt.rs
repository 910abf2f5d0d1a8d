//! The receipt: what a sender is told about lines that are on stable storage.
//!
//! Invariant: a receipt can be checked against the log later, by offset and hash.
//! It does not name the lines: line `n` of the receipt is row `n` of its event.

use serde::{Deserialize, Serialize};

use super::ChainHash;
use crate::ids::{Offset, PartitionId};

/// Proof of an append.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    pub partition: PartitionId,
    /// Offset of the first event.
    pub first: Offset,
    /// Offset of the last event.
    pub last: Offset,
    /// Lines in these events.
    pub count: u64,
    /// Hash of the last event.
    pub hash: ChainHash,
}
