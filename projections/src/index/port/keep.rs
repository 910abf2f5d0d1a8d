//! Keeping an index: what retention did, what there is, and whether it is whole.
//!
//! Invariant: figures of a tenant count its own lines that can be found, and no others. It does not decide who
//! may see what.

use antler_events::clock::Timestamp;

use super::answer::Coverage;

/// What retention did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetainReport {
    /// Lines that are gone, and the space that is free.
    pub lines: u64,
    pub stored_bytes: u64,
    /// `upkeep` will remove more.
    pub is_upkeep_due: bool,
}

/// What a tenant has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantStatistics {
    pub lines: u64,
    /// Bytes of the lines as they came.
    pub raw_bytes: u64,
    /// Its share of what is stored, by its share of the lines' bytes; lines that are not stored yet have none.
    pub stored_bytes: u64,
    /// Time of the first and of the last line.
    pub earliest: Option<Timestamp>,
    pub latest: Option<Timestamp>,
    pub coverage: Coverage,
}

/// What an index holds. Lines that were erased count until they are gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexStatistics {
    pub lines: u64,
    pub raw_bytes: u64,
    pub stored_bytes: u64,
    /// Of lines that are not stored yet, and of what was read lately.
    pub memory_bytes: u64,
    /// Pieces that it consists of.
    pub parts: u64,
    /// Parts that are damaged and not searched, each with its reason.
    pub set_aside: Vec<String>,
    /// Tenants whose erased lines are not gone yet.
    pub erasing: u64,
}

/// What was proved, and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    pub parts: u64,
    pub lines: u64,
    pub raw_bytes: u64,
    pub stored_bytes: u64,
    /// Each names what is damaged.
    pub findings: Vec<String>,
}

impl Verification {
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }
}
