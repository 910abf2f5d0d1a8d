//! What happened in a tenant and changed nothing else that has a history: failed logins, and deeds that are noted.
//!
//! Invariant: failed logins of an account are told together, so that guessing does not fill the log. It keeps no state and
//! decides nothing: whoever saw it happen records it.

pub mod wire;

pub use wire::{DeedNotedV1 as DeedNoted, DeedV1 as Deed, LoginsFailedV1 as LoginsFailed};

/// Longest text by which a deed names what it was done to; a longer one is cut.
pub const OBJECT_BYTES_MAX: usize = 1_024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditEvent {
    LoginsFailed(LoginsFailed),
    DeedNoted(DeedNoted),
}

impl DeedNoted {
    pub fn new(deed: Deed, object: &str, count: u64) -> Self {
        Self { deed, object: object[..object.floor_char_boundary(OBJECT_BYTES_MAX)].to_owned(), count }
    }
}

impl Deed {
    /// In the past tense, as the names of events are.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Searched => "lines_searched",
            Self::Exported => "lines_exported",
            Self::Downloaded => "file_downloaded",
            Self::MembersRead => "members_read",
            Self::LettersRead => "dead_letters_read",
            Self::AuditRead => "audit_read",
            Self::LettersDropped => "dead_letters_dropped",
            Self::LetterReplayed => "dead_letter_replayed",
            Self::TenantRevived => "tenant_revived",
            Self::TenantExportAsked => "tenant_export_asked",
            Self::TenantExportRemoved => "tenant_export_removed",
            Self::TenantImportAsked => "tenant_import_asked",
            Self::JobCancelled => "job_cancelled",
            Self::JobRetried => "job_retried",
            Self::QuotaWarned => "quota_warned",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_object_is_cut_between_characters() {
        let noted = |object: &str| DeedNoted::new(Deed::Searched, object, 1).object;
        assert_eq!(noted("/api/logs/search/?q=x"), "/api/logs/search/?q=x");
        assert_eq!(noted(&"ä".repeat(OBJECT_BYTES_MAX)).len(), OBJECT_BYTES_MAX);
        assert_eq!(noted(&format!("a{}", "ä".repeat(OBJECT_BYTES_MAX))).len(), OBJECT_BYTES_MAX - 1);
    }
}
