//! What a tenant may use, as its operator sets it.
//!
//! Invariant: limits that were set are at least 1. It counts nothing and refuses no line: quotas do.

use super::TenantRejection;

/// What a tenant may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TenantLimits {
    pub lines_per_day: u64,
    /// Of log lines as they came.
    pub bytes_per_day: u64,
    /// How long its lines are kept.
    pub retention_days: u32,
    /// Members and open invitations.
    pub seats: u32,
    /// Requests to the API but those that bring lines.
    pub calls_per_hour: u64,
    /// Names under which its lines are filed.
    pub streams_max: u64,
}

impl TenantLimits {
    /// Before the second event of the registration, which sets the limits.
    pub(super) const NOTHING: Self = Self {
        lines_per_day: 0,
        bytes_per_day: 0,
        retention_days: 0,
        seats: 0,
        calls_per_hour: 0,
        streams_max: 0,
    };

    pub(super) fn check(self) -> Result<(), TenantRejection> {
        let Self { lines_per_day, bytes_per_day, retention_days, seats, calls_per_hour, streams_max } = self;
        let named = [
            ("lines_per_day", lines_per_day),
            ("bytes_per_day", bytes_per_day),
            ("retention_days", retention_days.into()),
            ("seats", seats.into()),
            ("calls_per_hour", calls_per_hour),
            ("streams_max", streams_max),
        ];
        match named.iter().find(|(_, value)| *value == 0) {
            Some((name, _)) => Err(TenantRejection::ZeroLimit { name }),
            None => Ok(()),
        }
    }
}
