//! Deeds that change nothing with a history of its own, such as reads of what is sensitive: they are noted.
//!
//! Invariant: a deed that was noted is on stable storage and in the audit when that is answered. It does not decide
//! which deeds are noted: the gateway does.

use antler_events::event::audit::{AuditEvent, DeedNoted, LoginsFailed};
use antler_events::event::{Cause, ControlEvent};
use antler_events::ids::TenantId;
use antler_events::log::Append;

use super::{AccountError, Accounts};

impl Accounts {
    pub async fn note_deed(
        &self,
        tenant: TenantId,
        noted: DeedNoted,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        self.note(tenant, AuditEvent::DeedNoted(noted), cause).await
    }

    pub(crate) async fn note_failed_logins(
        &self,
        tenant: TenantId,
        failed: LoginsFailed,
        cause: &Cause,
    ) -> Result<(), AccountError> {
        self.note(tenant, AuditEvent::LoginsFailed(failed), cause).await
    }

    /// Nothing is expected of what came before, so no note ever has to be tried again because of another.
    async fn note(&self, tenant: TenantId, event: AuditEvent, cause: &Cause) -> Result<(), AccountError> {
        let events = self.record(tenant, cause, [ControlEvent::Audit(event)])?;
        let append = Append { events, expected: Vec::new() };
        match self.append(self.placement.home(tenant), append).await? {
            true => Ok(()),
            false => Err(AccountError::Contended),
        }
    }
}
